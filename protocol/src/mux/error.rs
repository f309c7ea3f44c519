//! How a mux, a half or an opening can fail.

use thiserror::Error;

use super::StreamId;
use crate::{code::Code, varint::VarintError};

/// What the peer did wrong. The connection is of no further use: it is closed with
/// [`MuxError::code`].
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MuxError {
    /// A message must hold a frame.
    #[error("a message holds no frame")]
    EmptyMessage,
    /// Over `MUX_MESSAGE_BYTES_MAX`.
    #[error("a message of {0} bytes is too long")]
    MessageTooLong(usize),
    /// Frames never span messages.
    #[error("the end of a message cuts a frame")]
    Cut,
    /// The first byte of a frame.
    #[error("{0} is no kind of mux frame")]
    Kind(u8),
    /// The last byte of an `Open`.
    #[error("{0} is no class of streams")]
    Class(u8),
    /// An integer is not in shortest form, or none at all.
    #[error("a mux frame's integer: {0}")]
    Varint(#[from] VarintError),
    /// A stream or code is no `u32`, or a credit not below 2^53.
    #[error("a number is out of its range")]
    Range,
    /// A `Data` frame carries 1 to `MUX_CHUNK_BYTES_MAX` bytes.
    #[error("a chunk of {0} bytes")]
    ChunkLength(u64),
    /// Over `DATAGRAM_BYTES_MAX`.
    #[error("a datagram of {0} bytes")]
    DatagramTooLong(u64),
    /// No `Open` named the stream.
    #[error("stream {0} was never opened")]
    UnknownStream(StreamId),
    /// Ids rise by one.
    #[error("stream {found} was opened instead of stream {expected}")]
    OpenOrder {
        /// The id that was due.
        expected: StreamId,
        /// The id that came.
        found: StreamId,
    },
    /// Only clients open streams.
    #[error("the server opened a stream")]
    OpenByServer,
    /// Over `STREAMS_MAX`.
    #[error("too many streams are open")]
    TooManyStreams,
    /// More bytes than this side granted to the stream.
    #[error("more bytes on stream {0} than granted")]
    OverStreamCredit(StreamId),
    /// More bytes than this side granted to the pool.
    #[error("more bytes on history and file streams than granted")]
    OverPoolCredit,
    /// A grant is never taken back.
    #[error("the credit of stream {0} shrank")]
    CreditShrank(StreamId),
    /// Something of the peer's sending half came behind its `Fin` or `Reset`.
    #[error("stream {0} went on behind its end")]
    AfterEnd(StreamId),
}

impl MuxError {
    /// The code that the connection is closed with.
    pub const fn code(self) -> Code {
        match self {
            Self::TooManyStreams => Code::TooManyStreams,
            _ => Code::MuxViolation,
        }
    }

    /// The name in the vectors, which other implementations read too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmptyMessage => "empty_message",
            Self::MessageTooLong(_) => "message_too_long",
            Self::Cut => "cut",
            Self::Kind(_) => "kind",
            Self::Class(_) => "class",
            Self::Varint(error) => error.name(),
            Self::Range => "range",
            Self::ChunkLength(_) => "chunk_length",
            Self::DatagramTooLong(_) => "datagram_too_long",
            Self::UnknownStream(_) => "unknown_stream",
            Self::OpenOrder { .. } => "open_order",
            Self::OpenByServer => "open_by_server",
            Self::TooManyStreams => "too_many_streams",
            Self::OverStreamCredit(_) => "over_stream_credit",
            Self::OverPoolCredit => "over_pool_credit",
            Self::CreditShrank(_) => "credit_shrank",
            Self::AfterEnd(_) => "after_end",
        }
    }
}

/// Why a half of a stream is of no further use.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HalfError {
    /// The peer reset its sending half, or stopped reading ours.
    #[error("the peer ended the stream with code {0}")]
    Peer(u32),
    /// The connection is closed, or this side ended the half itself.
    #[error("the stream is closed")]
    Closed,
}

/// Why no stream was opened.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// Only clients open streams.
    #[error("only clients open streams")]
    NotClient,
    /// `STREAMS_MAX` streams are open: wait until one has ended both ways.
    #[error("as many streams are open as allowed")]
    TooMany,
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
}
