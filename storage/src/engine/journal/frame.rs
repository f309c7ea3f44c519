//! A batch as bytes: `mark 4 | length u32 | number u64 | rows | checksum 16`, filled up
//! with zeros to a multiple of eight, integers little endian. A row is `key length u32 |
//! value length u32 | key | value`; the length [`DELETED`] stands for no value. The
//! checksum is blake3 over all before it.

use super::Overlay;
use crate::{StoreError, limits::BATCH_BYTES_MAX};

const MARK: [u8; 4] = *b"rilF";
const DELETED: u32 = u32::MAX;
const NUMBER_AT: usize = 4 + 4;
const ROWS_AT: usize = NUMBER_AT + 8;
const CHECKSUM_BYTES: usize = 16;
const FRAME_BYTES_MIN: usize = ROWS_AT + CHECKSUM_BYTES;
/// Frames begin at multiples of this.
pub(super) const ALIGNMENT: usize = 8;
/// A batch's bytes and, for as many rows as it could have, their lengths.
const ROWS_BYTES_MAX: usize = 4 * BATCH_BYTES_MAX;

fn filled(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGNMENT)
}

fn checksum(content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&blake3::hash(content).as_bytes()[..CHECKSUM_BYTES]);
    sum
}

fn length(bytes: usize) -> Result<[u8; 4], StoreError> {
    let length = u32::try_from(bytes).ok().filter(|length| *length < DELETED);
    Ok(length.ok_or_else(|| StoreError::Engine("a batch is too large for the journal".into()))?.to_le_bytes())
}

/// Puts the frame of a batch into `frame`, in place of what it held.
pub(super) fn encode(number: u64, batch: &Overlay, frame: &mut Vec<u8>) -> Result<(), StoreError> {
    frame.clear();
    frame.extend_from_slice(&MARK);
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(&number.to_le_bytes());
    for (key, value) in batch {
        frame.extend_from_slice(&length(key.len())?);
        match value {
            Some(value) => {
                frame.extend_from_slice(&length(value.len())?);
                frame.extend_from_slice(key);
                frame.extend_from_slice(value);
            }
            None => {
                frame.extend_from_slice(&DELETED.to_le_bytes());
                frame.extend_from_slice(key);
            }
        }
    }
    let rows = frame.len() - ROWS_AT;
    if rows > ROWS_BYTES_MAX {
        return Err(StoreError::Engine(format!("a batch of {rows} bytes is too large for the journal")));
    }
    frame[4..8].copy_from_slice(&length(rows)?);
    let sum = checksum(frame);
    frame.extend_from_slice(&sum);
    frame.resize(filled(frame.len()), 0);
    Ok(())
}

/// A frame that was found whole.
pub(super) struct Frame<'a> {
    pub(super) number: u64,
    rows: &'a [u8],
    /// Where the next one begins, from this one's beginning.
    pub(super) bytes: usize,
}

/// The frame at the beginning of `bytes`; `None` if there is none that is whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Frame<'_>> {
    let rest = bytes.strip_prefix(&MARK)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (number, _) = rest.split_first_chunk::<8>()?;
    let rows_bytes = u32::from_le_bytes(*length) as usize;
    if rows_bytes > ROWS_BYTES_MAX {
        return None;
    }
    let rows_end = ROWS_AT + rows_bytes;
    let sum = bytes.get(rows_end..rows_end + CHECKSUM_BYTES)?;
    let content = &bytes[..rows_end];
    (sum == checksum(content)).then(|| Frame {
        number: u64::from_le_bytes(*number),
        rows: &content[ROWS_AT..],
        bytes: filled(rows_end + CHECKSUM_BYTES),
    })
}

/// Whether a whole frame begins anywhere in `bytes` that can stand behind that of batch
/// `number`. One that a text spells out has another number (see [`super::open`]), and is not
/// even looked through.
pub(super) fn is_behind(number: u64, bytes: &[u8]) -> bool {
    let frames_max = (bytes.len() / FRAME_BYTES_MIN) as u64;
    let can_follow = |bytes: &[u8]| {
        let found = bytes.get(NUMBER_AT..).and_then(|bytes| bytes.first_chunk::<8>());
        let ahead = found.and_then(|found| u64::from_le_bytes(*found).checked_sub(number));
        ahead.is_some_and(|ahead| (1..=frames_max).contains(&ahead))
    };
    (0..bytes.len()).step_by(ALIGNMENT).map(|at| &bytes[at..]).any(|bytes| can_follow(bytes) && decode(bytes).is_some())
}

impl Frame<'_> {
    /// Lays the frame's rows over `upon`; `None` if they are not rows, which under a
    /// right checksum only another program can have written.
    pub(super) fn lay(&self, upon: &mut Overlay) -> Option<()> {
        let mut rest = self.rows;
        while !rest.is_empty() {
            let (key_bytes, behind) = rest.split_first_chunk::<4>()?;
            let (value_bytes, behind) = behind.split_first_chunk::<4>()?;
            let (key, behind) = behind.split_at_checked(u32::from_le_bytes(*key_bytes) as usize)?;
            let (value, behind) = match u32::from_le_bytes(*value_bytes) {
                DELETED => (None, behind),
                bytes => {
                    let (value, behind) = behind.split_at_checked(bytes as usize)?;
                    (Some(value.to_vec()), behind)
                }
            };
            upon.insert(key.to_vec(), value);
            rest = behind;
        }
        Some(())
    }
}
