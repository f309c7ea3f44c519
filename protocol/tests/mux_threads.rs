//! The handles under real threads: pumps, writers and readers that sleep until they
//! are woken. A wake that is lost hangs, and the deadline tells.

use bytes::{Bytes, BytesMut};
use rill_protocol::mux::{Class, Connection, RecvHalf, Role, SendHalf};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, mpsc},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

const BYTES_EACH: usize = 3_000_000;
const DEADLINE: Duration = Duration::from_secs(60);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn pump(from: Connection, to: Connection) {
    while let Some(message) = block_on(poll_fn(|context| from.poll_transmit(context))) {
        to.receive(message).unwrap();
    }
}

fn send(mut half: SendHalf, first: u8) {
    let piece: Bytes = (0..=250u8).cycle().skip(usize::from(first)).take(7_777).collect();
    let mut left = BYTES_EACH;
    while left > 0 {
        let mut bytes = piece.slice(..piece.len().min(left));
        left -= bytes.len();
        while !bytes.is_empty() {
            block_on(poll_fn(|context| half.poll_write(context, &mut bytes))).unwrap();
        }
    }
    half.finish();
    block_on(poll_fn(|context| half.poll_flushed(context))).unwrap();
}

fn receive(half: &mut RecvHalf) -> BytesMut {
    let mut all = BytesMut::new();
    while let Some(bytes) = block_on(poll_fn(|context| half.poll_read(context))).unwrap() {
        all.extend_from_slice(&bytes);
    }
    all
}

/// Sends back what comes.
fn echo(mut send: SendHalf, mut recv: RecvHalf) {
    while let Some(mut bytes) = block_on(poll_fn(|context| recv.poll_read(context))).unwrap() {
        while !bytes.is_empty() {
            block_on(poll_fn(|context| send.poll_write(context, &mut bytes))).unwrap();
        }
    }
    send.finish();
}

fn run() {
    let (client, server) = (Connection::new(Role::Client), Connection::new(Role::Server));
    let pumps = [(client.clone(), server.clone()), (server.clone(), client.clone())]
        .map(|(from, to)| thread::spawn(move || pump(from, to)));
    let accepting = server.clone();
    let acceptor = thread::spawn(move || {
        while let Some((_, send, recv)) = block_on(poll_fn(|context| accepting.poll_accept(context))) {
            thread::spawn(move || echo(send, recv));
        }
    });
    let streams: Vec<_> = Class::ALL
        .iter()
        .map(|class| {
            let (up, mut down) = client.open(*class).unwrap();
            let first = class.number();
            let writer = thread::spawn(move || send(up, first));
            let reader = thread::spawn(move || receive(&mut down));
            (first, writer, reader)
        })
        .collect();
    for (first, writer, reader) in streams {
        writer.join().unwrap();
        let echoed = reader.join().unwrap();
        assert_eq!(echoed.len(), BYTES_EACH);
        for (piece, start) in echoed.chunks(7_777).zip(std::iter::repeat(first)) {
            assert!(piece.iter().copied().eq((0..=250u8).cycle().skip(usize::from(start)).take(piece.len())));
        }
    }
    client.close();
    server.close();
    pumps.into_iter().for_each(|pump| pump.join().unwrap());
    acceptor.join().unwrap();
}

#[test]
fn five_streams_echo_megabytes_and_nobody_sleeps_for_ever() {
    let (done, finished) = mpsc::sync_channel(1);
    let runner = thread::spawn(move || {
        run();
        done.send(()).unwrap();
    });
    assert_ne!(finished.recv_timeout(DEADLINE), Err(mpsc::RecvTimeoutError::Timeout), "somebody was not woken");
    runner.join().unwrap();
}
