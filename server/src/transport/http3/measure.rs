//! How much a stream of HTTP/3 may bring.
//!
//! h3 gathers a frame until it is whole, however long it claims to be, and takes the end
//! of a stream inside a DATA frame for the end of the body. So the frames are counted
//! before h3 sees them, without reading what is in them.

use crate::transport::limits::{HTTP3_FRAME_BYTES_MAX, HTTP3_REQUEST_BYTES_MAX};
use thiserror::Error;

/// Kinds of frames (RFC 9114, section 7.2, and the WebTransport draft, section 4.2).
const DATA: u64 = 0x00;
const WEBTRANSPORT_STREAM: u64 = 0x41;
/// The kind of a one-way stream that has frames (RFC 9114, section 6.2.1).
const CONTROL_STREAM: u64 = 0x00;

/// Why a stream is not read on.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(super) enum Overrun {
    #[error("a frame is too long")]
    Frame,
    #[error("the stream brought too many bytes")]
    Stream,
    #[error("the stream ended inside a frame")]
    Cut,
}

/// Counts what one stream brings.
#[derive(Debug)]
pub(super) struct Measure {
    state: State,
    /// What may still come; the control stream may bring frames as long as it lives.
    left_bytes: Option<usize>,
}

#[derive(Debug)]
enum State {
    /// Before the kind of a one-way stream.
    StreamKind(Number),
    FrameKind(Number),
    FrameLength {
        kind: u64,
        number: Number,
    },
    Payload {
        left_bytes: u64,
    },
    /// No frames follow.
    Opaque,
}

impl Measure {
    /// For a request's stream.
    pub(super) fn request() -> Self {
        Self { state: State::FrameKind(Number::default()), left_bytes: Some(HTTP3_REQUEST_BYTES_MAX) }
    }

    /// For a one-way stream, which says first what it is.
    pub(super) fn one_way() -> Self {
        Self { state: State::StreamKind(Number::default()), left_bytes: Some(HTTP3_FRAME_BYTES_MAX) }
    }

    /// These bytes have come.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<(), Overrun> {
        let came = bytes.len();
        while let Some((&first, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Opaque => break,
                State::Payload { left_bytes } => {
                    let read = bytes.len().min(usize::try_from(*left_bytes).unwrap_or(usize::MAX));
                    *left_bytes -= read as u64;
                    bytes = &bytes[read..];
                    if *left_bytes == 0 {
                        self.state = State::FrameKind(Number::default());
                    }
                }
                State::StreamKind(number) => {
                    bytes = rest;
                    match number.push(first) {
                        Some(CONTROL_STREAM) => *self = Self::control(),
                        Some(_) => self.state = State::Opaque,
                        None => {}
                    }
                }
                State::FrameKind(number) => {
                    bytes = rest;
                    match number.push(first) {
                        Some(WEBTRANSPORT_STREAM) => self.state = State::Opaque,
                        Some(kind) => self.state = State::FrameLength { kind, number: Number::default() },
                        None => {}
                    }
                }
                State::FrameLength { kind, number } => {
                    bytes = rest;
                    match number.push(first) {
                        Some(length) if *kind != DATA && length > HTTP3_FRAME_BYTES_MAX as u64 => {
                            return Err(Overrun::Frame);
                        }
                        Some(0) => self.state = State::FrameKind(Number::default()),
                        Some(left_bytes) => self.state = State::Payload { left_bytes },
                        None => {}
                    }
                }
            }
        }
        // Behind the rest, because the first byte may say that there is no bound.
        if let Some(left) = &mut self.left_bytes {
            *left = left.checked_sub(came).ok_or(Overrun::Stream)?;
        }
        Ok(())
    }

    /// No more bytes come.
    pub(super) fn end(&self) -> Result<(), Overrun> {
        match &self.state {
            State::Opaque => Ok(()),
            State::StreamKind(number) | State::FrameKind(number) if number.is_empty() => Ok(()),
            _ => Err(Overrun::Cut),
        }
    }

    fn control() -> Self {
        Self { state: State::FrameKind(Number::default()), left_bytes: None }
    }
}

/// An integer of QUIC (RFC 9000, section 16), byte by byte.
#[derive(Debug, Default)]
struct Number {
    value: u64,
    read: u8,
    length: u8,
}

impl Number {
    fn is_empty(&self) -> bool {
        self.read == 0
    }

    /// The number, once it is whole.
    fn push(&mut self, byte: u8) -> Option<u64> {
        if self.is_empty() {
            self.length = 1 << (byte >> 6);
            self.value = u64::from(byte & 0x3F);
        } else {
            self.value = self.value << 8 | u64::from(byte);
        }
        self.read += 1;
        (self.read == self.length).then_some(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the bytes are cut.
    fn check(measure: fn() -> Measure, bytes: &[u8], taken: Result<(), Overrun>, end: Result<(), Overrun>) {
        for step in [1, 2, 7, bytes.len().max(1)] {
            let mut measure = measure();
            let result = bytes.chunks(step).try_for_each(|bytes| measure.take(bytes));
            assert_eq!(result, taken, "{:?} by {step}", &bytes[..bytes.len().min(20)]);
            if taken.is_ok() {
                assert_eq!(measure.end(), end, "{:?} by {step}", &bytes[..bytes.len().min(20)]);
            }
        }
    }

    #[test]
    fn a_request_is_bounded_as_a_whole_and_so_is_each_of_its_frames_but_data() {
        check(Measure::request, b"", Ok(()), Ok(()));
        check(Measure::request, b"\x01\x02hh\x00\x03abc", Ok(()), Ok(()));
        check(Measure::request, b"\x01\x02hh\x00\x03ab", Ok(()), Err(Overrun::Cut));
        check(Measure::request, b"\x01\x02hh\x00", Ok(()), Err(Overrun::Cut));
        check(Measure::request, b"\x40", Ok(()), Err(Overrun::Cut));
        // GREASE of no length, then one of 2^30 - 1 bytes.
        check(Measure::request, b"\x21\x00\x01\x01h", Ok(()), Ok(()));
        check(Measure::request, b"\x21\xBF\xFF\xFF\xFF", Err(Overrun::Frame), Ok(()));
        check(Measure::request, b"\x01\x80\x01\x00\x01", Err(Overrun::Frame), Ok(()));
        check(Measure::request, b"\x01\x80\x01\x00\x00h", Ok(()), Err(Overrun::Cut));
        // DATA that says it is long is let in up to the bound.
        let mut long = b"\x00\xBF\xFF\xFF\xFF".to_vec();
        long.resize(HTTP3_REQUEST_BYTES_MAX, 0);
        check(Measure::request, &long, Ok(()), Err(Overrun::Cut));
        long.push(0);
        check(Measure::request, &long, Err(Overrun::Stream), Ok(()));
        // A stream of a session has no frames.
        check(Measure::request, b"\x40\x41\x00whatever", Ok(()), Ok(()));
    }

    #[test]
    fn the_control_stream_may_speak_for_ever_and_others_may_not() {
        let settings = b"\x00\x04\x02\x06\x40".to_vec();
        check(Measure::one_way, &settings, Ok(()), Ok(()));
        let mut chatty = vec![0];
        // PRIORITY_UPDATE (RFC 9218) of ten bytes, over and over.
        (0..20_000).for_each(|_| chatty.extend_from_slice(b"\x80\x0F\x07\x00\x0A0123456789"));
        check(Measure::one_way, &chatty, Ok(()), Ok(()));
        check(Measure::one_way, b"\x00\x04\xBF\xFF\xFF\xFF", Err(Overrun::Frame), Ok(()));
        check(Measure::one_way, &vec![2; HTTP3_FRAME_BYTES_MAX + 1], Err(Overrun::Stream), Ok(()));
        check(Measure::one_way, b"", Ok(()), Ok(()));
    }
}
