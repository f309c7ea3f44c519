//! The text of an entry: in the entry's row, or in several beside it where it is long.

use rill_protocol::RoomId;
use std::sync::Arc;

use crate::{
    StoreError,
    embedded::{keys, read::Read, stored, tx::Tx},
    limits::BODY_PART_BYTES_MAX,
    model::Body,
};

/// The front of a text that fits into a row, and the rest.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.floor_char_boundary(BODY_PART_BYTES_MAX))
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
pub(super) fn place(text: Option<&Arc<str>>) -> stored::Text {
    match text {
        None => stored::Text::None,
        Some(text) if text.len() <= BODY_PART_BYTES_MAX => stored::Text::Here(Arc::clone(text)),
        Some(_) => stored::Text::Apart,
    }
}

pub(super) fn write(tx: &mut Tx<'_>, room: RoomId, seq: u64, text: &str) -> Result<(), StoreError> {
    let too_long = || StoreError::Engine("a text has more parts than can be numbered".into());
    let parts = u16::try_from(count(text)).map_err(|_| too_long())?;
    let mut rest = text;
    for part in 0..parts {
        let (front, behind) = split(rest);
        tx.insert(keys::body(room, seq, part), &stored::Body::Text { part: front.to_owned(), parts })?;
        rest = behind;
    }
    Ok(())
}

/// The text of the entry `seq`, by what its row says of it.
pub(crate) fn read(read: &impl Read, room: RoomId, seq: u64, text: stored::Text) -> Result<Body, StoreError> {
    match text {
        stored::Text::None => return Ok(Body::None),
        stored::Text::Here(text) => return Ok(Body::Text(text)),
        stored::Text::Erased => return Ok(Body::Erased),
        stored::Text::Apart => {}
    }
    let stored::Body::Text { part: mut text, parts } = read.need(&keys::body(room, seq, 0))? else {
        return Ok(Body::Erased);
    };
    read.foresee(&mut (1..parts).map(|number| keys::body(room, seq, number).bytes));
    for number in 1..parts {
        match read.need(&keys::body(room, seq, number))? {
            stored::Body::Text { part, .. } => text.push_str(&part),
            stored::Body::Erased => return Ok(Body::Erased),
        }
    }
    Ok(Body::Text(text.into()))
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
