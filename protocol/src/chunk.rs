//! A `FileChunk` without a copy of its bytes, which are most of what a file costs.

use bytes::{Bytes, BytesMut};

use crate::{
    codec::{self, DecodeError},
    kind::Body as _,
    message::FileChunk,
    number::U53,
    varint,
};

/// The frame of a chunk up to its bytes, which are to follow as they are.
pub fn head(offset: U53, length: usize) -> Bytes {
    let (kind, length) = (u64::from(FileChunk::KIND.number()), length as u64);
    let fields = [kind, offset.get(), length];
    let mut out = BytesMut::with_capacity(varint::BYTES_MAX * 4);
    varint::put(&mut out, fields.iter().map(|field| varint::len(*field) as u64).sum::<u64>() + length);
    for field in fields {
        varint::put(&mut out, field);
    }
    out.freeze()
}

/// A chunk whose bytes are those of the frame's body.
///
/// # Errors
/// As [`codec::decode`] of a [`FileChunk`].
pub fn decode(body: &Bytes) -> Result<FileChunk, DecodeError> {
    let ((offset, length), used) = codec::decode_prefix::<(U53, U53)>(body)?;
    let bytes = body.slice(used..);
    if bytes.len() as u64 == length.get() {
        return Ok(FileChunk { offset, bytes });
    }
    // The reason is the codec's.
    codec::decode(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_what_the_codec_makes_of_it() {
        for offset in [0, 250, 251, 65_536, 1 << 40, U53::MAX.get()] {
            for length in [0, 1, 250, 251, 65_535, 65_536] {
                let offset = U53::new(offset).unwrap();
                let chunk = FileChunk { offset, bytes: Bytes::from(vec![7; length]) };
                let whole = codec::frame(&chunk);
                assert_eq!([head(offset, length), chunk.bytes.clone()].concat(), whole);
                let body = Bytes::from(codec::encode(&chunk));
                assert_eq!(decode(&body).unwrap(), chunk);
                let longer = Bytes::from([&body[..], &[0]].concat());
                assert!(decode(&longer).is_err());
                assert!(decode(&body.slice(..body.len() - 1)).is_err());
            }
        }
    }
}
