//! The only module that names the codec: bincode 2, standard configuration, through
//! serde. Integers are the varints of [`crate::varint`], signed ones zigzag first.

use bincode::{
    config::{Configuration, Limit, LittleEndian, Varint},
    enc::write::Writer,
    error::EncodeError,
};
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

/// What most frames fit into, so that encoding one allocates once.
const FRAME_BYTES_USUAL: usize = 256;

/// Lets bincode append to a buffer that holds other things already.
struct Appended<'a>(&'a mut BytesMut);

impl Writer for Appended<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.put_slice(bytes);
        Ok(())
    }
}

/// Appends the body. Wire types have no value that fails to encode.
///
/// # Panics
/// When a type breaks that rule (a map of unknown length, say), which the vectors show.
#[allow(clippy::expect_used)]
fn put_body<T: Serialize>(out: &mut BytesMut, value: &T) {
    bincode::serde::encode_into_writer(value, Appended(out), bincode::config::standard())
        .expect("wire types always encode");
}

/// The body's bytes.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(FRAME_BYTES_USUAL);
    put_body(&mut out, value);
    out.into()
}

/// A whole frame: length, kind, body.
pub fn frame<T: Body>(value: &T) -> Bytes {
    let mut out = BytesMut::with_capacity(FRAME_BYTES_USUAL);
    put_frame(&mut out, value);
    out.freeze()
}

/// Appends a whole frame, so that several share one buffer and one write.
pub fn put_frame<T: Body>(out: &mut BytesMut, value: &T) {
    // The length is known last. One byte is kept for it, and what follows moves up
    // when it needs more.
    let start = out.len();
    out.put_u8(0);
    put_kind_and_body(out, value);
    let length = out.len() - start - 1;
    let header = varint::len(length as u64);
    out.put_bytes(0, header - 1);
    out.copy_within(start + 1..start + 1 + length, start + header);
    varint::put(&mut &mut out[start..start + header], length as u64);
}

/// A datagram: kind, body. Its length is the transport's.
pub fn datagram<T: Body>(value: &T) -> Bytes {
    let mut out = BytesMut::with_capacity(FRAME_BYTES_USUAL);
    put_kind_and_body(&mut out, value);
    out.freeze()
}

fn put_kind_and_body<T: Body>(out: &mut BytesMut, value: &T) {
    varint::put(out, u64::from(T::KIND.number()));
    put_body(out, value);
}
