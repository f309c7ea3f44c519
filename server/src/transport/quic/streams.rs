//! Streams of quinn, under the codes of raw QUIC or of WebTransport.

use super::{
    owner::{Orphan, Owner},
    windows::FileStream,
};
use crate::transport::{Priority, RecvStream as RecvContract, SendStream as SendContract, StreamError};
use bytes::Bytes;
use quinn::{ReadError, WriteError};
use rill_protocol::Code;
use std::sync::Arc;

/// The sending half of a QUIC stream.
pub struct SendStream {
    /// Absent once it has ended: quinn would let a reset overtake what was finished.
    quic: Option<quinn::SendStream>,
    /// Present while it carries files.
    file: Option<FileStream>,
    owner: Arc<Owner>,
}

impl SendStream {
    pub(in crate::transport) fn new(quic: quinn::SendStream, owner: Arc<Owner>) -> Self {
        Self { quic: Some(quic), file: None, owner }
    }

    fn end(&mut self, act: impl FnOnce(&mut quinn::SendStream, &Owner)) {
        self.file = None;
        let Some(mut quic) = self.quic.take() else { return };
        if self.owner.is_over() {
            self.owner.adopt(Orphan::Send(quic));
        } else {
            act(&mut quic, &self.owner);
        }
    }
}

/// As quinn wants it.
pub(in crate::transport) const fn rank(priority: Priority) -> i32 {
    match priority {
        Priority::Control => 30,
        Priority::LaneInView => 20,
        Priority::LaneOthers => 10,
        // Below 0, which is where HTTP/3's own streams are.
        Priority::History => -10,
        Priority::File => -20,
    }
}

impl SendContract for SendStream {
    async fn write(&mut self, mut chunks: Vec<Bytes>) -> Result<(), StreamError> {
        let Some(quic) = self.quic.as_mut().filter(|_| !self.owner.is_over()) else {
            return Err(StreamError::Closed);
        };
        tokio::select! {
            biased;
            result = self.owner.windows.write(quic, &mut chunks, self.file.is_some()) => result.map_err(|error| match error {
                WriteError::Stopped(code) => StreamError::Peer(self.owner.codes.decode_stream(code)),
                _ => StreamError::Closed,
            }),
            _ = self.owner.ending.wait() => Err(StreamError::Closed),
        }
    }

    fn finish(&mut self) {
        // An error says that the peer has stopped it.
        self.end(|quic, _| drop(quic.finish()));
    }

    fn reset(&mut self, code: Code) {
        self.end(|quic, owner| drop(quic.reset(owner.codes.encode(code))));
    }

    fn set_priority(&mut self, priority: Priority) {
        let Some(quic) = &self.quic else { return };
        match priority {
            Priority::File if self.file.is_none() => self.file = Some(self.owner.windows.file()),
            Priority::File => {}
            _ => self.file = None,
        }
        let _ = quic.set_priority(rank(priority));
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        // quinn would finish the stream as if all had been said.
        self.reset(Code::Normal);
    }
}

/// The receiving half of a QUIC stream.
pub struct RecvStream {
    /// Absent once it was stopped.
    quic: Option<quinn::RecvStream>,
    owner: Arc<Owner>,
}

impl RecvStream {
    pub(in crate::transport) fn new(quic: quinn::RecvStream, owner: Arc<Owner>) -> Self {
        Self { quic: Some(quic), owner }
    }
}

impl RecvContract for RecvStream {
    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        let Some(quic) = &mut self.quic else { return Err(StreamError::Closed) };
        tokio::select! {
            biased;
            result = quic.read_chunk(usize::MAX, true) => match result {
                Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes)),
                Err(ReadError::Reset(code)) => Err(StreamError::Peer(self.owner.codes.decode_stream(code))),
                Err(_) => Err(StreamError::Closed),
            },
            _ = self.owner.ending.wait() => Err(StreamError::Closed),
        }
    }

    fn stop(&mut self, code: Code) {
        let Some(mut quic) = self.quic.take() else { return };
        if self.owner.is_over() {
            self.owner.adopt(Orphan::Recv(quic));
        } else {
            // An error says that the peer has ended it.
            let _ = quic.stop(self.owner.codes.encode(code));
        }
    }
}

impl Drop for RecvStream {
    fn drop(&mut self) {
        self.stop(Code::Normal);
    }
}
