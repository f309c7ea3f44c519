//! How many packets a connection hands to the system at once.
//!
//! quinn makes as many packets in one buffer as the socket takes in one call (GSO), reserves room for
//! all of them before it knows how many there are, and each connection keeps its buffer: 14 KiB, on
//! connections that send a keep-alive of 40 bytes; for two it is almost 5, for one 2. Many packets at once
//! only pay where much is sent. So a socket that is not busy takes one; what a connection keeps grows the
//! first time that it sends while the socket is busy.

use quinn::{
    AsyncUdpSocket, UdpPoller,
    udp::{RecvMeta, Transmit},
};
use std::{
    io::{self, IoSliceMut},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tokio::time::Instant;

/// Packets at once while little is sent.
const FEW: usize = 1;
/// The socket is busy when so many bytes leave it ...
const BUSY_BYTES: u64 = 128 * 1024;
/// ... within this time.
const WINDOW_MS: u64 = 10;

/// A socket that takes many packets at once only while it is busy.
#[derive(Debug)]
pub(super) struct Segments {
    socket: Arc<dyn AsyncUdpSocket>,
    load: Load,
    epoch: Instant,
}

impl Segments {
    pub(super) fn new(socket: Arc<dyn AsyncUdpSocket>) -> Self {
        Self { socket, load: Load::default(), epoch: Instant::now() }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl AsyncUdpSocket for Segments {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_send(transmit)?;
        self.load.sent(transmit.contents.len() as u64, self.now_ms());
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_recv(context, buffers, meta)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        let most = self.socket.max_transmit_segments();
        if self.load.is_busy(self.now_ms()) { most } else { most.min(FEW) }
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}

/// What left in the present window of time, and whether the one before was busy. Counts that race are
/// off by a packet, which changes nothing.
#[derive(Debug, Default)]
struct Load {
    window: AtomicU64,
    bytes: AtomicU64,
    before: AtomicU64,
}

impl Load {
    fn turn_to(&self, now_ms: u64) {
        let window = now_ms / WINDOW_MS;
        let last = self.window.load(Ordering::Relaxed);
        if window > last && self.window.compare_exchange(last, window, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let bytes = self.bytes.swap(0, Ordering::Relaxed);
            self.before.store(if window == last + 1 { bytes } else { 0 }, Ordering::Relaxed);
        }
    }

    fn sent(&self, bytes: u64, now_ms: u64) {
        self.turn_to(now_ms);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.turn_to(now_ms);
        self.bytes.load(Ordering::Relaxed).max(self.before.load(Ordering::Relaxed)) >= BUSY_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_in_a_short_time_is_busy_until_a_quiet_one() {
        let load = Load::default();
        assert!(!load.is_busy(0));
        load.sent(BUSY_BYTES / 2, 1_000);
        assert!(!load.is_busy(1_001));
        load.sent(BUSY_BYTES / 2, 1_002);
        assert!(load.is_busy(1_003), "at once, not at the next window");
        assert!(load.is_busy(1_010), "the window before counts while this one is young");
        assert!(!load.is_busy(1_020), "a quiet window between");
    }

    #[test]
    fn little_over_a_long_time_is_not() {
        let load = Load::default();
        for ms in 0..1_000 {
            load.sent(BUSY_BYTES / 20, ms);
            assert!(!load.is_busy(ms));
        }
    }

    #[test]
    fn a_long_pause_forgets() {
        let load = Load::default();
        load.sent(2 * BUSY_BYTES, 5);
        assert!(load.is_busy(5));
        assert!(!load.is_busy(60_000));
    }
}
