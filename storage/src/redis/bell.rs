//! What a commit rings with: the end of the log that it has moved, and the rows of what it
//! has appended, where they are few. The script puts the rows behind the line by itself: they
//! are among its words anyway. Behind them stands what it has changed of rows that nodes
//! remember, and from which version to which: so who hears it remembers on, and its next
//! commit does not lose for want of what it was told.

use super::{
    layout::{self, Shape},
    memory,
    version::{Stamp, Version},
};
use crate::{
    aggregates::Slot,
    doorbell::Doorbell,
    embedded::{heads::LogId, keys, tx::Batch},
    engine::Overlay,
    limits::{BODY_PART_BYTES_MAX, DOORBELL_BYTES_MAX, DOORBELL_ENTRIES_MAX},
    model::Body,
};

/// The doorbell of a batch, if it moves a log.
pub(super) fn of<'a>(node: &'a str, slot: Slot, batch: &'a Batch, changes: &'a [u8]) -> Option<Doorbell<'a>> {
    let (log, epoch, seq) = *batch.effects.heads.last()?;
    let rows = match (slot, log) {
        (Slot::Room(slot), LogId::Room(room)) if slot == room => rows(batch, log, seq).unwrap_or_default(),
        _ => Vec::new(),
    };
    Some(Doorbell { seq, node, epoch: Some(epoch), rows, changes })
}

/// `BEFORE AFTER (KEY-BYTES KEY VALUE-BYTES VALUE)*`: two stamps, then what was changed; a row
/// that is no more has `u32::MAX` bytes. Nothing where it is much.
pub(super) fn changes(version: &Version, stamp: Stamp, batch: &Batch) -> Vec<u8> {
    let mut bytes = [version.newest(), stamp.as_bytes()].concat();
    if version.newest().is_empty() {
        return Vec::new();
    }
    for (key, value) in batch.writes.iter().filter(|(key, _)| memory::is_remembered(key)) {
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&value.as_ref().map_or(GONE, |value| value.len() as u32).to_le_bytes());
        bytes.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    if bytes.len() <= DOORBELL_BYTES_MAX { bytes } else { Vec::new() }
}

const GONE: u32 = u32::MAX;

/// What another node's commit has made of what.
pub(super) struct Changes {
    pub(super) before: Stamp,
    pub(super) after: Stamp,
    pub(super) rows: Overlay,
}

impl Changes {
    /// `None` for what is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (before, rest) = bytes.split_first_chunk()?;
        let (after, mut rest) = rest.split_first_chunk()?;
        let mut rows = Overlay::new();
        let part = |rest: &mut &[u8]| -> Option<Option<Vec<u8>>> {
            let (length, behind) = rest.split_first_chunk()?;
            let length = u32::from_le_bytes(*length);
            if length == GONE {
                *rest = behind;
                return Some(None);
            }
            let (found, behind) = behind.split_at_checked(usize::try_from(length).ok()?)?;
            *rest = behind;
            Some(Some(found.to_vec()))
        };
        while !rest.is_empty() {
            let key = part(&mut rest)??;
            rows.insert(key, part(&mut rest)?);
        }
        Some(Self { before: Stamp::of(*before), after: Stamp::of(*after), rows })
    }
}

/// What the batch puts into its stream, if that is the end of the log and nothing else, in
/// one epoch, with all that is to be said of it, and not too much.
fn rows(batch: &Batch, log: LogId, seq: u64) -> Option<Vec<&[u8]>> {
    let appended = &batch.effects.entries;
    let epochs_differ = || batch.effects.heads.windows(2).any(|heads| heads[0].1 != heads[1].1);
    if appended.is_empty() || appended.len() > DOORBELL_ENTRIES_MAX || epochs_differ() {
        return None;
    }
    let (mut rows, mut bytes) = (Vec::with_capacity(appended.len()), 0);
    for ((room, _, entry), expected) in appended.iter().zip(seq + 1 - appended.len() as u64..) {
        let key = keys::entry(*room, entry.seq);
        let row = batch.writes.get(&key.bytes)?.as_deref()?;
        bytes += row.len();
        let is_apart =
            entry.file.is_some() || matches!(&entry.body, Body::Text(text) if text.len() > BODY_PART_BYTES_MAX);
        if LogId::Room(*room) != log || entry.seq != expected || is_apart || bytes > DOORBELL_BYTES_MAX {
            return None;
        }
        rows.push(row);
    }
    let of_stream = batch.writes.iter().filter(|(key, row)| layout::shape_of(key) == Shape::Stream && row.is_some());
    (of_stream.count() == rows.len()).then_some(rows)
}
