//! A store made from a backup: verified first, then built beside what is there, checked,
//! and only then put in its place.
//!
//! Every log gets a new epoch. What clients hold of the time behind the backup is told
//! apart by it from what comes under the same seqs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    backup::{BackupManifest, Next, Reader, verify},
    check::{self, Checked},
    context::Entropy,
    directory_lock::LockedDirectory,
    epochs,
    heads::{Heads, LogId, Recorded},
    keys, parts,
    view::Durable,
};
use crate::{
    StoreError,
    engine::{self, Engine, EngineKind, Overlay},
    limits::{APPLY_BYTES_MAX, CACHE_BYTES_DEFAULT},
    record::{self, KeyRing, Record},
};
use rill_protocol::Epoch;

/// What to restore, and where.
#[derive(Clone)]
pub struct RestoreOptions {
    pub from: PathBuf,
    /// The data directory; made if it is not there.
    pub to: PathBuf,
    pub engine: EngineKind,
    /// A store that is there goes.
    pub replace: bool,
    pub entropy: Entropy,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreStep {
    Verifying,
    Restoring,
    Checking,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    pub manifest: BackupManifest,
    /// Logs with a new epoch: one of each room and each user.
    pub logs: u64,
    /// Of the restored store: a backup is as sound as its store was.
    pub checked: Checked,
}

/// Whether a directory has a store, or part of one, that a restore would replace.
pub(super) fn must_not_replace(directory: &Path) -> Result<(), StoreError> {
    match parts::is_any(directory) {
        true => Err(StoreError::Open {
            path: directory.to_owned(),
            detail: "there is a store in it already; say that it is to be replaced, or name another directory".into(),
        }),
        false => Ok(()),
    }
}

/// See the module. Blocks. `progress` is told the rows of each step.
///
/// # Errors
/// The backup is not whole, the directory has a store that is not to be replaced or is
/// in use, or the disk fails. What was there is there still, unless the error comes from
/// the last moves; then the next opening finishes them.
pub fn restore(options: RestoreOptions, progress: &mut dyn FnMut(RestoreStep, u64)) -> Result<Restored, StoreError> {
    let RestoreOptions { from, to, engine: kind, replace, entropy } = options;
    let refuse = |to: &Path| if replace { Ok(()) } else { must_not_replace(to) };
    refuse(&to)?;
    verify(&from, &mut |rows| progress(RestoreStep::Verifying, rows))?;
    let target = Arc::new(LockedDirectory::lock(&to)?);
    parts::finish(&to)?;
    refuse(&to)?;
    let restored = build(&from, &target, kind, &entropy, progress).inspect_err(|_| parts::abandon(&target))?;
    parts::put_in_place(&target)?;
    Ok(restored)
}

fn build(
    from: &Path,
    target: &Arc<LockedDirectory>,
    kind: EngineKind,
    entropy: &Entropy,
    progress: &mut dyn FnMut(RestoreStep, u64),
) -> Result<Restored, StoreError> {
    let incoming = parts::begin(target)?;
    EngineKind::settle(&incoming, Some(kind))?;
    let engine = engine::open(kind, &incoming, CACHE_BYTES_DEFAULT, Box::new(Arc::clone(target)))?;
    let manifest = fill(from, target, &*engine, progress)?;
    let durable = Durable::new(Arc::clone(&engine));
    let logs = renew(&durable, &*engine, entropy)?;
    drop((durable, engine));

    // What the disk has, not what is still in memory.
    let engine = engine::open(kind, &incoming, CACHE_BYTES_DEFAULT, Box::new(Arc::clone(target)))?;
    let durable = Durable::new(engine);
    let checked = check::check(&durable, &mut |so_far| progress(RestoreStep::Checking, so_far.rows))?;
    let heads = incoming.join(parts::HEADS);
    Heads::rewrite(&heads, &epochs::survey(&durable)?).map_err(|error| StoreError::Open {
        path: heads,
        detail: format!("{error}; check its permissions and the space on its disk"),
    })?;
    Ok(Restored { manifest, logs, checked })
}

/// Plays the backup into an engine that has nothing yet.
fn fill(
    from: &Path,
    target: &LockedDirectory,
    engine: &dyn Engine,
    progress: &mut dyn FnMut(RestoreStep, u64),
) -> Result<BackupManifest, StoreError> {
    let mut reader = Reader::open(from)?;
    let (mut rows, mut bytes) = (0, 0);
    loop {
        match reader.next()? {
            Next::Rows(batch) => {
                rows += batch.len() as u64;
                bytes += batch.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum::<usize>();
                parts::must_have_room(target, bytes as u64)?;
                engine.commit(batch)?;
                progress(RestoreStep::Restoring, rows);
            }
            Next::End(manifest) => {
                engine.barrier()?;
                return Ok(manifest);
            }
        }
    }
}

/// Gives every log an epoch that it never had, durably; how many there are.
fn renew(durable: &Durable, engine: &dyn Engine, entropy: &Entropy) -> Result<u64, StoreError> {
    let logs = epochs::survey(durable)?;
    let (mut batch, mut batch_bytes) = (Overlay::new(), 0);
    for (log, Recorded { .. }) in &logs {
        let mut bytes = [0; 16];
        entropy(&mut bytes);
        let (key, value) = durable.read(|view| wear(view, *log, Epoch(bytes)))?;
        batch_bytes += key.len() + value.len();
        batch.insert(key, Some(value));
        if batch_bytes >= APPLY_BYTES_MAX {
            engine.commit(std::mem::take(&mut batch))?;
            batch_bytes = 0;
        }
    }
    engine.commit(batch)?;
    engine.barrier()?;
    Ok(logs.len() as u64)
}

/// The row of a log's head with another epoch.
fn wear(read: &impl super::read::Read, log: LogId, epoch: Epoch) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    fn sealed<R: Record>(key: keys::Key<R>, head: &R) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        let value = record::seal(&KeyRing, key.table, &key.bytes, head)?;
        Ok((key.bytes, value))
    }
    match log {
        LogId::Room(room) => {
            let mut head = read.need(&keys::room_head(room))?;
            head.epoch = epoch;
            sealed(keys::room_head(room), &head)
        }
        LogId::User(user) => {
            let mut head = read.need(&keys::user_head(user))?;
            head.epoch = epoch;
            sealed(keys::user_head(user), &head)
        }
    }
}
