//! Integers that JavaScript can hold exactly.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The first integer that a JavaScript number cannot tell from its neighbour.
pub const U53_END: u64 = 1 << 53;

/// An unsigned integer below 2^53. The bound is checked where bytes are decoded, so
/// that no peer can hand a browser a number it would silently round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct U53(u64);

impl U53 {
    /// The largest value.
    pub const MAX: Self = Self(U53_END - 1);

    /// `None` at or above 2^53.
    pub const fn new(value: u64) -> Option<Self> {
        if value < U53_END { Some(Self(value)) } else { None }
    }

    /// For values that the server itself counts or reads off a clock; clamps.
    pub const fn saturating(value: u64) -> Self {
        if value < U53_END { Self(value) } else { Self::MAX }
    }

    /// The plain integer.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<U53> for u64 {
    fn from(value: U53) -> Self {
        value.0
    }
}

impl From<u32> for U53 {
    fn from(value: u32) -> Self {
        Self(u64::from(value))
    }
}

impl<'de> Deserialize<'de> for U53 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = u64;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an integer below 2^53")
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<u64, E> {
                Ok(value)
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
                u64::deserialize(deserializer)
            }
        }
        let value = deserializer.deserialize_newtype_struct("U53", Visitor)?;
        Self::new(value).ok_or_else(|| D::Error::custom("an integer is not below 2^53"))
    }
}
