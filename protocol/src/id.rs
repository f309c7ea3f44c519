//! Ids: 16 bytes, as text 26 characters of Crockford's base32. No meaning is read
//! from their bytes; that makers use UUIDv7 (RFC 9562) only keeps indexes tidy.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};
use thiserror::Error;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters in an id's text form.
pub const TEXT_LEN: usize = 26;

/// Why a text is not an id.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("an id is 26 characters of Crockford base32, the first of them 0 to 7")]
pub struct ParseIdError;

fn to_text(bytes: [u8; 16]) -> [u8; TEXT_LEN] {
    let mut value = u128::from_be_bytes(bytes);
    let mut text = [0; TEXT_LEN];
    for slot in text.iter_mut().rev() {
        *slot = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    text
}

fn from_text(text: &str) -> Result<[u8; 16], ParseIdError> {
    if text.len() != TEXT_LEN {
        return Err(ParseIdError);
    }
    let mut value: u128 = 0;
    for (at, byte) in text.bytes().enumerate() {
        // Crockford: letters in either case, O reads as 0, I and L as 1.
        let upper = match byte.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        };
        let digit = ALPHABET.iter().position(|c| *c == upper).ok_or(ParseIdError)?;
        if at == 0 && digit > 7 {
            return Err(ParseIdError);
        }
        value = (value << 5) | digit as u128;
    }
    Ok(value.to_be_bytes())
}

/// A UUIDv7 (RFC 9562, section 5.7) from a time and ten random bytes, of which 74
/// bits are used.
pub fn uuid_v7(unix_ms: u64, random: [u8; 10]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&unix_ms.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    bytes[6] = (bytes[6] & 0x0F) | 0x70;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    bytes
}

/// Text where a person reads (JSON), the bare bytes where a machine does.
macro_rules! serde_as_text_or_bytes {
    ($name:ident, $len:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_newtype_struct(stringify!($name), &self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = [u8; $len];
                    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(out, "{} bytes", $len)
                    }
                    fn visit_newtype_struct<D: Deserializer<'de>>(
                        self,
                        deserializer: D,
                    ) -> Result<Self::Value, D::Error> {
                        <[u8; $len]>::deserialize(deserializer)
                    }
                }
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    text.parse().map_err(D::Error::custom)
                } else {
                    deserializer.deserialize_newtype_struct(stringify!($name), Visitor).map(Self)
                }
            }
        }
    };
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// An id from a time and randomness; see [`uuid_v7`].
            pub fn v7(unix_ms: u64, random: [u8; 10]) -> Self {
                Self(uuid_v7(unix_ms, random))
            }

            /// The bytes, in the order in which they travel.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = to_text(self.0);
                out.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                from_text(text).map(Self)
            }
        }

        serde_as_text_or_bytes!($name, 16);
    )*};
}

ids! {
    /// A person or bot.
    UserId
    /// A room: a group or a private chat.
    RoomId
    /// One login of one device.
    SessionId
    /// Made by the client for each request that changes something and kept until
    /// the answer; a retry under the same id changes nothing a second time.
    ClientId
    /// One race of transports: the Hellos of one attempt carry the same id.
    AttemptId
    /// An incarnation of a log. Sequence numbers compare only within one epoch.
    Epoch
    /// Made by the client for each file that it sends, and kept until the file is there:
    /// under it a transfer goes on, from any device of the user.
    TransferId
}

/// Proof of a login, used once: 16 bytes of user id, 16 bytes of secret.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Ticket(pub [u8; 32]);

impl Ticket {
    /// Joins the two halves.
    pub fn new(user: UserId, secret: [u8; 16]) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&user.0);
        bytes[16..].copy_from_slice(&secret);
        Self(bytes)
    }

    /// Whose ticket it claims to be.
    pub fn user(&self) -> UserId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0[..16]);
        UserId(bytes)
    }

    /// The half that proves it.
    pub fn secret(&self) -> &[u8] {
        &self.0[16..]
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Ticket({}, secret)", self.user())
    }
}

/// The digest of a whole file: BLAKE3, 32 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FileDigest(pub [u8; 32]);

impl fmt::Debug for FileDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "FileDigest({self})")
    }
}

/// Why a text is not 32 bytes.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("this is 64 hexadecimal digits")]
pub struct ParseHexError;

fn from_hex(text: &str) -> Result<[u8; 32], ParseHexError> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(ParseHexError);
    }
    let digit = |byte: u8| (byte as char).to_digit(16).ok_or(ParseHexError);
    let mut bytes = [0; 32];
    for (slot, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *slot = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Ok(bytes)
}

macro_rules! hexadecimal {
    ($name:ident) => {
        /// 64 lower-case hexadecimal digits.
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }

        impl FromStr for $name {
            type Err = ParseHexError;
            fn from_str(text: &str) -> Result<Self, ParseHexError> {
                from_hex(text).map(Self)
            }
        }

        serde_as_text_or_bytes!($name, 32);
    };
}

hexadecimal!(Ticket);
hexadecimal!(FileDigest);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_round_trips(bytes: [u8; 16]) {
            let id = RoomId(bytes);
            prop_assert_eq!(id.to_string().parse::<RoomId>(), Ok(id));
            prop_assert_eq!(id.to_string().to_lowercase().parse::<RoomId>(), Ok(id));
        }

        #[test]
        fn ticket_text_round_trips(bytes: [u8; 32]) {
            prop_assert_eq!(Ticket(bytes).to_string().parse::<Ticket>(), Ok(Ticket(bytes)));
        }
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in ["", "0", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0000000000000000000000000U", "0000000000000000000000000é"]
        {
            assert_eq!(text.parse::<UserId>(), Err(ParseIdError), "{text}");
        }
    }

    #[test]
    fn version_and_variant_of_uuid_v7() {
        let id = UserId::v7(0x0123_4567_89AB, [0xFF; 10]);
        assert_eq!(id.0[..6], [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB]);
        assert_eq!((id.0[6] >> 4, id.0[8] >> 6), (7, 2));
    }
}
