//! A server for tests: each stream says in its first five bytes what is to become of
//! it, and everything that ends is reported.

use axum::body::{Body, to_bytes};
use bytes::{Buf, Bytes, BytesMut};
use http::{Request, Response};
use rill_protocol::Code;
use rill_server::{
    runtime::Tasks,
    transport::{
        Answer, Closed, Connection, Priority, RecvStream, SendStream, Serve, StreamError, TransportKind, http3,
    },
};
use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{Notify, mpsc};

/// The origin of the pages that may connect.
pub(crate) const HOME: &str = "https://chat.example";

/// What a client asks of a stream: a letter and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ask {
    /// Send everything back, then finish.
    Echo = b'E',
    /// Read to the end, then answer with count and checksum.
    Sum = b'S',
    /// Send the sequence of that many bytes, then finish.
    Make = b'M',
    /// The same, and report when all was taken.
    Fill = b'I',
    /// Say `!`, read nothing until the test lets go, then do as for [`Ask::Sum`].
    Pause = b'P',
    /// Reset the sending half with that code; read on.
    Reset = b'R',
    /// Stop the receiving half with that code, then finish the sending half.
    Stop = b'T',
    /// Say `!`, write until it fails, and report how.
    Flood = b'F',
    /// Say `!`, and when the test lets go write a file without end.
    File = b'B',
    /// Drop both halves.
    Drop = b'D',
    /// Say `!`, read until it ends, and report how.
    Hold = b'H',
    /// Say `!`, then close the connection with that code.
    Close = b'C',
    /// Drop the whole connection.
    Leave = b'L',
}

/// What the server saw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Connected(TransportKind, SocketAddr),
    ReadEnded(Result<(), StreamError>),
    WriteEnded(StreamError),
    Written,
    Closed(Closed),
    /// A request of HTTP/3 has come that waits.
    Asked,
    /// It was let go.
    GivenUp,
}

/// The byte at `at` of a sequence that no shift of itself equals.
pub(crate) fn sequence(range: std::ops::Range<usize>) -> Bytes {
    range.map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

/// A checksum that notices order.
pub(crate) fn checksum(sum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)))
}

#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) tasks: Tasks,
    /// Lets requests for `/hold` and whatever else waits go.
    pub(crate) release: Arc<Notify>,
    pub(crate) files: Arc<FileWrites>,
    events: mpsc::Sender<Event>,
}

/// What became of the writes of all [`Ask::File`], and of requests for `/file`.
#[derive(Default)]
pub(crate) struct FileWrites {
    /// How often they were looked at.
    pub(crate) polls: AtomicU64,
    /// What was taken.
    pub(crate) bytes: AtomicU64,
}

/// The tests' view of a [`Host`].
pub(crate) struct Events(mpsc::Receiver<Event>);

impl Host {
    pub(crate) fn new() -> (Self, Events) {
        let (events, seen) = mpsc::channel(256);
        (Self { tasks: Tasks::default(), release: Arc::default(), files: Arc::default(), events }, Events(seen))
    }

    fn report(&self, event: Event) {
        self.events.try_send(event).expect("a test reads its events");
    }
}

impl Events {
    pub(crate) async fn next(&mut self) -> Event {
        crate::soon("the next event", self.0.recv()).await.expect("the host lives")
    }

    /// The next, however long it takes.
    pub(crate) async fn any(&mut self) -> Option<Event> {
        self.0.recv().await
    }

    pub(crate) async fn connected(&mut self) -> (TransportKind, SocketAddr) {
        match self.next().await {
            Event::Connected(kind, peer) => (kind, peer),
            other => panic!("{other:?} instead of a connection"),
        }
    }

    pub(crate) async fn closed(&mut self) -> Closed {
        loop {
            if let Event::Closed(closed) = self.next().await {
                return closed;
            }
        }
    }

    pub(crate) fn is_empty(&mut self) -> bool {
        self.0.try_recv().is_err()
    }
}

impl Serve for Host {
    async fn serve<C: Connection>(&self, connection: C) {
        self.report(Event::Connected(connection.kind(), connection.peer()));
        connection.trust();
        let connection = Arc::new(connection);
        let leave = Arc::new(Notify::new());
        let echo = self.tasks.spawn(echo_datagrams(connection.clone()));
        let closed = loop {
            tokio::select! {
                () = leave.notified() => break None,
                accepted = connection.accept() => match accepted {
                    Ok((send, recv)) => {
                        let (connection, leave) = (connection.clone(), leave.clone());
                        self.tasks.spawn(Stream { send, recv, connection, leave, host: self.clone() }.run());
                    }
                    Err(closed) => break Some(closed),
                },
            }
        };
        match closed {
            Some(closed) => {
                assert_eq!(connection.closed().await, closed, "accept and closed agree");
                self.report(Event::Closed(closed));
            }
            None => {
                echo.abort();
                let _ = echo.await;
            }
        }
    }

    fn origin_allowed(&self, origin: Option<&str>) -> bool {
        origin.is_none_or(|origin| origin == HOME)
    }
}

impl Answer for Host {
    type Body = Body;

    /// The path says what is to become of a request.
    async fn answer(&self, request: Request<http3::Body>, _: SocketAddr) -> Response<Body> {
        let number = || request.uri().query().and_then(|text| text.parse().ok()).unwrap_or_default();
        match request.uri().path() {
            // Send the body back as it comes.
            "/echo" => Response::new(Body::new(request.into_body())),
            // Read it, then say how long it was, or that it did not come whole.
            "/count" => Response::new(Body::from(match to_bytes(Body::new(request.into_body()), usize::MAX).await {
                Ok(body) => body.len().to_string(),
                Err(error) => error.to_string(),
            })),
            // The sequence of that many bytes.
            "/make" => Response::new(Body::from(sequence(0..number()))),
            // Begin an answer that breaks off.
            "/break" => {
                let pieces = [Ok(Bytes::from_static(b"begun")), Err(io::Error::other("broken"))];
                Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
            }
            // Report that it has begun and, as a write that ended, that it was given up.
            "/wait" => {
                let given_up = GivenUp(self.clone());
                self.report(Event::Asked);
                let () = std::future::pending().await;
                drop(given_up);
                Response::new(Body::empty())
            }
            // A file without end, when the test lets go.
            "/file" => {
                let (release, files) = (self.release.clone(), self.files.clone());
                let piece = sequence(0..16 * 1024);
                let pieces = futures_util::stream::unfold(false, move |is_released| {
                    let (release, files, piece) = (release.clone(), files.clone(), piece.clone());
                    async move {
                        if is_released {
                            files.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
                        } else {
                            release.notified().await;
                        }
                        Some((Ok::<_, io::Error>(piece), true))
                    }
                });
                let mut response = Response::new(Body::from_stream(pieces));
                response.extensions_mut().insert(Priority::File);
                response
            }
            // Wait until the test lets it go.
            "/hold" => {
                let released = self.release.notified();
                self.report(Event::Asked);
                released.await;
                Response::new(Body::from("released"))
            }
            _ => {
                let mut nothing = Response::new(Body::empty());
                *nothing.status_mut() = http::StatusCode::NOT_FOUND;
                nothing
            }
        }
    }
}

/// A request that nobody waits for any more.
struct GivenUp(Host);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.report(Event::GivenUp);
    }
}

async fn echo_datagrams<C: Connection>(connection: Arc<C>) {
    while let Ok(datagram) = connection.recv_datagram().await {
        connection.send_datagram(datagram);
    }
}

struct Stream<C: Connection> {
    send: C::Send,
    recv: C::Recv,
    connection: Arc<C>,
    leave: Arc<Notify>,
    host: Host,
}

impl<C: Connection> Stream<C> {
    async fn run(mut self) {
        let mut read = BytesMut::new();
        while read.len() < 5 {
            match self.recv.read().await {
                Ok(Some(bytes)) => read.extend_from_slice(&bytes),
                Ok(None) => return self.host.report(Event::ReadEnded(Ok(()))),
                Err(error) => return self.host.report(Event::ReadEnded(Err(error))),
            }
        }
        let (letter, number) = (read.get_u8(), read.get_u32());
        let code = Code::from_number(number).unwrap_or(Code::Internal);
        self.send.set_priority(Priority::LaneOthers);
        match letter {
            b'E' => self.echo(read.freeze()).await,
            b'S' => self.sum(read.freeze()).await,
            b'M' => self.make(number as usize).await,
            b'I' => {
                self.make(number as usize).await;
                self.host.report(Event::Written);
            }
            b'P' => {
                let release = self.host.release.clone();
                let released = release.notified();
                self.write(Bytes::from_static(b"!")).await;
                released.await;
                self.sum(read.freeze()).await;
            }
            b'R' => {
                self.send.reset(code);
                assert_eq!(self.send.write(vec![Bytes::from_static(b"late")]).await, Err(StreamError::Closed));
                self.drain().await;
            }
            b'T' => {
                self.recv.stop(code);
                self.write(Bytes::from_static(b"!")).await;
                self.send.finish();
            }
            b'F' => {
                let error = loop {
                    let chunks = vec![Bytes::from_static(b"!"), Bytes::from_static(&[7; 4096])];
                    match self.send.write(chunks).await {
                        Ok(()) => {}
                        Err(error) => break error,
                    }
                };
                self.host.report(Event::WriteEnded(error));
            }
            b'B' => self.file().await,
            b'D' => {}
            b'H' => {
                self.write(Bytes::from_static(b"!")).await;
                self.drain().await;
            }
            b'C' => {
                self.write(Bytes::from_static(b"!")).await;
                self.connection.close(code, "because");
                self.connection.close(Code::Internal, "only the first close counts");
                assert_eq!(self.send.write(vec![Bytes::from_static(b"late")]).await, Err(StreamError::Closed));
            }
            b'L' => self.leave.notify_one(),
            other => panic!("nobody asks {other}"),
        }
    }

    async fn file(&mut self) {
        let (release, files) = (self.host.release.clone(), self.host.files.clone());
        let released = release.notified();
        self.write(Bytes::from_static(b"!")).await;
        released.await;
        self.send.set_priority(Priority::File);
        let piece = sequence(0..64 * 1024);
        loop {
            let mut writing = pin!(self.send.write(vec![piece.clone()]));
            let written = poll_fn(|context| {
                files.polls.fetch_add(1, Ordering::Relaxed);
                writing.as_mut().poll(context)
            });
            if written.await.is_err() {
                return;
            }
            files.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    }

    async fn write(&mut self, bytes: Bytes) {
        self.send.write(vec![bytes]).await.expect("the client reads");
    }

    async fn echo(&mut self, first: Bytes) {
        let mut next = Some(first);
        while let Some(bytes) = next {
            self.write(bytes).await;
            next = self.recv.read().await.expect("the client finishes");
        }
        self.send.finish();
    }

    async fn sum(&mut self, first: Bytes) {
        let (mut count, mut sum) = (0, 0);
        let mut next = Some(first);
        while let Some(bytes) = next {
            count += bytes.len() as u64;
            sum = checksum(sum, &bytes);
            next = self.recv.read().await.expect("the client finishes");
        }
        self.write(Bytes::from([count.to_be_bytes(), sum.to_be_bytes()].concat())).await;
        self.send.finish();
    }

    /// In chunks of several sizes, several a call.
    async fn make(&mut self, bytes: usize) {
        let mut at = 0;
        while at < bytes {
            let mut chunks = Vec::new();
            for size in [1, 200, 1_000, 70_000] {
                let end = bytes.min(at + size);
                chunks.push(sequence(at..end));
                at = end;
            }
            self.send.write(chunks).await.expect("the client reads");
        }
        self.send.finish();
    }

    async fn drain(&mut self) {
        let ended = loop {
            match self.recv.read().await {
                Ok(Some(bytes)) => assert!(!bytes.is_empty()),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.host.report(Event::ReadEnded(ended));
    }
}
