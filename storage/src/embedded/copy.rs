//! A store copied to another directory, and to another engine if that is wanted; and
//! written anew in its own, which is how either engine gives back space.
//!
//! Rows are copied as they are, with the secret and the epochs: it is the same store.
//! What was written is closed, opened again and read beside the source before it is put
//! in its place (see [`super::parts`]).

use std::{fs, io, path::Path, sync::Arc};

use super::{
    any_record,
    closed::{Closed, page},
    directory_lock::LockedDirectory,
    named, parts,
};
use crate::{
    StoreError,
    engine::{self, Engine, EngineKind, Overlay},
    limits::{APPLY_BYTES_MAX, CACHE_BYTES_DEFAULT},
    platform,
    record::KeyRing,
};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStep {
    Copying,
    Verifying,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyProgress {
    pub step: CopyStep,
    /// Rows in this step so far.
    pub rows: u64,
}

/// What was copied and verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    pub rows: u64,
    /// Keys and values.
    pub bytes: u64,
}

/// Copies the closed store in `from` to `to`, a directory that is empty or not there,
/// with `kind` as its engine. Blocks for as long as it takes. A copy that was cut short
/// leaves no store, and the next one begins anew.
///
/// # Errors
/// A row of the source is damaged, the target holds something, its disk has no room, or
/// the two differ in the end. The source is left as it is.
pub fn copy(
    from: &Path,
    to: &Path,
    kind: EngineKind,
    progress: &mut dyn FnMut(CopyProgress),
) -> Result<Copied, StoreError> {
    parts::must_be_empty(to)?;
    let source = Closed::open(from)?;
    let target = Arc::new(LockedDirectory::lock(to)?);
    parts::must_be_empty(to)?;
    let copied = rewrite(&source, &target, kind, progress).inspect_err(|_| parts::abandon(&target))?;
    source.close()?;
    parts::put_in_place(&target)?;
    Ok(copied)
}

/// Writes the closed store in `path` anew, without what its engine keeps of rows that
/// were changed or removed. Needs room for a second store while it runs. Blocks.
///
/// # Errors
/// A row is damaged, the disk has no room, or the two differ in the end: then the store is
/// as it was.
pub fn compact(path: &Path, progress: &mut dyn FnMut(CopyProgress)) -> Result<Copied, StoreError> {
    let source = Closed::open(path)?;
    let (lock, kind) = (Arc::clone(&source.lock), source.kind);
    let copied = rewrite(&source, &lock, kind, progress).inspect_err(|_| parts::abandon(&lock))?;
    source.close()?;
    parts::put_in_place(&lock)?;
    Ok(copied)
}

/// Makes the same store in the incoming part of another directory, and compares.
fn rewrite(
    source: &Closed,
    target: &Arc<LockedDirectory>,
    kind: EngineKind,
    progress: &mut dyn FnMut(CopyProgress),
) -> Result<Copied, StoreError> {
    let incoming = parts::begin(target)?;
    EngineKind::settle(&incoming, Some(kind))?;
    let engine = engine::open(kind, &incoming, CACHE_BYTES_DEFAULT, Box::new(Arc::clone(target)))?;
    let copied = fill(source, target, &*engine, progress)?;
    drop(engine);
    // What the disk has, not what is still in memory.
    let engine = engine::open(kind, &incoming, CACHE_BYTES_DEFAULT, Box::new(Arc::clone(target)))?;
    compare(&*source.engine, &*engine, &target.path, progress)?;
    copy_heads(&source.path, &incoming).map_err(|error| StoreError::Open {
        path: incoming.join(parts::HEADS),
        detail: format!("the recorded heads cannot be copied: {error}"),
    })?;
    Ok(copied)
}

/// With them goes what is known of logs that have lost their end.
fn copy_heads(from: &Path, to: &Path) -> io::Result<()> {
    match fs::copy(from.join(parts::HEADS), to.join(parts::HEADS)) {
        Ok(_) => platform::sync_file(&to.join(parts::HEADS)),
        // They are made from the logs at the next start.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn fill(
    source: &Closed,
    directory: &LockedDirectory,
    target: &dyn Engine,
    progress: &mut dyn FnMut(CopyProgress),
) -> Result<Copied, StoreError> {
    let (mut batch, mut batch_bytes) = (Overlay::new(), 0);
    let mut copied = Copied { rows: 0, bytes: 0 };
    let mut after: Option<Vec<u8>> = None;
    loop {
        let rows = page(&*source.engine, after.as_deref())?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        for (key, value) in rows {
            any_record::check(&KeyRing, &key, &value).map_err(|error| named::naming(&key, error))?;
            copied.rows += 1;
            copied.bytes += (key.len() + value.len()) as u64;
            batch_bytes += key.len() + value.len();
            batch.insert(key, Some(value));
            if batch_bytes >= APPLY_BYTES_MAX {
                parts::must_have_room(directory, copied.bytes)?;
                target.commit(std::mem::take(&mut batch))?;
                batch_bytes = 0;
            }
        }
        progress(CopyProgress { step: CopyStep::Copying, rows: copied.rows });
    }
    parts::must_have_room(directory, copied.bytes)?;
    target.commit(batch)?;
    target.barrier()?;
    Ok(copied)
}

fn compare(
    source: &dyn Engine,
    target: &dyn Engine,
    path: &Path,
    progress: &mut dyn FnMut(CopyProgress),
) -> Result<(), StoreError> {
    let mut after: Option<Vec<u8>> = None;
    let mut verified = 0;
    loop {
        let (wanted, found) = (page(source, after.as_deref())?, page(target, after.as_deref())?);
        if let Some(at) = (0..wanted.len().max(found.len())).find(|at| wanted.get(*at) != found.get(*at)) {
            let key = wanted.get(at).or(found.get(at)).map(|(key, _)| key.as_slice());
            let table = key.and_then(any_record::table).map_or("unknown", |table| table.name());
            let what = key.map_or_else(String::new, named::name);
            let detail = format!("the copy differs from the store in table {table}, {what}; check the disk");
            return Err(StoreError::Open { path: path.to_owned(), detail });
        }
        let Some((last, _)) = wanted.last() else { return Ok(()) };
        after = Some(last.clone());
        verified += wanted.len() as u64;
        progress(CopyProgress { step: CopyStep::Verifying, rows: verified });
    }
}
