//! The mux behind its handles: who is woken, what the peer hears, and when.

use bytes::Bytes;
use rill_protocol::{
    limits::{MUX_SEND_BUFFER_BYTES_MAX, MUX_STREAM_WINDOW_BYTES, STREAMS_MAX},
    mux::{Class, Connection, HalfError, OpenError, RecvHalf, Role, SendHalf},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Bell {
    fn rings(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn bell() -> (Arc<Bell>, Waker) {
    let bell = Arc::new(Bell::default());
    (Arc::clone(&bell), Waker::from(bell))
}

fn with_context<T>(act: impl FnOnce(&mut Context<'_>) -> T) -> T {
    act(&mut Context::from_waker(Waker::noop()))
}

/// Carries messages both ways until nobody has anything to say.
fn settle(client: &Connection, server: &Connection) {
    loop {
        let mut quiet = true;
        for (from, to) in [(client, server), (server, client)] {
            if let Poll::Ready(Some(message)) = with_context(|context| from.poll_transmit(context)) {
                to.receive(message).unwrap();
                quiet = false;
            }
        }
        if quiet {
            return;
        }
    }
}

struct Pair {
    client: Connection,
    server: Connection,
}

impl Pair {
    fn new() -> Self {
        Self { client: Connection::new(Role::Client), server: Connection::new(Role::Server) }
    }

    fn settle(&self) {
        settle(&self.client, &self.server);
    }

    /// A stream of a class: the client's halves, then the server's.
    fn stream(&self, class: Class) -> ((SendHalf, RecvHalf), (SendHalf, RecvHalf)) {
        let ours = self.client.open(class).unwrap();
        self.settle();
        match with_context(|context| self.server.poll_accept(context)) {
            Poll::Ready(Some((seen, send, recv))) => {
                assert_eq!(seen, class);
                (ours, (send, recv))
            }
            other => panic!("{other:?}"),
        }
    }
}

fn write(half: &mut SendHalf, bytes: &[u8]) -> Poll<Result<(), HalfError>> {
    with_context(|context| half.poll_write(context, &mut Bytes::copy_from_slice(bytes)))
}

fn read(half: &mut RecvHalf) -> Poll<Result<Option<Bytes>, HalfError>> {
    with_context(|context| half.poll_read(context))
}

#[test]
fn bytes_go_both_ways_and_end() {
    let pair = Pair::new();
    let ((mut up, mut down), (mut reply, mut request)) = pair.stream(Class::Control);
    assert!(write(&mut up, b"question").is_ready());
    up.finish();
    pair.settle();
    assert_eq!(read(&mut request), Poll::Ready(Ok(Some(Bytes::from_static(b"question")))));
    assert_eq!(read(&mut request), Poll::Ready(Ok(None)));
    assert_eq!(read(&mut request), Poll::Ready(Ok(None)));
    assert_eq!(read(&mut down), Poll::Pending);
    assert!(write(&mut reply, b"answer").is_ready());
    reply.finish();
    assert_eq!(write(&mut reply, b"more"), Poll::Ready(Err(HalfError::Closed)));
    drop(reply);
    pair.settle();
    assert_eq!(read(&mut down), Poll::Ready(Ok(Some(Bytes::from_static(b"answer")))));
    assert_eq!(read(&mut down), Poll::Ready(Ok(None)));
}

#[test]
fn a_reader_is_woken_by_bytes_and_a_writer_by_room() {
    let pair = Pair::new();
    let ((mut up, _down), (_reply, mut request)) = pair.stream(Class::LaneOthers);
    let (reader, reader_waker) = bell();
    assert!(request.poll_read(&mut Context::from_waker(&reader_waker)).is_pending());
    let mut bytes = Bytes::from(vec![7; MUX_SEND_BUFFER_BYTES_MAX + 1]);
    assert!(with_context(|context| up.poll_write(context, &mut bytes)).is_ready());
    assert_eq!(bytes.len(), 1);
    let (writer, writer_waker) = bell();
    assert!(up.poll_write(&mut Context::from_waker(&writer_waker), &mut bytes).is_pending());
    assert_eq!((reader.rings(), writer.rings()), (0, 0));
    pair.settle();
    assert_eq!((reader.rings(), writer.rings()), (1, 1));
    assert!(up.poll_write(&mut Context::from_waker(&writer_waker), &mut bytes).is_ready());
    assert!(bytes.is_empty());
}

#[test]
fn what_is_written_together_travels_in_one_message() {
    let pair = Pair::new();
    let ((mut up, _down), (_reply, mut request)) = pair.stream(Class::LaneOthers);
    let (transmitter, waker) = bell();
    assert!(pair.client.poll_transmit(&mut Context::from_waker(&waker)).is_pending());
    let mut chunks = [b"one".as_slice(), b"", b"two", b"three"].map(Bytes::from_static);
    assert_eq!(with_context(|context| up.poll_write_all(context, &mut chunks)), Poll::Ready(Ok(())));
    assert_eq!(transmitter.rings(), 1);
    let Poll::Ready(Some(message)) = with_context(|context| pair.client.poll_transmit(context)) else { panic!() };
    assert!(with_context(|context| pair.client.poll_transmit(context)).is_pending());
    pair.server.receive(message).unwrap();
    assert_eq!(read(&mut request), Poll::Ready(Ok(Some(Bytes::from_static(b"onetwothree")))));

    // More than fits: the writer is told when the rest does.
    let mut chunks = [1, MUX_SEND_BUFFER_BYTES_MAX, 2].map(|length| Bytes::from(vec![7; length]));
    let (writer, waker) = bell();
    assert!(up.poll_write_all(&mut Context::from_waker(&waker), &mut chunks).is_pending());
    assert_eq!(chunks.each_ref().map(Bytes::len), [0, 1, 2]);
    pair.settle();
    assert_eq!(writer.rings(), 1);
    assert_eq!(with_context(|context| up.poll_write_all(context, &mut chunks)), Poll::Ready(Ok(())));
    pair.settle();
    assert_eq!(read(&mut request).map(|read| read.unwrap().unwrap().len()), Poll::Ready(MUX_SEND_BUFFER_BYTES_MAX + 3));
}

#[test]
fn flushed_means_handed_to_the_writer() {
    let pair = Pair::new();
    let ((mut up, _down), (_reply, _request)) = pair.stream(Class::Control);
    assert!(write(&mut up, b"x").is_ready());
    up.finish();
    let (flushed, waker) = bell();
    assert!(up.poll_flushed(&mut Context::from_waker(&waker)).is_pending());
    assert!(with_context(|context| pair.client.poll_transmit(context)).is_ready());
    assert_eq!(flushed.rings(), 1);
    assert_eq!(with_context(|context| up.poll_flushed(context)), Poll::Ready(Ok(())));
}

#[test]
fn a_transmitter_is_woken_when_there_is_something_to_say() {
    let client = Connection::new(Role::Client);
    let (transmitter, waker) = bell();
    assert!(client.poll_transmit(&mut Context::from_waker(&waker)).is_pending());
    let _halves = client.open(Class::Control).unwrap();
    assert_eq!(transmitter.rings(), 1);
}

#[test]
fn dropping_an_unfinished_sender_resets_with_zero() {
    let pair = Pair::new();
    let ((mut up, _down), (_reply, mut request)) = pair.stream(Class::History);
    assert!(write(&mut up, b"half a request").is_ready());
    drop(up);
    pair.settle();
    assert_eq!(read(&mut request), Poll::Ready(Err(HalfError::Peer(0))));
}

#[test]
fn a_stop_reaches_the_writer_and_is_answered_with_a_reset() {
    let pair = Pair::new();
    let ((mut up, _down), (_reply, mut request)) = pair.stream(Class::History);
    let blocked = vec![0; MUX_SEND_BUFFER_BYTES_MAX];
    assert!(write(&mut up, &blocked).is_ready());
    let (writer, waker) = bell();
    assert!(up.poll_write(&mut Context::from_waker(&waker), &mut Bytes::from_static(b"!")).is_pending());
    request.stop(61);
    pair.settle();
    assert_eq!(writer.rings(), 1);
    assert_eq!(write(&mut up, b"!"), Poll::Ready(Err(HalfError::Peer(61))));
    assert_eq!(with_context(|context| up.poll_flushed(context)), Poll::Ready(Err(HalfError::Peer(61))));
    assert_eq!(read(&mut request), Poll::Ready(Err(HalfError::Peer(61))));
}

#[test]
fn streams_over_the_limit_are_refused_until_one_has_ended_both_ways() {
    let pair = Pair::new();
    let mut held: Vec<_> = (0..STREAMS_MAX).map(|_| pair.stream(Class::History)).collect();
    assert_eq!(pair.client.open(Class::History).err(), Some(OpenError::TooMany));
    assert_eq!(pair.server.open(Class::History).err(), Some(OpenError::NotClient));
    let (client_halves, server_halves) = held.pop().unwrap();
    drop(client_halves);
    pair.settle();
    // Both halves have ended by now: the server's mux answers a stop by itself.
    let next = pair.client.open(Class::Control).unwrap();
    pair.settle();
    assert!(!pair.server.is_closed());
    drop((next, server_halves));
}

#[test]
fn streams_that_nobody_accepts_stay_counted() {
    let pair = Pair::new();
    for _ in 0..STREAMS_MAX {
        drop(pair.client.open(Class::Control).unwrap());
        pair.settle();
    }
    assert_eq!(pair.client.open(Class::Control).err(), Some(OpenError::TooMany));
    for _ in 0..STREAMS_MAX {
        assert!(with_context(|context| pair.server.poll_accept(context)).is_ready());
    }
    pair.settle();
    assert!(pair.client.open(Class::Control).is_ok());
}

#[test]
fn close_wakes_everybody_and_leaves_what_had_come() {
    let pair = Pair::new();
    let ((mut up, mut down), (mut reply, mut request)) = pair.stream(Class::Control);
    assert!(write(&mut reply, b"last words").is_ready());
    pair.settle();
    let (anybody, waker) = bell();
    let mut context = Context::from_waker(&waker);
    assert!(pair.client.poll_transmit(&mut context).is_pending());
    assert!(pair.client.poll_datagram(&mut context).is_pending());
    assert!(pair.client.poll_accept(&mut context).is_pending());
    pair.client.close();
    assert_eq!(anybody.rings(), 3);
    assert_eq!(pair.client.poll_transmit(&mut context), Poll::Ready(None));
    assert_eq!(pair.client.poll_datagram(&mut context), Poll::Ready(None));
    assert!(matches!(pair.client.poll_accept(&mut context), Poll::Ready(None)));
    assert_eq!(pair.client.open(Class::Control).err(), Some(OpenError::Closed));
    assert_eq!(write(&mut up, b"!"), Poll::Ready(Err(HalfError::Closed)));
    assert_eq!(read(&mut down), Poll::Ready(Ok(Some(Bytes::from_static(b"last words")))));
    assert_eq!(read(&mut down), Poll::Ready(Err(HalfError::Closed)));
    assert!(read(&mut request).is_pending());
}

#[test]
fn a_writer_without_a_reader_ends_at_its_credit() {
    let pair = Pair::new();
    let ((mut up, _down), (_reply, mut request)) = pair.stream(Class::Control);
    let mut accepted = 0;
    loop {
        let mut bytes = Bytes::from(vec![1; 10_000]);
        let outcome = with_context(|context| up.poll_write(context, &mut bytes));
        accepted += 10_000 - bytes.len();
        pair.settle();
        if outcome.is_pending() {
            break;
        }
    }
    assert_eq!(accepted, MUX_STREAM_WINDOW_BYTES as usize + MUX_SEND_BUFFER_BYTES_MAX);
    match read(&mut request) {
        Poll::Ready(Ok(Some(bytes))) => assert_eq!(bytes.len(), MUX_STREAM_WINDOW_BYTES as usize),
        other => panic!("{other:?}"),
    }
    pair.settle();
    assert!(write(&mut up, b"!").is_ready());
}

#[test]
fn datagrams_arrive_and_the_oldest_gives_way() {
    let pair = Pair::new();
    for number in 0..100u8 {
        pair.client.send_datagram(Bytes::copy_from_slice(&[number]));
    }
    pair.client.send_datagram(Bytes::from(vec![0; 2_000]));
    pair.settle();
    let mut seen = Vec::new();
    while let Poll::Ready(Some(datagram)) = with_context(|context| pair.server.poll_datagram(context)) {
        seen.push(datagram[0]);
    }
    assert_eq!(seen, (36..100).collect::<Vec<u8>>());
}
