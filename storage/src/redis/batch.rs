//! A batch as the words of the script that takes it.

use rill_protocol::limits::IDEMPOTENCY_DAYS;
use std::collections::HashMap;

use super::{
    layout::{self, Bed, Layout, Shape},
    words::{Keys, Words},
};
use crate::{StoreError, aggregates::Slot, engine::Overlay, limits::REQUEST_KEYS_SPARE_DAYS};

const DAY_SECONDS: u32 = 24 * 60 * 60;
/// From the first key of a day on, which may come at its beginning.
const REQUEST_KEYS_SECONDS: u32 = (IDEMPOTENCY_DAYS + 1 + REQUEST_KEYS_SPARE_DAYS) * DAY_SECONDS;

/// What a batch changes of one hash.
struct Change {
    bed: Bed,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    gone: Vec<Vec<u8>>,
}

/// How sure a batch is of where its streams end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// It was made upon rows that Redis gave for it: an entry that is there all the same is
    /// what a commit left that was cut short, or is being changed.
    Asked,
    /// It was made upon rows that the node remembered.
    Remembered,
}

/// The words that write a batch. What a stream takes comes first: it is what may be refused.
pub(super) fn writes(
    layout: &Layout,
    slot: Slot,
    keys: &mut Keys,
    batch: &Overlay,
    ends: Ends,
) -> Result<Words, StoreError> {
    let (mut words, mut gone_of_streams) = (Words::default(), Words::default());
    let mut changes: Vec<Change> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    for (key, value) in batch {
        let place = layout.place(slot, key)?;
        if layout::shape(place.bed.table) == Shape::Stream {
            match value {
                Some(value) => entry(&mut words, keys, &place, (ends, value)),
                None => no_entry(&mut gone_of_streams, keys, &place),
            }
            continue;
        }
        let at = *places.entry(place.bed.key.clone()).or_insert_with(|| {
            changes.push(Change { bed: place.bed, fields: Vec::new(), gone: Vec::new() });
            changes.len() - 1
        });
        match value {
            Some(value) => changes[at].fields.push((place.field, value.clone())),
            None => changes[at].gone.push(place.field),
        }
    }
    words.0.append(&mut gone_of_streams.0);
    for Change { bed, fields, gone } in changes {
        if layout::shape(bed.table) == Shape::Ordered {
            let order = bed.beside();
            let members: Vec<_> = fields.iter().map(|(field, _)| field.clone()).collect();
            words.members(keys, "z", &order, &members);
            words.members(keys, "Z", &order, &gone);
        }
        words.fields(keys, &bed.key, fields);
        words.members(keys, "d", &bed.key, &gone);
        if layout::shape(bed.table) == Shape::Expiring {
            words.word("e");
            words.key(keys, bed.key);
            words.count(REQUEST_KEYS_SECONDS);
        }
    }
    Ok(words)
}

fn entry(words: &mut Words, keys: &mut Keys, place: &layout::Place, (ends, value): (Ends, &[u8])) {
    words.word(if ends == Ends::Asked { "x" } else { "i" });
    words.key(keys, place.bed.key.clone());
    words.count(layout::number(&place.field));
    words.word(value);
    beside(words, keys, place);
}

fn no_entry(words: &mut Words, keys: &mut Keys, place: &layout::Place) {
    words.word("X");
    words.key(keys, place.bed.key.clone());
    words.count(layout::number(&place.field));
    beside(words, keys, place);
}

fn beside(words: &mut Words, keys: &mut Keys, place: &layout::Place) {
    let changed = place.bed.beside();
    let order = [&changed[..], b":order"].concat();
    words.key(keys, changed);
    words.key(keys, order);
    words.word(place.field.clone());
}

/// The words that say which fields must not be there.
pub(super) fn checks(layout: &Layout, slot: Slot, keys: &mut Keys, assumed: &[Vec<u8>]) -> Result<Words, StoreError> {
    let mut words = Words::default();
    // Sorted by key, so those of one bed follow each other.
    let mut fields: Vec<(Vec<u8>, Vec<Vec<u8>>)> = Vec::new();
    for key in assumed {
        let place = layout.place(slot, key)?;
        match fields.last_mut() {
            Some((name, fields)) if *name == place.bed.key => fields.push(place.field),
            _ => fields.push((place.bed.key, vec![place.field])),
        }
    }
    for (name, fields) in fields {
        words.members(keys, "n", &name, &fields);
    }
    Ok(words)
}
