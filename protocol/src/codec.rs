//! The only module that names the codec: bincode 2, standard configuration, through
//! serde. Integers are the varints of [`crate::varint`], signed ones zigzag first.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bytes::{BufMut, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::{kind::Body, limits::FRAME_BODY_BYTES_MAX, varint};

/// Why bytes are not the value they should be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A length lies, text is no UTF-8, an integer is out of range, bytes are missing.
    #[error("the body does not decode: {0}")]
    Malformed(#[from] bincode::error::DecodeError),
    /// Bytes are left behind the value.
    #[error("{0} bytes are left behind the body")]
    Leftover(usize),
}

/// The limit is what stops a declared length of 2^40 from being allocated.
fn configuration() -> Configuration<LittleEndian, Varint, Limit<FRAME_BODY_BYTES_MAX>> {
    bincode::config::standard().with_limit::<FRAME_BODY_BYTES_MAX>()
}

/// A value from exactly `bytes`.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, used) = decode_prefix(bytes)?;
    match bytes.len() - used {
        0 => Ok(value),
        left => Err(DecodeError::Leftover(left)),
    }
}

/// A value from the front of `bytes`, and how many bytes it took: for the header of
/// an entry whose kind is unknown.
pub fn decode_prefix<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), DecodeError> {
    Ok(bincode::serde::decode_from_slice(bytes, configuration())?)
}

/// The body's bytes. Wire types have no value that fails to encode.
///
/// # Panics
/// When a type breaks that rule (a map of unknown length, say), which the vectors show.
#[allow(clippy::expect_used)]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).expect("wire types always encode")
}

/// A whole frame: length, kind, body.
pub fn frame<T: Body>(value: &T) -> Bytes {
    let mut out = BytesMut::new();
    put_frame(&mut out, value);
    out.freeze()
}

/// Appends a whole frame, so that several share one buffer and one write.
pub fn put_frame<T: Body>(out: &mut BytesMut, value: &T) {
    let body = encode(value);
    let kind = u64::from(T::KIND.number());
    varint::put(out, (varint::len(kind) + body.len()) as u64);
    varint::put(out, kind);
    out.put_slice(&body);
}

/// A datagram: kind, body. Its length is the transport's.
pub fn datagram<T: Body>(value: &T) -> Bytes {
    let mut out = BytesMut::new();
    varint::put(&mut out, u64::from(T::KIND.number()));
    out.put_slice(&encode(value));
    out.freeze()
}
