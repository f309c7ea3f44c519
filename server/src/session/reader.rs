//! Frames off a stream.

use rill_protocol::{Code, Frame, FrameDecoder};

use crate::transport::{RecvStream, StreamError};

/// Why a stream gives no further frame.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The peer broke the rules of framing.
    Violation(Code),
    /// The stream or the connection is gone.
    Gone,
}

/// Cuts a stream into frames. Cancel safe.
pub(super) struct FrameReader<R> {
    recv: R,
    decoder: FrameDecoder,
}

impl<R: RecvStream> FrameReader<R> {
    pub(super) fn new(recv: R, body_bytes_max: usize) -> Self {
        Self { recv, decoder: FrameDecoder::new(body_bytes_max) }
    }

    pub(super) fn set_body_bytes_max(&mut self, body_bytes_max: usize) {
        self.decoder.set_body_bytes_max(body_bytes_max);
    }

    /// The next frame, or `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Frame>, ReadError> {
        loop {
            if let Some(frame) = self.decoder.next_frame().map_err(|error| ReadError::Violation(error.code()))? {
                return Ok(Some(frame));
            }
            match self.recv.read().await {
                Ok(Some(bytes)) => self.decoder.push(&bytes),
                Ok(None) if self.decoder.is_between_frames() => return Ok(None),
                Ok(None) => return Err(ReadError::Violation(Code::CutFrame)),
                Err(StreamError::Peer(_) | StreamError::Closed) => return Err(ReadError::Gone),
            }
        }
    }

    pub(super) fn stop(&mut self, code: Code) {
        self.recv.stop(code);
    }
}
