//! The state of one moment of a store, in one stream of bytes: of a closed store, or of
//! one that is in use.
//!
//! Rows are read page by page while the store is written to, and every batch that became
//! durable meanwhile is written behind them. Whoever plays all of it in order has the
//! state behind the last batch (a fuzzy dump with its log, as in Gray and Reuter,
//! Transaction Processing, 1993, chapter 11). The committer waits for nothing of it but
//! a copy of its batch.
//!
//! The stream has a checksum on every frame and over all of it (see [`format`]), and
//! carries the store's secret, hashes of passwords and every message in the clear.

pub(super) mod format;
mod read;

use serde::{Deserialize, Serialize};
use std::{io::Write, ops::ControlFlow, path::Path};

use super::{
    any_record, birth,
    birth::Found,
    closed::Closed,
    named,
    read::Read as _,
    tape::{Overrun, Taken, Tape},
    view::Durable,
};
use crate::{
    StoreError,
    engine::{Direction, OWN_KEYS},
    limits::READ_ROWS_MAX,
};
use format::Writer;

pub use read::verify;
pub(super) use read::{Next, Reader};

/// Who makes a backup and when.
#[derive(Clone, Debug)]
pub struct BackupLabel {
    pub software: String,
    pub made_ms: u64,
}

/// What a backup says of itself, at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// Of the stream.
    pub format: u32,
    pub data_version: u32,
    pub software: String,
    pub made_ms: u64,
    pub rows: u64,
    /// Rows that changed while it was made.
    pub changes: u64,
    /// Of the stream, up to the manifest.
    pub bytes: u64,
    /// blake3 of those, in hexadecimal.
    pub blake3: String,
}

/// Backs up a store that no server has open. Blocks.
///
/// # Errors
/// There is no store, somebody has it open, a row of it is damaged, or `out` fails.
pub fn backup(
    path: &Path,
    out: &mut dyn Write,
    label: BackupLabel,
    progress: &mut dyn FnMut(u64),
) -> Result<BackupManifest, StoreError> {
    let closed = Closed::open(path)?;
    let manifest = write(&closed.durable, &Tape::default(), out, label, progress)?;
    closed.close()?;
    Ok(manifest)
}

/// Writes a backup of what `durable` shows when it ends. What fails it stands at the
/// stream's end, if that can still be written.
pub(super) fn write(
    durable: &Durable,
    tape: &Tape,
    out: &mut dyn Write,
    label: BackupLabel,
    progress: &mut dyn FnMut(u64),
) -> Result<BackupManifest, StoreError> {
    let mut writer = Writer::begin(out).map_err(unwritable)?;
    match dump(durable, tape, &mut writer, progress) {
        Ok((data_version, changes)) => writer.finish(label, data_version, changes).map_err(unwritable),
        Err(error) => {
            // The reader sees that there is no manifest, if not why.
            let _ = writer.fail(&error.to_string());
            Err(error)
        }
    }
}

fn unwritable(error: std::io::Error) -> StoreError {
    StoreError::Backup(format!("the backup cannot be written: {error}"))
}

fn dump(
    durable: &Durable,
    tape: &Tape,
    writer: &mut Writer<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<(u32, u64), StoreError> {
    let Found::Store { version, .. } = durable.read(|view| birth::find(view))? else {
        return Err(StoreError::Backup("there is no store to back up".into()));
    };
    let reel =
        tape.begin().map_err(|Taken| StoreError::Backup("another backup is being made; wait for its end".into()))?;
    let overrun = |Overrun| {
        StoreError::Backup(
            "the store is written to faster than the backup is taken off; make it to a faster disk, or when less is \
             going on"
                .into(),
        )
    };
    let mut changes = 0;
    let mut from = Vec::new();
    loop {
        let mut rows = 0;
        let mut failure = None;
        let mut page = Vec::new();
        durable.read(|view| {
            view.scan_sealed((&from, &[OWN_KEYS]), Direction::Forward, usize::MAX, &mut |key, value| {
                failure = any_record::check(view.ring(), key, value).err().map(|error| named::naming(key, error));
                page.push((key.to_vec(), value.to_vec()));
                rows += 1;
                match failure.is_none() && rows < READ_ROWS_MAX {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            })
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        let Some((last, _)) = page.last() else { break };
        from.clone_from(last);
        // The first key that is larger.
        from.push(0);
        for (key, value) in &page {
            writer.row(key, value).map_err(unwritable)?;
        }
        // Some batches behind the page are in it already: played again, they come to the same.
        writer.end_rows().map_err(unwritable)?;
        for batch in reel.take().map_err(overrun)? {
            changes += batch.len() as u64;
            writer.changes(&batch).map_err(unwritable)?;
        }
        progress(writer.rows());
    }
    // Until the moment of which this is the state.
    for batch in reel.take().map_err(overrun)? {
        changes += batch.len() as u64;
        writer.changes(&batch).map_err(unwritable)?;
    }
    Ok((version, changes))
}
