//! How much of what is sent may wait for the peer's acknowledgement, by what it is.
//!
//! All streams of a connection share quinn's send window, and who waits for it is served last
//! come, first served: one file would keep chat from being handed over at all, whatever its
//! priority, which orders only what was handed over. So files may fill a part of the window, and
//! the rest is there for everything else. The part follows from the round trip: it is what a
//! fast link has under way, and on a link without distance it is short, because what the
//! network holds already is in front of chat, however important that is.
//!
//! While there are files, quinn's window is theirs: so quinn itself tells a file that has filled
//! it when there is room again. Everything else is written with the whole window in force, which is
//! so for as long as quinn takes the bytes and no longer.

use bytes::Bytes;
use parking_lot::Mutex;
use quinn::{SendStream, WriteError};
use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use crate::transport::limits::{
    FILE_SEND_BYTES_PER_MS, FILE_SEND_STEP_BYTES, FILE_SEND_WINDOW_BYTES_MAX, FILE_SEND_WINDOW_BYTES_MIN,
    SEND_WINDOW_BYTES,
};

/// Of one connection, whatever its streams carry: see the module.
pub(in crate::transport) struct Windows {
    quic: quinn::Connection,
    /// Streams that carry files.
    files: AtomicUsize,
    /// quinn's window. Held while it is set for a write, so that no other meets it.
    in_force: Mutex<u64>,
}

/// One of the streams that carry files, for as long as it may be written to.
pub(in crate::transport) struct FileStream(Arc<Windows>);

impl Drop for FileStream {
    fn drop(&mut self) {
        let Windows { quic, files, in_force } = &*self.0;
        if files.fetch_sub(1, Ordering::Relaxed) == 1 {
            set(quic, &mut in_force.lock(), SEND_WINDOW_BYTES);
        }
    }
}

fn set(quic: &quinn::Connection, in_force: &mut u64, bytes: u64) {
    if *in_force != bytes {
        *in_force = bytes;
        quic.set_send_window(bytes);
    }
}

fn of_files(round_trip: Duration) -> u64 {
    let under_way = u64::try_from(round_trip.as_micros()).unwrap_or(u64::MAX).saturating_mul(FILE_SEND_BYTES_PER_MS);
    let bytes = (under_way / 1_000).clamp(FILE_SEND_WINDOW_BYTES_MIN, FILE_SEND_WINDOW_BYTES_MAX);
    // In steps: to set it costs quinn a look at the connection.
    bytes - bytes % FILE_SEND_STEP_BYTES
}

impl Windows {
    pub(in crate::transport) fn new(quic: quinn::Connection) -> Arc<Self> {
        Arc::new(Self { quic, files: AtomicUsize::new(0), in_force: Mutex::new(SEND_WINDOW_BYTES) })
    }

    /// A stream begins to carry files.
    pub(in crate::transport) fn file(self: &Arc<Self>) -> FileStream {
        self.files.fetch_add(1, Ordering::Relaxed);
        FileStream(self.clone())
    }

    /// Writes all of it, of a file or not.
    pub(super) async fn write(
        &self,
        send: &mut SendStream,
        chunks: &mut [Bytes],
        is_file: bool,
    ) -> Result<(), WriteError> {
        let mut writing = pin!(send.write_all_chunks(chunks));
        poll_fn(|context| self.poll(is_file, context, |context| writing.as_mut().poll(context))).await
    }

    /// Lets `write` hand bytes to quinn, with the window in force that is theirs.
    pub(in crate::transport) fn poll<T>(
        &self,
        is_file: bool,
        context: &mut Context<'_>,
        write: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if !is_file && self.files.load(Ordering::Relaxed) == 0 {
            return write(context);
        }
        let of_files = of_files(self.quic.rtt());
        let mut in_force = self.in_force.lock();
        set(&self.quic, &mut in_force, if is_file { of_files } else { SEND_WINDOW_BYTES });
        let polled = write(context);
        // A file that waits is told by quinn when less than that is under way. Looked at behind the
        // lock: the last file leaves the whole window in force.
        if polled.is_pending() && is_file || !is_file && self.files.load(Ordering::Relaxed) > 0 {
            set(&self.quic, &mut in_force, of_files - FILE_SEND_STEP_BYTES);
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_way_has_more_under_way() {
        let of_ms = |ms: u64| of_files(Duration::from_millis(ms));
        assert_eq!(of_ms(0), FILE_SEND_WINDOW_BYTES_MIN);
        assert_eq!(of_ms(10), 7 * FILE_SEND_STEP_BYTES);
        assert_eq!(of_ms(300), FILE_SEND_WINDOW_BYTES_MAX);
        assert_eq!(of_files(Duration::MAX), FILE_SEND_WINDOW_BYTES_MAX);
    }
}
