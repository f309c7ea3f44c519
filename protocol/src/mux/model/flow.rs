//! One direction of one stream, as an onlooker knows it.

use bytes::{Bytes, BytesMut};
use std::sync::OnceLock;

use super::End;
use crate::{
    limits::MUX_STREAM_WINDOW_BYTES,
    mux::{Class, StreamId},
};

#[derive(Debug)]
pub(super) struct Flow {
    pub(super) class: Class,
    /// Bytes that the machine took from the writer, put into messages, and delivered.
    pub(super) written: u64,
    pub(super) sent: u64,
    pub(super) delivered: u64,
    /// Bytes that the reader got.
    pub(super) read: u64,
    /// Bytes that no longer take part in the pool: read, or thrown away.
    pub(super) gone: u64,
    /// The grant that has reached the sender.
    pub(super) limit: u64,
    pub(super) finished: bool,
    pub(super) reset: bool,
    pub(super) stopped: bool,
    pub(super) stop_delivered: bool,
    /// `Fin` or `Reset` was transmitted.
    pub(super) end_sent: bool,
    pub(super) reset_sent: bool,
    /// The reader saw the end.
    pub(super) end_read: bool,
    pub(super) sender_released: bool,
    pub(super) receiver_released: bool,
}

impl Flow {
    pub(super) fn new(class: Class) -> Self {
        Self {
            class,
            written: 0,
            sent: 0,
            delivered: 0,
            read: 0,
            gone: 0,
            limit: MUX_STREAM_WINDOW_BYTES,
            finished: false,
            reset: false,
            stopped: false,
            stop_delivered: false,
            end_sent: false,
            reset_sent: false,
            end_read: false,
            sender_released: false,
            receiver_released: false,
        }
    }

    /// Whether the sender has a byte that needs no pool and may go now.
    pub(super) fn is_urgent(&self) -> bool {
        let gives_up = self.reset || self.stop_delivered;
        !self.class.is_bulk() && !gives_up && !self.end_sent && self.sent < self.written.min(self.limit)
    }

    /// Whether somebody gave up, so that bytes may be lost.
    pub(super) fn is_broken(&self) -> bool {
        self.reset || self.stopped
    }
}

/// A prime, so that no shift by a chunk or a window goes unnoticed.
const CONTENT_PERIOD_BYTES: usize = 65_521;

/// The bytes of a stream from `offset` on: one table of noise, entered elsewhere by
/// every stream.
pub(super) fn content(end: End, id: StreamId, offset: u64, length: usize) -> Bytes {
    static NOISE: OnceLock<Bytes> = OnceLock::new();
    let noise = NOISE.get_or_init(|| {
        (0..CONTENT_PERIOD_BYTES as u64).map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
    });
    let entry = offset + u64::from(id) * 7_919 + (end as u64) * 104_729;
    let mut at = (entry % CONTENT_PERIOD_BYTES as u64) as usize;
    let mut out = BytesMut::with_capacity(length);
    while out.len() < length {
        let part = (length - out.len()).min(noise.len() - at);
        out.extend_from_slice(&noise[at..at + part]);
        at = 0;
    }
    out.freeze()
}
