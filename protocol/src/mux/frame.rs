//! The bytes of mux frames. A message is one or more whole frames:
//!
//! | kind | name | then |
//! |---|---|---|
//! | 0 | Data | stream varint, length varint, bytes |
//! | 1 | Fin | stream varint |
//! | 2 | Reset | stream varint, code varint |
//! | 3 | Stop | stream varint, code varint |
//! | 4 | Credit | stream varint, limit varint |
//! | 5 | Datagram | length varint, bytes |
//! | 6 | Open | stream varint, class u8 |

use bytes::BufMut;

use super::{Class, MuxError, StreamId};
use crate::{
    limits::{DATAGRAM_BYTES_MAX, MUX_CHUNK_BYTES_MAX, MUX_MESSAGE_BYTES_MAX},
    number::U53_END,
    varint,
};

const DATA: u8 = 0;
const FIN: u8 = 1;
const RESET: u8 = 2;
const STOP: u8 = 3;
const CREDIT: u8 = 4;
const DATAGRAM: u8 = 5;
const OPEN: u8 = 6;

/// One frame; bytes are borrowed from the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The next bytes of a stream, 1 to `MUX_CHUNK_BYTES_MAX` of them.
    Data { stream: StreamId, bytes: &'a [u8] },
    /// The sender has sent everything.
    Fin { stream: StreamId },
    /// The sender gives up.
    Reset { stream: StreamId, code: u32 },
    /// The receiver wants no more; the sender answers with `Reset` unless it had ended.
    Stop { stream: StreamId, code: u32 },
    /// The peer may send `limit` bytes in all on the stream; stream 0 is the pool.
    Credit { stream: StreamId, limit: u64 },
    /// A datagram.
    Datagram { bytes: &'a [u8] },
    /// The client opens a stream, both ways.
    Open { stream: StreamId, class: Class },
}

impl Frame<'_> {
    /// Appends the frame.
    pub fn put(&self, out: &mut impl BufMut) {
        match *self {
            Self::Data { stream, bytes } => {
                put_data_header(out, stream, bytes.len());
                out.put_slice(bytes);
            }
            Self::Fin { stream } => put_head(out, FIN, stream),
            Self::Reset { stream, code } => {
                put_head(out, RESET, stream);
                varint::put(out, u64::from(code));
            }
            Self::Stop { stream, code } => {
                put_head(out, STOP, stream);
                varint::put(out, u64::from(code));
            }
            Self::Credit { stream, limit } => {
                put_head(out, CREDIT, stream);
                varint::put(out, limit);
            }
            Self::Datagram { bytes } => {
                out.put_u8(DATAGRAM);
                varint::put(out, bytes.len() as u64);
                out.put_slice(bytes);
            }
            Self::Open { stream, class } => {
                put_head(out, OPEN, stream);
                out.put_u8(class.number());
            }
        }
    }
}

fn put_head(out: &mut impl BufMut, kind: u8, stream: StreamId) {
    out.put_u8(kind);
    varint::put(out, u64::from(stream));
}

/// The front of a `Data` frame whose bytes are gathered from several pieces.
pub(super) fn put_data_header(out: &mut impl BufMut, stream: StreamId, length: usize) {
    put_head(out, DATA, stream);
    varint::put(out, length as u64);
}

/// The frames of one message. It ends behind the first error.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
}

impl<'a> Frames<'a> {
    /// Checks what concerns the message as a whole.
    pub fn new(message: &'a [u8]) -> Result<Self, MuxError> {
        match message.len() {
            0 => Err(MuxError::EmptyMessage),
            length if length > MUX_MESSAGE_BYTES_MAX => Err(MuxError::MessageTooLong(length)),
            _ => Ok(Self { rest: message }),
        }
    }

    fn frame(&mut self) -> Result<Frame<'a>, MuxError> {
        Ok(match self.byte()? {
            DATA => {
                let stream = self.narrow()?;
                let length = self.varint()?;
                if length == 0 || length > MUX_CHUNK_BYTES_MAX as u64 {
                    return Err(MuxError::ChunkLength(length));
                }
                Frame::Data { stream, bytes: self.bytes(length as usize)? }
            }
            FIN => Frame::Fin { stream: self.narrow()? },
            RESET => Frame::Reset { stream: self.narrow()?, code: self.narrow()? },
            STOP => Frame::Stop { stream: self.narrow()?, code: self.narrow()? },
            CREDIT => {
                let (stream, limit) = (self.narrow()?, self.varint()?);
                if limit >= U53_END {
                    return Err(MuxError::Range);
                }
                Frame::Credit { stream, limit }
            }
            DATAGRAM => {
                let length = self.varint()?;
                if length > DATAGRAM_BYTES_MAX as u64 {
                    return Err(MuxError::DatagramTooLong(length));
                }
                Frame::Datagram { bytes: self.bytes(length as usize)? }
            }
            OPEN => {
                let (stream, class) = (self.narrow()?, self.byte()?);
                Frame::Open { stream, class: Class::from_number(class).ok_or(MuxError::Class(class))? }
            }
            other => return Err(MuxError::Kind(other)),
        })
    }

    fn byte(&mut self) -> Result<u8, MuxError> {
        let (&first, rest) = self.rest.split_first().ok_or(MuxError::Cut)?;
        self.rest = rest;
        Ok(first)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], MuxError> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(MuxError::Cut)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn varint(&mut self) -> Result<u64, MuxError> {
        let (value, length) = varint::get(self.rest)?.ok_or(MuxError::Cut)?;
        self.rest = &self.rest[length..];
        Ok(value)
    }

    fn narrow(&mut self) -> Result<u32, MuxError> {
        u32::try_from(self.varint()?).map_err(|_| MuxError::Range)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, MuxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let frame = self.frame();
        if frame.is_err() {
            self.rest = &[];
        }
        Some(frame)
    }
}
