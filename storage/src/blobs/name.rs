//! What a blob is called: a keyed hash, so that nobody who sees the folder can tell what
//! is in it, nor whether something they hold is.

use std::fmt;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobName(pub [u8; 32]);

impl BlobName {
    /// The one that is written so.
    pub(super) fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digit = |at: usize| match bytes[at] {
            digit @ b'0'..=b'9' => Some(digit - b'0'),
            letter @ b'a'..=b'f' => Some(letter - b'a' + 10),
            _ => None,
        };
        let mut name = [0; 32];
        if bytes.len() != 2 * name.len() {
            return None;
        }
        for (at, byte) in name.iter_mut().enumerate() {
            *byte = digit(2 * at)? << 4 | digit(2 * at + 1)?;
        }
        Some(Self(name))
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}
