//! The text of an entry: in the entry's row, or in several beside it where it is long.

use rill_protocol::RoomId;
use std::sync::Arc;

use crate::{
    StoreError,
    embedded::{
        keys::{self, Key},
        read::Read,
        stored,
        tx::Tx,
    },
    limits::BODY_PART_BYTES_MAX,
    model::Body,
};

/// The front of a text that fits into a row, and the rest.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.floor_char_boundary(BODY_PART_BYTES_MAX))
}

/// The rows of a text that lies beside whatever has it.
pub(in crate::aggregates) fn rows(text: &str) -> Result<Vec<stored::Body>, StoreError> {
    let too_long = || StoreError::Engine("a text has more parts than can be numbered".into());
    let parts = u16::try_from(count(text)).map_err(|_| too_long())?;
    let mut rest = text;
    let mut next = || {
        let (front, behind) = split(rest);
        rest = behind;
        stored::Body::Text { part: front.to_owned(), parts }
    };
    Ok((0..parts).map(|_| next()).collect())
}

/// The text of such rows, by the key of each.
pub(in crate::aggregates) fn joined(
    read: &impl Read,
    key: impl Fn(u16) -> Key<stored::Body>,
) -> Result<Body, StoreError> {
    let stored::Body::Text { part: mut text, parts } = read.need(&key(0))? else { return Ok(Body::Erased) };
    read.foresee(&mut (1..parts).map(|number| key(number).bytes));
    for number in 1..parts {
        match read.need(&key(number))? {
            stored::Body::Text { part, .. } => text.push_str(&part),
            stored::Body::Erased => return Ok(Body::Erased),
        }
    }
    Ok(Body::Text(text.into()))
}

fn count(mut text: &str) -> usize {
    let mut parts = 1;
    while text.len() > BODY_PART_BYTES_MAX {
        text = split(text).1;
        parts += 1;
    }
    parts
}

/// Where a text lies.
pub(in crate::aggregates) fn place(text: Option<&Arc<str>>) -> stored::Text {
    match text {
        None => stored::Text::None,
        Some(text) if text.len() <= BODY_PART_BYTES_MAX => stored::Text::Here(Arc::clone(text)),
        Some(_) => stored::Text::Apart,
    }
}

pub(super) fn write(tx: &mut Tx<'_>, room: RoomId, seq: u64, text: &str) -> Result<(), StoreError> {
    (0..).zip(rows(text)?).try_for_each(|(part, row)| tx.insert(keys::body(room, seq, part), &row))
}

/// Deletes the rows of a text that lies beside its entry.
pub(super) fn delete(tx: &mut Tx<'_>, room: RoomId, seq: u64) -> Result<(), StoreError> {
    let parts = match tx.need(&keys::body(room, seq, 0))? {
        stored::Body::Text { parts, .. } => parts.max(1),
        stored::Body::Erased => 1,
    };
    (0..parts).try_for_each(|part| tx.delete(keys::body(room, seq, part)))
}

/// The text of the entry `seq`, by what its row says of it.
pub(crate) fn read(read: &impl Read, room: RoomId, seq: u64, text: stored::Text) -> Result<Body, StoreError> {
    match text {
        stored::Text::None => Ok(Body::None),
        stored::Text::Here(text) => Ok(Body::Text(text)),
        stored::Text::Erased => Ok(Body::Erased),
        stored::Text::Apart => joined(read, |part| keys::body(room, seq, part)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_nowhere_lost() {
        for (text, expected) in [
            (String::new(), 1),
            ("x".repeat(BODY_PART_BYTES_MAX), 1),
            ("x".repeat(BODY_PART_BYTES_MAX + 1), 2),
            ("溪".repeat(BODY_PART_BYTES_MAX / 3 + 1), 2),
            (format!("x{}", "😀".repeat(BODY_PART_BYTES_MAX)), 5),
        ] {
            assert_eq!(count(&text), expected);
            let (mut rest, mut joined) = (text.as_str(), String::new());
            for _ in 0..expected {
                let (front, behind) = split(rest);
                assert!(front.len() <= BODY_PART_BYTES_MAX);
                joined.push_str(front);
                rest = behind;
            }
            assert_eq!((joined.as_str(), rest), (text.as_str(), ""));
        }
    }
}
