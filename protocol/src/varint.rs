//! The one variable-length integer of the protocol: the layout of bincode 2's
//! standard configuration, so that frame headers, mux frames and bodies agree.
//!
//! | first byte | value |
//! |---|---|
//! | 0..=250 | the byte itself |
//! | 251 (`0xFB`) | the next 2 bytes, little endian |
//! | 252 (`0xFC`) | the next 4 bytes, little endian |
//! | 253 (`0xFD`) | the next 8 bytes, little endian |
//!
//! Headers must use the shortest form; a longer one is an error.

use bytes::BufMut;
use thiserror::Error;

/// Longest encoding of a `u64`.
pub const BYTES_MAX: usize = 9;

/// Why an integer cannot be read.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VarintError {
    /// The first byte is none of the table above.
    #[error("0x{0:02x} does not begin an integer")]
    Prefix(u8),
    /// A shorter form exists.
    #[error("an integer is not in its shortest form")]
    Overlong,
}

impl VarintError {
    /// The name in the vectors, which other implementations read too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefix(_) => "varint_prefix",
            Self::Overlong => "varint_overlong",
        }
    }
}

/// Appends `value` in its shortest form.
pub fn put(out: &mut impl BufMut, value: u64) {
    if value < 251 {
        out.put_u8(value as u8);
    } else if value <= u64::from(u16::MAX) {
        out.put_u8(0xFB);
        out.put_u16_le(value as u16);
    } else if value <= u64::from(u32::MAX) {
        out.put_u8(0xFC);
        out.put_u32_le(value as u32);
    } else {
        out.put_u8(0xFD);
        out.put_u64_le(value);
    }
}

/// How many bytes [`put`] writes.
pub const fn len(value: u64) -> usize {
    if value < 251 {
        1
    } else if value <= u16::MAX as u64 {
        3
    } else if value <= u32::MAX as u64 {
        5
    } else {
        9
    }
}

/// Reads an integer from the front of `input`: the value and its length in bytes,
/// or `None` when more bytes are needed.
pub fn get(input: &[u8]) -> Result<Option<(u64, usize)>, VarintError> {
    let Some(&first) = input.first() else {
        return Ok(None);
    };
    let (width, floor) = match first {
        0..=250 => return Ok(Some((u64::from(first), 1))),
        0xFB => (2, 251),
        0xFC => (4, 1 << 16),
        0xFD => (8, 1 << 32),
        other => return Err(VarintError::Prefix(other)),
    };
    let Some(bytes) = input.get(1..1 + width) else {
        return Ok(None);
    };
    let value = bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    if value < floor {
        return Err(VarintError::Overlong);
    }
    Ok(Some((value, 1 + width)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_integer_round_trips(value: u64, tail: Vec<u8>) {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            prop_assert_eq!(bytes.len(), len(value));
            for cut in 0..bytes.len() {
                prop_assert_eq!(get(&bytes[..cut]), Ok(None));
            }
            let length = bytes.len();
            bytes.extend(tail);
            prop_assert_eq!(get(&bytes), Ok(Some((value, length))));
        }
    }

    #[test]
    fn longer_forms_and_unknown_prefixes_are_refused() {
        assert_eq!(get(&[0xFB, 250, 0]), Err(VarintError::Overlong));
        assert_eq!(get(&[0xFC, 0xFF, 0xFF, 0, 0]), Err(VarintError::Overlong));
        assert_eq!(get(&[0xFD, 0, 0, 0, 0xFF, 0, 0, 0, 0]), Err(VarintError::Overlong));
        assert_eq!(get(&[0xFE]), Err(VarintError::Prefix(0xFE)));
        assert_eq!(get(&[0xFF, 1]), Err(VarintError::Prefix(0xFF)));
    }
}
