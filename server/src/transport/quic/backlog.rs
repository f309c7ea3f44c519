//! Where packets wait that the endpoint has no time for.
//!
//! quinn reads the socket for 50 µs at a time and then waits for its turn among all tasks. When
//! thousands of clients come at once, behind a restart, turns become so rare that the system's buffer runs
//! over, and who lost a packet of a handshake tries again after seconds. An endpoint on a thread of its own
//! loses nothing either, but each packet then wakes two threads, which costs a quarter of the
//! connections a second. So a thread only looks now and then whether the endpoint has read all there was, and takes
//! what lies there if not. The endpoint reads that first: the order stays.

use crate::transport::limits::{UDP_BACKLOG_BYTES_MAX, UDP_LATE_MS, UDP_QUIET_LOOKS};
use parking_lot::Mutex;
use quinn::{
    AsyncUdpSocket, Runtime as _, TokioRuntime, UdpPoller,
    udp::{RecvMeta, Transmit, UdpSocketState},
};
use std::{
    collections::VecDeque,
    io::{self, IoSliceMut},
    net::{SocketAddr, UdpSocket},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    thread::{self, Thread},
    time::Duration,
};
use tokio::runtime::{Handle, RuntimeFlavor};

/// Messages that the thread takes in one call.
const TAKEN_AT_ONCE: usize = 8;
/// The longest message: what the system has joined of one sender's packets (UDP_GRO, udp(7)).
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// The socket for quinn, and the packets that were taken for it.
#[derive(Debug)]
pub(super) struct Backlog {
    socket: Arc<dyn AsyncUdpSocket>,
    shared: Arc<Shared>,
    /// Nothing where the whole program runs on one thread: the same clock moves all of it.
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Shared {
    /// The same socket, for the thread.
    socket: UdpSocket,
    udp: UdpSocketState,
    /// Held while one of both reads the socket, so that the other does not overtake it.
    waiting: Mutex<Waiting>,
    is_asleep: AtomicBool,
    is_over: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<(RecvMeta, Box<[u8]>)>,
    bytes: usize,
    /// The endpoint came to the end of the socket since the thread last looked.
    is_read_out: bool,
    /// Of the endpoint, when it found nothing.
    waker: Option<Waker>,
}

impl Backlog {
    /// # Errors
    /// The system gives no thread, or the socket cannot be waited for.
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        let same = socket.try_clone()?;
        let socket = TokioRuntime.wrap_udp_socket(socket)?;
        let shared = Arc::new(Shared {
            udp: UdpSocketState::new((&same).into())?,
            socket: same,
            waiting: Mutex::default(),
            is_asleep: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        });
        let mut thread = None;
        if Handle::current().runtime_flavor() != RuntimeFlavor::CurrentThread {
            let shared = shared.clone();
            let handle = thread::Builder::new().name("rill-udp".into()).spawn(move || shared.look_after())?;
            thread = Some(handle.thread().clone());
        }
        Ok(Self { socket, shared, thread })
    }
}

impl Shared {
    /// The thread.
    fn look_after(&self) {
        let (mut quiet, mut room) = (0, Vec::new());
        while !self.is_over.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(UDP_LATE_MS));
            let is_quiet = self.is_read_out() || !self.take(&mut room);
            quiet = if is_quiet { quiet + 1 } else { 0 };
            if quiet >= UDP_QUIET_LOOKS {
                self.is_asleep.store(true, Ordering::Release);
                room = Vec::new();
                // Whoever wakes it, for whatever reason, it looks and sleeps again.
                thread::park();
                quiet = 0;
            }
        }
    }

    fn is_read_out(&self) -> bool {
        std::mem::take(&mut self.waiting.lock().is_read_out)
    }

    /// Takes what lies in the socket, and whether that was anything. One call after the other, the
    /// endpoint may read between two.
    fn take(&self, room: &mut Vec<u8>) -> bool {
        room.resize(TAKEN_AT_ONCE * MESSAGE_BYTES_MAX, 0);
        let mut metas = [RecvMeta::default(); TAKEN_AT_ONCE];
        let mut has_taken = false;
        loop {
            let mut waiting = self.waiting.lock();
            if waiting.bytes >= UDP_BACKLOG_BYTES_MAX {
                return true;
            }
            let mut buffers: Vec<_> = room.chunks_mut(MESSAGE_BYTES_MAX).map(IoSliceMut::new).collect();
            // An error is for the endpoint: it meets the same, or the next, and knows what it means.
            let Ok(count) = self.udp.recv((&self.socket).into(), &mut buffers, &mut metas) else { return has_taken };
            for (meta, bytes) in metas.iter().zip(&buffers).take(count) {
                waiting.bytes += meta.len;
                waiting.messages.push_back((*meta, bytes[..meta.len].into()));
            }
            has_taken |= count > 0;
            let waker = waiting.waker.take();
            drop(waiting);
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

impl Waiting {
    /// Moves the oldest into `buffers`, as many as there is room for.
    fn give(&mut self, buffers: &mut [IoSliceMut<'_>], metas: &mut [RecvMeta]) -> usize {
        let count = self.messages.len().min(buffers.len()).min(metas.len());
        for ((meta, bytes), (into, about)) in self.messages.drain(..count).zip(buffers.iter_mut().zip(metas)) {
            self.bytes -= meta.len;
            // As the system does with what is too long.
            let len = bytes.len().min(into.len());
            into[..len].copy_from_slice(&bytes[..len]);
            *about = RecvMeta { len, ..meta };
        }
        count
    }
}

impl AsyncUdpSocket for Backlog {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut waiting = self.shared.waiting.lock();
        if !waiting.messages.is_empty() {
            return Poll::Ready(Ok(waiting.give(buffers, metas)));
        }
        let received = self.socket.poll_recv(context, buffers, metas);
        if received.is_pending() {
            waiting.is_read_out = true;
            // The thread may take the packet of which the system would have told.
            if !waiting.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                waiting.waker = Some(context.waker().clone());
            }
        }
        drop(waiting);
        if let Some(thread) = &self.thread
            && self.shared.is_asleep.swap(false, Ordering::AcqRel)
        {
            thread.unpark();
        }
        received
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.thread.iter().for_each(Thread::unpark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, net::Ipv4Addr, task::Wake};

    #[derive(Default)]
    struct Rung(AtomicBool);

    impl Wake for Rung {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Release);
        }
    }

    fn pair() -> (Backlog, UdpSocket) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        peer.connect(socket.local_addr().unwrap()).unwrap();
        (Backlog::new(socket).unwrap(), peer)
    }

    /// What `poll_recv` gives for two buffers of 4 bytes.
    fn poll(backlog: &Backlog, context: &mut Context<'_>) -> Poll<Vec<Vec<u8>>> {
        let mut room = [[0; 4]; 2];
        let mut metas = [RecvMeta::default(); 2];
        let [first, second] = &mut room;
        let count = backlog.poll_recv(context, &mut [IoSliceMut::new(first), IoSliceMut::new(second)], &mut metas);
        count.map(|count| room.iter().zip(metas).take(count.unwrap()).map(|(b, meta)| b[..meta.len].to_vec()).collect())
    }

    fn until(what: impl Fn() -> bool) {
        for _ in 0..10_000 {
            if what() {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        panic!("in vain");
    }

    #[tokio::test]
    async fn what_was_taken_is_read_first_and_in_order() {
        let (backlog, peer) = pair();
        let mut context = Context::from_waker(Waker::noop());
        for packet in [&b"one"[..], b"two", b"three"] {
            peer.send(packet).unwrap();
        }
        until(|| {
            backlog.shared.take(&mut Vec::new());
            backlog.shared.waiting.lock().bytes == 11
        });
        peer.send(b"four").unwrap();
        assert_eq!(poll(&backlog, &mut context), Poll::Ready(vec![b"one".to_vec(), b"two".to_vec()]));
        // Cut, as the system would: quinn's buffers are longer than any packet that it takes.
        assert_eq!(poll(&backlog, &mut context), Poll::Ready(vec![b"thre".to_vec()]));
        assert_eq!(backlog.shared.waiting.lock().bytes, 0);
        assert_eq!(poll_fn(|context| poll(&backlog, context)).await, [b"four".to_vec()]);
    }

    #[tokio::test]
    async fn who_waits_is_told_of_what_was_taken() {
        let (backlog, peer) = pair();
        let rung = Arc::new(Rung::default());
        let waker = rung.clone().into();
        assert!(poll(&backlog, &mut Context::from_waker(&waker)).is_pending());
        assert!(backlog.shared.is_read_out() && !backlog.shared.is_read_out());
        peer.send(b"x").unwrap();
        until(|| backlog.shared.take(&mut Vec::new()));
        assert!(rung.0.load(Ordering::Acquire));
    }

    #[tokio::test]
    async fn no_more_is_taken_than_there_is_room_for() {
        let (backlog, peer) = pair();
        backlog.shared.waiting.lock().bytes = UDP_BACKLOG_BYTES_MAX;
        peer.send(b"x").unwrap();
        assert!(backlog.shared.take(&mut Vec::new()), "it is not quiet");
        assert!(backlog.shared.waiting.lock().messages.is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn the_thread_takes_what_nobody_reads_sleeps_and_ends() {
        let (backlog, peer) = pair();
        let shared = Arc::downgrade(&backlog.shared);
        until(|| backlog.shared.is_asleep.load(Ordering::Acquire));
        peer.send(b"one").unwrap();
        assert_eq!(poll_fn(|context| poll(&backlog, context)).await, [b"one".to_vec()]);
        peer.send(b"two").unwrap();
        until(|| backlog.shared.waiting.lock().messages.len() == 1);
        assert_eq!(poll(&backlog, &mut Context::from_waker(Waker::noop())), Poll::Ready(vec![b"two".to_vec()]));
        drop(backlog);
        until(|| shared.strong_count() == 0);
    }
}
