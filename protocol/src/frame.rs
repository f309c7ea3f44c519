//! Frames: `length varint | kind varint | body`, where length counts kind and body.

use bytes::{Buf, Bytes, BytesMut};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::{
    code::Code,
    codec::{self, DecodeError},
    kind::{Body, Kind},
    varint::{self, VarintError},
};

/// One frame, its body still encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// As it travelled; it may be a kind that this version does not know.
    pub kind: u32,
    /// The bytes behind the kind.
    pub body: Bytes,
}

impl Frame {
    /// The kind, if this version knows it.
    pub fn known(&self) -> Option<Kind> {
        Kind::from_number(self.kind)
    }

    /// The body as `T`; the caller has looked at the kind.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        codec::decode(&self.body)
    }

    /// The body as `T` if the frame is of `T`'s kind.
    pub fn decode_if<T: Body + DeserializeOwned>(&self) -> Option<Result<T, DecodeError>> {
        (self.kind == T::KIND.number()).then(|| self.decode())
    }

    /// A datagram's kind and body.
    pub fn from_datagram(bytes: Bytes) -> Result<Self, FrameError> {
        split_kind(bytes)
    }
}

/// Why a stream holds no further frame.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The length in front is over the limit in force.
    #[error("a frame of {length} bytes is longer than the limit of {max}")]
    TooLong {
        /// As declared.
        length: u64,
        /// The limit in force.
        max: usize,
    },
    /// A length or a kind is no integer in shortest form.
    #[error("a frame's header: {0}")]
    Header(#[from] VarintError),
    /// The length leaves no room for the kind, or the kind is no `u32`.
    #[error("a frame's kind does not fit its length")]
    Kind,
}

impl FrameError {
    /// The code that a stream is reset with.
    pub const fn code(self) -> Code {
        match self {
            Self::TooLong { .. } => Code::FrameTooLong,
            Self::Header(_) | Self::Kind => Code::Malformed,
        }
    }

    /// The name in the vectors, which other implementations read too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Header(error) => error.name(),
            Self::Kind => "kind",
        }
    }
}

/// Cuts a stream of bytes into frames. It never holds more than one partial frame
/// and what the last push brought.
#[derive(Debug)]
pub struct FrameDecoder {
    buffer: BytesMut,
    body_bytes_max: usize,
}

impl FrameDecoder {
    /// `body_bytes_max` bounds kind and body of each frame.
    pub fn new(body_bytes_max: usize) -> Self {
        Self { buffer: BytesMut::new(), body_bytes_max }
    }

    /// Changes the limit for the frames that follow: it is smaller before `Welcome`.
    pub fn set_body_bytes_max(&mut self, body_bytes_max: usize) {
        self.body_bytes_max = body_bytes_max;
    }

    /// Takes bytes off a stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` when more bytes are needed. After an error
    /// the stream is of no further use.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some((length, header)) = varint::get(&self.buffer)? else {
            return Ok(None);
        };
        if length > self.body_bytes_max as u64 {
            return Err(FrameError::TooLong { length, max: self.body_bytes_max });
        }
        let length = length as usize;
        if self.buffer.len() < header + length {
            self.buffer.reserve(header + length - self.buffer.len());
            return Ok(None);
        }
        self.buffer.advance(header);
        let whole = self.buffer.split_to(length).freeze();
        if self.buffer.is_empty() {
            // An idle stream keeps no buffer.
            self.buffer = BytesMut::new();
        }
        split_kind(whole).map(Some)
    }

    /// Whether the stream may end here: a frame that is cut is an error.
    pub fn is_between_frames(&self) -> bool {
        self.buffer.is_empty()
    }
}

fn split_kind(mut whole: Bytes) -> Result<Frame, FrameError> {
    let (kind, header) = varint::get(&whole)?.ok_or(FrameError::Kind)?;
    let kind = u32::try_from(kind).map_err(|_| FrameError::Kind)?;
    whole.advance(header);
    Ok(Frame { kind, body: whole })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::control::Ping;
    use proptest::prelude::*;

    #[test]
    fn a_length_over_the_limit_is_refused_before_its_bytes_come() {
        let mut decoder = FrameDecoder::new(100);
        decoder.push(&[101]);
        assert_eq!(decoder.next_frame(), Err(FrameError::TooLong { length: 101, max: 100 }));
        let mut decoder = FrameDecoder::new(100);
        decoder.push(&[0xFD, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert!(matches!(decoder.next_frame(), Err(FrameError::TooLong { .. })));
    }

    #[test]
    fn a_frame_without_a_kind_is_refused() {
        let mut decoder = FrameDecoder::new(100);
        decoder.push(&[0]);
        assert_eq!(decoder.next_frame(), Err(FrameError::Kind));
        let mut decoder = FrameDecoder::new(100);
        decoder.push(&[2, 0xFB, 0xFF, 0xFF]);
        assert_eq!(decoder.next_frame(), Err(FrameError::Kind));
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut(nonces in proptest::collection::vec(any::<u32>(), 1..20), step in 1usize..40) {
            let mut bytes = BytesMut::new();
            for nonce in &nonces {
                codec::put_frame(&mut bytes, &Ping { nonce: *nonce });
            }
            let mut decoder = FrameDecoder::new(100);
            let mut seen = Vec::new();
            for piece in bytes.chunks(step) {
                decoder.push(piece);
                while let Some(frame) = decoder.next_frame().unwrap() {
                    seen.push(frame.decode_if::<Ping>().unwrap().unwrap().nonce);
                }
            }
            prop_assert!(decoder.is_between_frames());
            prop_assert_eq!(seen, nonces);
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let mut decoder = FrameDecoder::new(1_000);
            decoder.push(&bytes);
            while let Ok(Some(frame)) = decoder.next_frame() {
                crate::message::check_body(&frame).ok();
            }
        }
    }
}
