//! A store copied to another directory, and to another engine if that is wanted.
//!
//! Rows are copied as they are, with the secret and the epochs: it is the same store.
//! The record that makes bytes a store goes last, so that a copy which was cut short is
//! none; then both are read side by side.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{any_record, directory_lock::LockedDirectory, keys, open::JOURNAL_DIRECTORY};
use crate::{
    StoreError,
    engine::{self, Direction, Engine, EngineKind, OWN_KEYS, Overlay, journal},
    limits::{APPLY_BYTES_MAX, CACHE_BYTES_DEFAULT, READ_ROWS_MAX},
    record::KeyRing,
};

/// What a copy is doing.
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

/// Rows in the order of their keys.
type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn refuse(path: &Path, detail: &str) -> StoreError {
    StoreError::Open { path: path.to_owned(), detail: detail.into() }
}

/// Rows behind a key, as many as a read may have; none at the end.
fn page(engine: &dyn Engine, after: Option<&[u8]>) -> Result<Rows, StoreError> {
    let mut from = after.map_or_else(Vec::new, <[u8]>::to_vec);
    if after.is_some() {
        // The first key that is larger.
        from.push(0);
    }
    let mut rows = Rows::new();
    engine.scan(&from, &[OWN_KEYS], Direction::Forward, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        if rows.len() < READ_ROWS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(rows)
}

fn open_source(path: &Path) -> Result<Arc<dyn Engine>, StoreError> {
    let Some(kind) = EngineKind::of(path)?.filter(|kind| kind.is_present(path)) else {
        return Err(refuse(path, "there is no store in it"));
    };
    let directory = LockedDirectory::lock(path)?;
    let engine = engine::open(kind, path, CACHE_BYTES_DEFAULT, Box::new(directory))?;
    Ok(Arc::new(journal::open(engine, &path.join(kind.name()), &path.join(JOURNAL_DIRECTORY))?))
}

fn open_target(path: &Path, kind: EngineKind) -> Result<Arc<dyn Engine>, StoreError> {
    let directory = LockedDirectory::lock(path)?;
    if EngineKind::of(path)?.is_some() {
        return Err(refuse(
            path,
            "there is a store in it already, or a copy that was cut short; choose a directory that is not there yet",
        ));
    }
    EngineKind::settle(path, Some(kind))?;
    engine::open(kind, path, CACHE_BYTES_DEFAULT, Box::new(directory))
}

/// Copies the closed store in `from` to `to`, a directory without a store, with `kind`
/// as its engine. Blocks for as long as it takes.
///
/// # Errors
/// A row of the source is damaged, the target holds something, or the two differ in the
/// end. The source is left as it is.
pub fn copy(
    from: &Path,
    to: &Path,
    kind: EngineKind,
    progress: &mut dyn FnMut(CopyProgress),
) -> Result<Copied, StoreError> {
    let source = open_source(from)?;
    let target = open_target(to, kind)?;
    let meta = keys::meta().bytes;
    let Some(birth) = source.get(&meta)? else { return Err(refuse(from, "there is no store in it")) };

    let (mut batch, mut batch_bytes) = (Overlay::new(), 0);
    let mut copied = Copied { rows: 0, bytes: 0 };
    let mut after: Option<Vec<u8>> = None;
    loop {
        let rows = page(&*source, after.as_deref())?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        for (key, value) in rows {
            any_record::check(&KeyRing, &key, &value)?;
            copied.rows += 1;
            copied.bytes += (key.len() + value.len()) as u64;
            if key == meta {
                continue;
            }
            batch_bytes += key.len() + value.len();
            batch.insert(key, Some(value));
            if batch_bytes >= APPLY_BYTES_MAX {
                target.commit(std::mem::take(&mut batch))?;
                batch_bytes = 0;
            }
        }
        progress(CopyProgress { step: CopyStep::Copying, rows: copied.rows });
    }
    if !batch.is_empty() {
        target.commit(batch)?;
    }
    target.barrier()?;
    target.commit(Overlay::from([(meta, Some(birth))]))?;
    target.barrier()?;
    drop(target);

    // What the disk has, not what is still in memory.
    let directory = LockedDirectory::lock(to)?;
    let target = engine::open(kind, to, CACHE_BYTES_DEFAULT, Box::new(directory))?;
    compare(&*source, &*target, to, progress)?;
    source.settle()?;
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
            let path = PathBuf::from(path);
            let detail = format!("the copy differs from the store in table {table}; remove it and check the disk");
            return Err(StoreError::Open { path, detail });
        }
        let Some((last, _)) = wanted.last() else { return Ok(()) };
        after = Some(last.clone());
        verified += wanted.len() as u64;
        progress(CopyProgress { step: CopyStep::Verifying, rows: verified });
    }
}
