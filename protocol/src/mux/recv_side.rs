//! The receiving half of one stream: bytes that came and wait to be read.

use bytes::{Bytes, BytesMut};

use super::{HalfError, credit::Incoming, machine::Read};
use crate::limits::MUX_STREAM_WINDOW_BYTES;

/// Where the half stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// More may come.
    Open,
    /// The application wants no more; the peer's end is awaited.
    Stopped,
    /// The peer has sent everything.
    Finished,
    /// The peer gave up.
    Reset(u32),
}

/// Why bytes of the peer were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    OverCredit,
    AfterEnd,
}

#[derive(Debug)]
pub(super) struct RecvSide {
    state: State,
    /// Copied from messages, so that one small piece never keeps a long message.
    buffer: BytesMut,
    credit: Incoming,
    credit_due: bool,
    stop_due: Option<u32>,
    /// Whether the application has let go of it.
    pub(super) released: bool,
}

impl RecvSide {
    pub(super) fn new() -> Self {
        Self {
            state: State::Open,
            buffer: BytesMut::new(),
            credit: Incoming::new(MUX_STREAM_WINDOW_BYTES),
            credit_due: false,
            stop_due: None,
            released: false,
        }
    }

    /// Bytes have come. Says how many were thrown away at once.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<usize, Refused> {
        if self.is_ended() {
            return Err(Refused::AfterEnd);
        }
        if !self.credit.receive(bytes.len() as u64) {
            return Err(Refused::OverCredit);
        }
        if self.state == State::Stopped {
            return Ok(bytes.len());
        }
        self.buffer.extend_from_slice(bytes);
        Ok(0)
    }

    /// The peer has sent everything.
    pub(super) fn finish(&mut self) -> Result<(), Refused> {
        self.end(State::Finished)
    }

    /// The peer gave up. Says how many unread bytes were thrown away.
    pub(super) fn reset(&mut self, code: u32) -> Result<usize, Refused> {
        self.end(State::Reset(code))?;
        Ok(self.forget())
    }

    fn end(&mut self, state: State) -> Result<(), Refused> {
        if self.is_ended() {
            return Err(Refused::AfterEnd);
        }
        self.state = state;
        self.credit_due = false;
        self.stop_due = None;
        Ok(())
    }

    /// Whether the peer's `Fin` or `Reset` has come.
    pub(super) const fn is_ended(&self) -> bool {
        matches!(self.state, State::Finished | State::Reset(_))
    }

    /// Everything that waits.
    pub(super) fn read(&mut self) -> Result<Read, HalfError> {
        if !self.buffer.is_empty() {
            let bytes: Bytes = std::mem::take(&mut self.buffer).freeze();
            if self.credit.consume(bytes.len() as u64) && self.state == State::Open {
                self.credit_due = true;
            }
            return Ok(Read::Bytes(bytes));
        }
        match self.state {
            State::Open => Ok(Read::Nothing),
            State::Finished => Ok(Read::End),
            State::Reset(code) => Err(HalfError::Peer(code)),
            State::Stopped => Err(HalfError::Closed),
        }
    }

    /// The application wants no more. Says how many unread bytes were thrown away.
    pub(super) fn stop(&mut self, code: u32) -> usize {
        if self.state == State::Open {
            self.state = State::Stopped;
            self.stop_due = Some(code);
            self.credit_due = false;
        }
        self.forget()
    }

    fn forget(&mut self) -> usize {
        std::mem::take(&mut self.buffer).len()
    }

    pub(super) fn unread_bytes(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// The grant that is due, once.
    pub(super) fn take_credit_due(&mut self) -> Option<u64> {
        std::mem::take(&mut self.credit_due).then(|| self.credit.limit())
    }

    /// The code of the `Stop` that is due, once.
    pub(super) fn take_stop_due(&mut self) -> Option<u32> {
        self.stop_due.take()
    }

    pub(super) const fn has_signal(&self) -> bool {
        self.credit_due || self.stop_due.is_some()
    }
}
