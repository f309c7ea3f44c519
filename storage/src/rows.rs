//! Rows one behind the other as bytes: `key length u16 | key | value length u32 | value`, a
//! length of `u32::MAX` for one that was removed. Integers are little endian.

use crate::engine::Overlay;

const REMOVED: u32 = u32::MAX;

/// Adds a row, or that there is none.
pub(crate) fn put(payload: &mut Vec<u8>, key: &[u8], value: Option<&[u8]>) {
    payload.extend_from_slice(&(key.len() as u16).to_le_bytes());
    payload.extend_from_slice(key);
    payload.extend_from_slice(&value.map_or(REMOVED, |value| value.len() as u32).to_le_bytes());
    payload.extend_from_slice(value.unwrap_or_default());
}

/// The rows of a payload; `None` if it does not hold whole ones.
pub(crate) fn read(mut payload: &[u8]) -> Option<Overlay> {
    let mut rows = Overlay::new();
    while !payload.is_empty() {
        let (length, rest) = payload.split_first_chunk::<2>()?;
        let (key, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length);
        if length == REMOVED {
            payload = rest;
            rows.insert(key.to_vec(), None);
            continue;
        }
        let (value, rest) = rest.split_at_checked(length as usize)?;
        payload = rest;
        rows.insert(key.to_vec(), Some(value.to_vec()));
    }
    Some(rows)
}
