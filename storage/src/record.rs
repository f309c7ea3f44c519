//! The envelope around every stored value, and the only module that names the codec.
//!
//! `format u8 | key id u32 | nonce if key id > 0 | payload | checksum 8`, integers
//! little endian. The checksum is blake3 over table, key, header and payload, so that
//! a value that was moved to another key does not open. The payload is bincode 2,
//! standard configuration, of a stored record: neither a wire type nor one of the
//! model. Key id 0 is plain; the place of the others is kept so that encryption at
//! rest will be a setting and not a migration.

use serde::{Serialize, de::DeserializeOwned};
use std::cell::RefCell;

use crate::{
    StoreError,
    embedded::cache::{Cache, Slots},
    limits::VALUE_BYTES_MAX,
    table::Table,
};

const PLAIN: u32 = 0;
const HEADER_BYTES: usize = 1 + 4;
const CHECKSUM_BYTES: usize = 8;

/// A stored record. Its fields never change: a change is a new format, and
/// [`Record::from_older`] reads the formats before it.
pub(crate) trait Record: Serialize + DeserializeOwned + Clone {
    const FORMAT: u8;

    /// A record from the payload of an older format; `None` if there was no such one.
    /// `table` is for what is said of damage.
    fn from_older(_table: Table, _format: u8, _payload: &[u8]) -> Option<Result<Self, StoreError>> {
        None
    }

    /// Where the committer remembers records of this kind, if it does. Such records are
    /// never scanned by commands, which would miss those that are not yet written.
    fn remembered(_cache: &mut Cache) -> Option<&mut Slots<Self>> {
        None
    }
}

/// The keys that seal payloads. So far it holds none, and every record is plain.
#[derive(Debug, Default)]
pub(crate) struct KeyRing;

impl KeyRing {
    /// The key that seals new records.
    pub(crate) fn sealing(&self) -> u32 {
        PLAIN
    }

    pub(crate) fn holds(&self, key_id: u32) -> bool {
        key_id == PLAIN
    }
}

fn damaged(table: Table, detail: impl Into<String>) -> StoreError {
    StoreError::Damaged { table: table.name(), detail: detail.into() }
}

fn checksum(table: Table, key: &[u8], header_and_payload: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[table as u8]);
    hasher.update(&(key.len() as u32).to_le_bytes());
    hasher.update(key);
    hasher.update(header_and_payload);
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM_BYTES]);
    sum
}

thread_local! {
    /// Where values are put together, so that each is allocated once and as long as it is.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The value to store for a record.
pub(crate) fn seal<R: Record>(ring: &KeyRing, table: Table, key: &[u8], record: &R) -> Result<Vec<u8>, StoreError> {
    // A record that seals another one while it encodes does not exist; if it did, it would
    // only allocate.
    let mut value = SCRATCH.take();
    value.clear();
    let sealed = seal_into(&mut value, ring, table, key, record).map(|()| value.as_slice().to_vec());
    SCRATCH.set(value);
    sealed
}

fn seal_into<R: Record>(
    value: &mut Vec<u8>,
    ring: &KeyRing,
    table: Table,
    key: &[u8],
    record: &R,
) -> Result<(), StoreError> {
    value.push(R::FORMAT);
    value.extend_from_slice(&ring.sealing().to_le_bytes());
    bincode::serde::encode_into_std_write(record, value, bincode::config::standard())
        .map_err(|error| StoreError::Engine(format!("a record of table {} does not encode: {error}", table.name())))?;
    let sum = checksum(table, key, value);
    value.extend_from_slice(&sum);
    if value.len() > VALUE_BYTES_MAX {
        let len = value.len();
        return Err(StoreError::Engine(format!("a record of table {} is too large: {len} bytes", table.name())));
    }
    Ok(())
}

/// The record in a stored value.
pub(crate) fn open<R: Record>(ring: &KeyRing, table: Table, key: &[u8], value: &[u8]) -> Result<R, StoreError> {
    let Some(payload_end) = value.len().checked_sub(CHECKSUM_BYTES).filter(|end| *end >= HEADER_BYTES) else {
        return Err(damaged(table, format!("{} bytes are no record", value.len())));
    };
    let (content, sum) = value.split_at(payload_end);
    if sum != checksum(table, key, content) {
        return Err(damaged(table, "its checksum is wrong"));
    }
    let (header, payload) = content.split_at(HEADER_BYTES);
    let format = header[0];
    let key_id = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
    if !ring.holds(key_id) {
        return Err(damaged(table, format!("it is sealed with key {key_id}, which this server does not hold")));
    }
    if format == R::FORMAT {
        return decode(table, payload);
    }
    R::from_older(table, format, payload)
        .unwrap_or_else(|| Err(damaged(table, format!("its format {format} is unknown to this version"))))
}

/// A payload that must be used up. For [`Record::from_older`] too.
pub(crate) fn decode<T: DeserializeOwned>(table: Table, payload: &[u8]) -> Result<T, StoreError> {
    // The limit is what stops a length that lies from being allocated.
    let configuration = bincode::config::standard().with_limit::<VALUE_BYTES_MAX>();
    let (record, used) =
        bincode::serde::decode_from_slice(payload, configuration).map_err(|error| damaged(table, error.to_string()))?;
    match payload.len() - used {
        0 => Ok(record),
        left => Err(damaged(table, format!("{left} bytes are left behind its content"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        number: u64,
        text: String,
    }

    impl Record for Sample {
        const FORMAT: u8 = 2;

        fn from_older(table: Table, format: u8, payload: &[u8]) -> Option<Result<Self, StoreError>> {
            (format == 1).then(|| decode(table, payload).map(|number| Self { number, text: String::new() }))
        }
    }

    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Older(u64);

    impl Record for Older {
        const FORMAT: u8 = 1;
    }

    fn sample() -> Sample {
        Sample { number: 300, text: "溪".into() }
    }

    #[test]
    fn the_layout_is_pinned() {
        let value = seal(&KeyRing, Table::User, b"\x01k", &sample()).unwrap();
        // Format 2, key 0, varint 300, length 3, three bytes of text.
        assert_eq!(value[..12], [2, 0, 0, 0, 0, 0xFB, 0x2C, 0x01, 3, 0xE6, 0xBA, 0xAA]);
        let hashed = [&[Table::User as u8, 2, 0, 0, 0], b"\x01k".as_slice(), &value[..12]].concat();
        assert_eq!(value[12..], blake3::hash(&hashed).as_bytes()[..8]);
        assert_eq!(value[12..], [0xC9, 0x21, 0xCE, 0x63, 0xD9, 0xE7, 0x00, 0x55]);
        assert_eq!(open::<Sample>(&KeyRing, Table::User, b"\x01k", &value).unwrap(), sample());
    }

    #[test]
    fn an_older_format_stays_readable() {
        let value = seal(&KeyRing, Table::Meta, b"k", &Older(9)).unwrap();
        let read: Sample = open(&KeyRing, Table::Meta, b"k", &value).unwrap();
        assert_eq!(read, Sample { number: 9, text: String::new() });
    }

    fn refused(table: Table, key: &[u8], value: &[u8]) -> String {
        open::<Sample>(&KeyRing, table, key, value).unwrap_err().to_string()
    }

    #[test]
    fn a_value_under_another_key_or_table_does_not_open() {
        let value = seal(&KeyRing, Table::User, b"one", &sample()).unwrap();
        assert!(refused(Table::User, b"two", &value).contains("checksum"));
        assert!(refused(Table::Name, b"one", &value).contains("checksum"));
    }

    /// A value whose header says what it should not, with a checksum that is right.
    fn forged(format: u8, key_id: u32) -> Vec<u8> {
        let mut value = seal(&KeyRing, Table::User, b"k", &sample()).unwrap();
        value.truncate(value.len() - CHECKSUM_BYTES);
        value[0] = format;
        value[1..5].copy_from_slice(&key_id.to_le_bytes());
        let sum = checksum(Table::User, b"k", &value);
        value.extend_from_slice(&sum);
        value
    }

    #[test]
    fn an_unknown_key_or_format_is_named() {
        assert!(refused(Table::User, b"k", &forged(2, 7)).contains("key 7"));
        assert!(refused(Table::User, b"k", &forged(9, 0)).contains("format 9"));
    }

    #[test]
    fn a_value_that_is_too_large_is_refused() {
        let large = Sample { number: 0, text: "x".repeat(VALUE_BYTES_MAX) };
        assert!(seal(&KeyRing, Table::User, b"k", &large).is_err());
    }

    proptest! {
        #[test]
        fn no_flipped_bit_or_cut_goes_unnoticed(at in 0usize..1000, bit in 0u8..8, cut in 0usize..1000) {
            let value = seal(&KeyRing, Table::User, b"k", &sample()).unwrap();
            let mut flipped = value.clone();
            let at = at % value.len();
            flipped[at] ^= 1 << bit;
            prop_assert!(open::<Sample>(&KeyRing, Table::User, b"k", &flipped).is_err());
            prop_assert!(open::<Sample>(&KeyRing, Table::User, b"k", &value[..cut % value.len()]).is_err());
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(open::<Sample>(&KeyRing, Table::User, b"k", &bytes).is_err());
            let _ = decode::<Sample>(Table::User, &bytes);
        }
    }
}
