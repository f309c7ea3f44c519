//! A server for tests: each stream says in its first five bytes what is to become of
//! it, and everything that ends is reported.

use bytes::{Buf, Bytes, BytesMut};
use rill_protocol::Code;
use rill_server::{
    runtime::Tasks,
    transport::{Closed, Connection, Priority, RecvStream, SendStream, Serve, StreamError, TransportKind},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::{Mutex, mpsc};

/// The origin of the pages that may connect.
pub const HOME: &str = "https://chat.example";

/// What a client asks of a stream: a letter and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ask {
    /// Send everything back, then finish.
    Echo = b'E',
    /// Read to the end, then answer with count and checksum.
    Sum = b'S',
    /// Send the sequence of that many bytes, then finish.
    Make = b'M',
    /// Reset the sending half with that code; read on.
    Reset = b'R',
    /// Stop the receiving half with that code, then finish the sending half.
    Stop = b'T',
    /// Say `!`, write until it fails, and report how.
    Flood = b'F',
    /// Drop both halves.
    Drop = b'D',
    /// Say `!`, read until it ends, and report how.
    Hold = b'H',
    /// Say `!`, finish, then close the connection with that code.
    Close = b'C',
    /// Drop the whole connection.
    Leave = b'L',
}

/// What the server saw.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    Connected(TransportKind, SocketAddr),
    ReadEnded(Result<(), StreamError>),
    WriteEnded(StreamError),
    Closed(Closed),
}

/// The byte at `at` of a sequence that no shift of itself equals.
pub fn sequence(range: std::ops::Range<usize>) -> Bytes {
    range.map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

/// A checksum that notices order.
pub fn checksum(sum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)))
}

#[derive(Clone)]
pub struct Host {
    pub tasks: Tasks,
    events: mpsc::Sender<Event>,
}

/// The tests' view of a [`Host`].
pub struct Events(mpsc::Receiver<Event>);

impl Host {
    pub fn new() -> (Self, Events) {
        let (events, seen) = mpsc::channel(256);
        (Self { tasks: Tasks::default(), events }, Events(seen))
    }

    fn report(&self, event: Event) {
        self.events.try_send(event).expect("a test reads its events");
    }
}

impl Events {
    pub async fn next(&mut self) -> Event {
        crate::soon("the next event", self.0.recv()).await.expect("the host lives")
    }

    pub async fn connected(&mut self) -> (TransportKind, SocketAddr) {
        match self.next().await {
            Event::Connected(kind, peer) => (kind, peer),
            other => panic!("{other:?} instead of a connection"),
        }
    }

    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Event::Closed(closed) = self.next().await {
                return closed;
            }
        }
    }

    pub fn is_empty(&mut self) -> bool {
        self.0.try_recv().is_err()
    }
}

impl Serve for Host {
    async fn serve<C: Connection>(&self, connection: C) {
        self.report(Event::Connected(connection.kind(), connection.peer()));
        let connection = Arc::new(connection);
        let leave = Arc::new(Mutex::new(None));
        let echo = self.tasks.spawn(echo_datagrams(connection.clone()));
        let closed = loop {
            match connection.accept().await {
                Ok((send, recv)) => {
                    let stream = Stream { send, recv, connection: connection.clone(), host: self.clone() };
                    let task = self.tasks.spawn(stream.run());
                    if let Ok(true) = task_or_later(task).await {
                        break None;
                    }
                }
                Err(closed) => break Some(closed),
            }
        };
        drop(leave.lock().await.take().unwrap_or(()));
        match closed {
            Some(closed) => {
                assert_eq!(connection.closed().await, closed, "accept and closed agree");
                self.report(Event::Closed(closed));
            }
            None => echo.abort(),
        }
    }

    fn origin_allowed(&self, origin: Option<&str>) -> bool {
        origin.is_none_or(|origin| origin == HOME)
    }
}
