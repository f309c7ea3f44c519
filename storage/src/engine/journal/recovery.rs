//! What a start makes of the journal's files: every batch that the engine lacks, in
//! order, without a gap; or an error that names the file.
//!
//! Each frame is synced before the next one is written. So only the last frame of a file
//! can be torn, and it was then never acknowledged: it is left out, and the next file
//! begins with its number. A frame that is not whole with a whole one behind it, or a
//! number that is skipped and the engine has not passed, is damage.

use std::{fs, io, path::Path};

use super::{Engine, Overlay, applier, frame, segment};
use crate::{StoreError, engine::OWN_KEYS, platform};

/// Under which key the engine has the number of the last batch in it.
const APPLIED_KEY: [u8; 2] = [OWN_KEYS, b'j'];

/// The row that says so: the number and a checksum.
pub(super) fn applied_row(through: u64) -> Overlay {
    let number = through.to_le_bytes();
    let sum = blake3::hash(&number);
    let value = [number.as_slice(), &sum.as_bytes()[..8]].concat();
    Overlay::from([(APPLIED_KEY.to_vec(), Some(value))])
}

/// The last batch that the engine has; 0 if it never had a journal.
fn applied(engine: &dyn Engine) -> Result<u64, StoreError> {
    let Some(value) = engine.get(&APPLIED_KEY)? else { return Ok(0) };
    let number = value.first_chunk::<8>().map(|number| u64::from_le_bytes(*number));
    number.filter(|number| applied_row(*number).into_values().eq([Some(value)])).ok_or_else(|| StoreError::Damaged {
        table: "engine",
        detail: "the number of the last batch in it is wrong".into(),
    })
}

fn refuse(path: &Path, what: &str) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        detail: format!(
            "{what}; keep a copy of the data directory, then restore all of it from a backup, or move it away to \
             begin with an empty store"
        ),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        detail: format!("the journal cannot be read: {error}; check its permissions"),
    }
}

/// Brings the engine up to the journal in `directory`; the number of the next batch.
pub(super) fn recover(engine: &dyn Engine, engine_path: &Path, directory: &Path) -> Result<u64, StoreError> {
    platform::create_private_directory(directory).map_err(|error| segment::unwritable(directory, &error))?;
    let parent = directory.parent().map_or(Ok(()), platform::sync_directory);
    parent.map_err(|error| segment::unwritable(directory, &error))?;

    let had = applied(engine)?;
    let files = segment::list(directory).map_err(|error| unreadable(directory, &error))?;
    if files.is_empty() && had > 0 {
        return Err(refuse(directory, "the journal's files are missing, and what was written last with them"));
    }
    let mut rows = Overlay::new();
    let mut next = None;
    for (place, (named, path)) in files.into_iter().enumerate() {
        let next = next.get_or_insert(named);
        if place > 0 && named < *next && read(&path, named, had, &mut Overlay::new())? == named {
            // It was begun and taken back, and the one before it went on.
            continue;
        }
        if place > 0 && named > *next && named <= had + 1 {
            // The engine has what is not here: numbers leap at a start.
            *next = named;
        }
        if named != *next || (place == 0 && named > had + 1) {
            // In front of all files it is the engine that lacks something.
            let path = if place == 0 { engine_path } else { &path };
            return Err(refuse(path, &gap(place, had, *next, named)));
        }
        *next = read(&path, named, had, &mut rows)?;
    }
    let next = next.unwrap_or(1);
    // A file that is done and could not be removed ends before what the engine has.
    let through = (next - 1).max(had);
    if through > had {
        let bytes = rows.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
        super::space::ensure_without_reserve(directory, bytes).map_err(|_| StoreError::Open {
            path: directory.to_owned(),
            detail: "its disk is full, and what the journal holds does not fit into the engine; make space".into(),
        })?;
        tracing::info!(batches = through - had, rows = rows.len(), "putting what the journal holds into the engine");
        applier::apply(engine, &rows, through)?;
    }
    Ok(through + 1)
}

/// Lets the batches go on with a number that is higher by so much; the one of the next. The
/// journal has a file, which ends before that.
pub(super) fn leap(engine: &dyn Engine, next: u64, by: u64) -> Result<u64, StoreError> {
    let next = next.saturating_add(by);
    engine.commit(applied_row(next - 1))?;
    engine.barrier()?;
    Ok(next)
}

fn gap(place: usize, had: u64, expected: u64, named: u64) -> String {
    if place == 0 {
        return format!(
            "the engine ends with batch {had} and the journal begins with batch {named}: the engine was put back to \
             an older state without its journal, or is damaged and has lost what it had"
        );
    }
    format!("the journal lacks the batches from {expected} to {}: a file of it is missing or cut", named - 1)
}

/// Lays the frames of a file that the engine lacks over `rows`; the number behind them.
fn read(path: &Path, named: u64, had: u64, rows: &mut Overlay) -> Result<u64, StoreError> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    if segment::first(&bytes) != Some(named) {
        return Err(refuse(path, "the beginning of this file of the journal is damaged"));
    }
    let mut next = named;
    let mut at = segment::HEADER_BYTES;
    while at < bytes.len() {
        let Some(found) = frame::decode(&bytes[at..]) else {
            // A file that was made ahead has zeros behind its last frame.
            let left = bytes[at..].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if left == 0 {
                break;
            }
            let behind = bytes.get(at + frame::ALIGNMENT..).unwrap_or_default();
            if frame::is_behind(next, behind) {
                return Err(refuse(path, &format!("this file of the journal is damaged at byte {at}")));
            }
            tracing::warn!(
                path = %path.display(),
                bytes = left,
                "the journal ends within a batch, which was not acknowledged; it is left out"
            );
            break;
        };
        if found.number != next {
            return Err(refuse(path, &format!("batch {} stands in the place of {next}", found.number)));
        }
        if found.number > had && found.lay(rows).is_none() {
            return Err(refuse(path, &format!("batch {next} holds no rows")));
        }
        next += 1;
        at += found.bytes;
    }
    Ok(next)
}
