//! The sending half of one stream: bytes that wait, credit, and how it ends.

use bytes::{Buf, BufMut, Bytes};
use std::collections::VecDeque;

use super::{HalfError, credit::Outgoing};
use crate::limits::{MUX_SEND_BUFFER_BYTES_MAX, MUX_STREAM_WINDOW_BYTES};

/// Where the half stands. The peer hears exactly one `Fin` or `Reset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The application may write.
    Open,
    /// `Fin` follows the bytes that wait.
    Finishing,
    /// `Reset` waits to be sent.
    Resetting(u32),
    /// `Fin` or `Reset` was sent.
    Ended,
}

#[derive(Debug)]
pub(super) struct SendSide {
    state: State,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    pub(super) credit: Outgoing,
    /// The code of the peer's `Stop`, which the application has yet to hear.
    stopped: Option<u32>,
    /// When the scheduler served it last, in turns.
    pub(super) served: u64,
    /// Whether the application has let go of it.
    pub(super) released: bool,
}

impl SendSide {
    pub(super) fn new() -> Self {
        Self {
            state: State::Open,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            credit: Outgoing::new(MUX_STREAM_WINDOW_BYTES),
            stopped: None,
            served: 0,
            released: false,
        }
    }

    /// Takes what fits from the front of `bytes`; says how much that was.
    pub(super) fn write(&mut self, bytes: &mut Bytes) -> Result<usize, HalfError> {
        self.check()?;
        if self.state != State::Open {
            return Err(HalfError::Closed);
        }
        let room = MUX_SEND_BUFFER_BYTES_MAX - self.waiting_bytes;
        let piece = bytes.split_to(room.min(bytes.len()));
        let taken = piece.len();
        if taken > 0 {
            self.waiting_bytes += taken;
            self.waiting.push_back(piece);
        }
        Ok(taken)
    }

    /// Whether the peer still wants it.
    pub(super) fn check(&self) -> Result<(), HalfError> {
        self.stopped.map_or(Ok(()), |code| Err(HalfError::Peer(code)))
    }

    pub(super) const fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.waiting.capacity() * size_of::<Bytes>() + self.waiting_bytes
    }

    /// Whether every byte, and `Fin` if it was asked for, has been sent.
    pub(super) fn is_flushed(&self) -> bool {
        self.waiting_bytes == 0 && matches!(self.state, State::Open | State::Ended)
    }

    pub(super) fn finish(&mut self) {
        if self.state == State::Open {
            self.state = State::Finishing;
        }
    }

    /// Gives up; without effect once it is finished or ended.
    pub(super) fn reset(&mut self, code: u32) {
        if self.state == State::Open {
            self.state = State::Resetting(code);
            self.forget();
        }
    }

    /// The peer wants no more.
    pub(super) fn stop(&mut self, code: u32) {
        if matches!(self.state, State::Open | State::Finishing) {
            self.stopped = Some(code);
            self.state = State::Resetting(code);
            self.forget();
        }
    }

    /// Drops what waits.
    pub(super) fn forget(&mut self) {
        self.waiting = VecDeque::new();
        self.waiting_bytes = 0;
    }

    /// The code of the `Reset` that is due.
    pub(super) const fn reset_due(&self) -> Option<u32> {
        match self.state {
            State::Resetting(code) => Some(code),
            _ => None,
        }
    }

    pub(super) fn is_fin_due(&self) -> bool {
        self.state == State::Finishing && self.waiting_bytes == 0
    }

    /// `Fin` or `Reset` was sent.
    pub(super) fn end(&mut self) {
        self.state = State::Ended;
    }

    pub(super) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Moves `length` of the waiting bytes to `out` and pays for them.
    pub(super) fn take(&mut self, length: usize, out: &mut impl BufMut) {
        let mut left = length;
        while left > 0 {
            let Some(piece) = self.waiting.front_mut() else { break };
            let part = left.min(piece.len());
            out.put_slice(&piece[..part]);
            piece.advance(part);
            if piece.is_empty() {
                self.waiting.pop_front();
            }
            left -= part;
        }
        self.waiting_bytes -= length;
        if self.waiting_bytes == 0 {
            // An idle connection keeps no buffers.
            self.waiting = VecDeque::new();
        }
        self.credit.spend(length as u64);
    }
}
