//! Reading: what was fetched of a room, with what lies in its archive.

use rill_protocol::RoomId;
use std::{pin::Pin, sync::Arc};

use super::first_of;
use crate::{
    StoreError,
    aggregates::{self, Slot},
    blobs::BlobName,
    embedded::{keys, read::Read, stored, view::View},
    engine::{Direction, Overlay},
    limits::SEGMENT_ENTRIES,
    record::{self, KeyRing},
    redis::{
        core::Core,
        layout,
        snapshot::Snapshot,
        wants::{Found, Row, Span},
    },
    table::Table,
};

/// Bytes of a row's key that name table and room.
const ROOM_BYTES: usize = 1 + 16;
/// Those of an entry's, and of the beginning of a text's.
const SEQ_END: usize = ROOM_BYTES + 8;

fn table(key: &[u8]) -> Option<Table> {
    key.first().and_then(|number| Table::of(*number))
}

/// The entry that a row of the log is, or lies beside.
fn seq(key: &[u8]) -> u64 {
    layout::number(key.get(ROOM_BYTES..key.len().min(SEQ_END)).unwrap_or_default())
}

/// Entries `low..=high` that a span asks for.
fn asked(span: &Span) -> (u64, u64) {
    let low = seq(&span.from) + u64::from(span.from.len() > SEQ_END);
    let is_open = span.until.get(..ROOM_BYTES) != span.from.get(..ROOM_BYTES);
    let high = if is_open { u64::MAX } else { seq(&span.until).saturating_sub(1) };
    (low.max(1), high)
}

/// Of those, the ones that the archive has to say something about: up to where it reaches,
/// and no further than the rows that Redis gave, if it has more behind them.
fn archived(span: &Span, rows: &[Row], more: bool, through: u64) -> Option<(u64, u64)> {
    let (mut low, mut high) = asked(span);
    high = high.min(through);
    if more && let Some((end, _)) = rows.last() {
        match span.direction {
            Direction::Forward => high = high.min(seq(end)),
            Direction::Reverse => low = low.max(seq(end)),
        }
    }
    (low <= high).then_some((low, high))
}

/// Whether a row or a span may have to do with the archive.
fn is_of_log(found: &Found) -> bool {
    match found {
        Found::Row(key, value) => value.is_none() && matches!(table(key), Some(Table::Entry | Table::Body)),
        Found::Span(span, ..) => table(&span.from) == Some(Table::Entry),
        Found::Whole(..) => false,
    }
}

impl Core {
    /// Adds what lies in the archive to what was fetched.
    pub(in crate::redis) async fn fill(
        &self,
        slot: Slot,
        snapshot: &Snapshot<'_>,
        found: &mut [Found],
    ) -> Result<(), StoreError> {
        let Slot::Room(room) = slot else { return Ok(()) };
        if !found.iter().any(is_of_log) {
            return Ok(());
        }
        let through = through(&self.ring, room, snapshot, found)?;
        if through == 0 {
            return Ok(());
        }
        for found in found.iter_mut().filter(|found| is_of_log(found)) {
            match found {
                Found::Row(key, value) if seq(key) <= through => {
                    *value = self.segment(room, seq(key)).await?.get(key).cloned().flatten();
                }
                Found::Span(span, rows, more) => {
                    if let Some((low, high)) = archived(span, rows, *more, through) {
                        self.fill_span(room, (low, high), span, rows, more).await?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn fill_span(
        &self,
        room: RoomId,
        (low, high): (u64, u64),
        span: &Span,
        rows: &mut Vec<Row>,
        more: &mut bool,
    ) -> Result<(), StoreError> {
        // From the end at which the span begins, as many as it asks for.
        let count = (high - low + 1).min(span.limit as u64);
        let (near, far) = match span.direction {
            Direction::Forward => (low, low + count - 1),
            Direction::Reverse => (high - (count - 1), high),
        };
        let is_cut = count < high - low + 1;
        let mut all = Overlay::new();
        let mut first = first_of(near);
        while first <= far {
            let segment = self.segment(room, first).await?;
            let (from, until) = (keys::entry(room, near.max(first)), keys::entry(room, far));
            all.extend(segment.range(from.bytes..=until.bytes).map(|(key, value)| (key.clone(), value.clone())));
            first += SEGMENT_ENTRIES;
        }
        // What Redis has was changed since it was archived, or is younger.
        let within = |key: &[u8]| match span.direction {
            Direction::Forward => !is_cut || seq(key) <= far,
            Direction::Reverse => !is_cut || seq(key) >= near,
        };
        all.extend(rows.drain(..).filter(|(key, _)| within(key)).map(|(key, value)| (key, Some(value))));
        rows.extend(all.into_iter().filter_map(|(key, value)| Some((key, value?))));
        if span.direction == Direction::Reverse {
            rows.reverse();
        }
        *more |= is_cut;
        Ok(())
    }

    /// The rows of the segment that an entry lies in.
    fn segment(
        &self,
        room: RoomId,
        seq: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Overlay>, StoreError>> + Send + '_>> {
        Box::pin(async move {
            let archive = self.archive.as_ref().ok_or_else(no_archive)?;
            let mut missing = None;
            // A segment that was written anew since its name was read has another one.
            for _ in 0..2 {
                let key = keys::segment(room, first_of(seq));
                let named = |view: &View<'_>| match view.get(&key)? {
                    // Of a room that is deleted it may be erased already.
                    None if aggregates::is_deleted(view, room)? => Ok(None),
                    None => view.need(&key).map(Some),
                    row => Ok(row),
                };
                let Some(row) = self.read(Slot::Room(room), named).await? else { return Ok(Arc::default()) };
                let name = BlobName(row.blob);
                if let Some(rows) = archive.rows(name).await? {
                    return Ok(rows);
                }
                missing = Some(name);
            }
            let name = missing.map(|name| name.to_string()).unwrap_or_default();
            Err(StoreError::Blobs(format!("the blob {name} with a part of a room's history is missing; restore it")))
        })
    }
}

pub(super) fn no_archive() -> StoreError {
    StoreError::Blobs(
        "a part of this room's history lies in blobs, and this server is not told where; give it the blobs of the others"
            .into(),
    )
}

/// Up to where a room's log is archived, by what was fetched with the rest.
fn through(ring: &KeyRing, room: RoomId, snapshot: &Snapshot<'_>, found: &[Found]) -> Result<u64, StoreError> {
    let key = keys::archived(room);
    let fetched = found.iter().find_map(|found| match found {
        Found::Row(row, value) if *row == key.bytes => Some(value.clone()),
        _ => None,
    });
    let Some(value) = fetched.or_else(|| snapshot.fetched(&key.bytes)) else {
        return Err(StoreError::Engine("a room's log was read without what says how much of it is archived".into()));
    };
    let row = value.map(|value| record::open::<stored::Archived>(ring, key.table, &key.bytes, &value)).transpose()?;
    Ok(row.map_or(0, |row| row.through))
}
