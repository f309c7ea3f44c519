//! What a file of an unfinished blob holds, when its writing begins or goes on.
//!
//! A chunk counts if it opens. Of whole parts that were noted as durable only the last chunk is
//! looked at: nobody else writes the file, so they are there as they were. From there on all
//! are read, for their values are needed for the digest. The
//! first that does not open ends what there is: the file is cut there. A chunk is never
//! written in place of a shorter one, so no cut of power can take back what was durable.

use bytes::Bytes;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    thread,
    time::Duration,
};

use super::Folder;
use crate::{
    StoreError,
    blobs::{
        Blob, Progress,
        blocking::failed,
        chunk::{self, MAGIC},
        space,
        tree::{self, PART_CHUNKS, Tree},
    },
    limits::{STAGED_LOCK_TRIES_MAX, STAGED_LOCK_WAIT_MS},
    platform,
    record::KeyRing,
};

/// A file whose next chunk is the one behind what the tree has.
pub(super) struct Found {
    pub(super) file: File,
    pub(super) tree: Tree,
    /// As of the last whole part.
    pub(super) kept: Vec<tree::Value>,
    /// It is in its place already.
    pub(super) is_published: bool,
}

/// Takes up what is there, or begins. All that it finds is durable when it returns.
pub(super) fn find(folder: &Folder, ring: &KeyRing, blob: &Blob, noted: &Progress) -> Result<Found, StoreError> {
    let cannot = |error: io::Error| failed("opened", &error);
    folder.make(&folder.staging()).map_err(cannot)?;
    let staged = folder.staged(&blob.name);
    let finished = folder.finished(&blob.name).1;
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let found = match options.open(&staged) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => options.open(&finished),
        found => found,
    };
    let mut file = match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            space::must_hold(folder.root(), blob.size)?;
            options.create(true).truncate(false).open(&staged).map_err(cannot)?
        }
        found => found.map_err(cannot)?,
    };
    lock(&file, blob)?;
    // Whoever had it may have put it into its place meanwhile, or removed it.
    let is_published = is_at(&file, &finished);
    if !is_published && !is_at(&file, &staged) {
        return Err(StoreError::BlobInUse { name: blob.name });
    }
    let (tree, kept) = recover(&mut file, ring, blob, noted).map_err(cannot)?;
    let end = end(blob, tree.chunks());
    if is_published {
        if tree.chunks() < chunk::count(blob.size) {
            return Err(chunk::damaged(&blob.name, format!("chunk {} does not open", tree.chunks())));
        }
        return Ok(Found { file, tree, kept, is_published });
    }
    space::must_hold(folder.root(), blob.size - chunk::offset(tree.chunks()).min(blob.size))?;
    let settle = |file: &mut File| {
        file.set_len(end)?;
        file.seek(SeekFrom::Start(0))?;
        // The same bytes, if they were there.
        file.write_all(MAGIC)?;
        file.seek(SeekFrom::Start(end))?;
        let known = chunk::count(noted.durable.min(chunk::offset(tree.chunks())));
        folder.sync(file, self::end(blob, known))?;
        platform::sync_directory(&folder.staging())
    };
    settle(&mut file).map_err(|error| failed("begun", &error))?;
    Ok(Found { file, tree, kept, is_published })
}

/// Where the chunks of a file end.
pub(super) fn end(blob: &Blob, chunks: u64) -> u64 {
    MAGIC.len() as u64 + blob.sealed_bytes(0..chunks) as u64
}

/// One writes at a time, in this process or another. Who has just gone may still be at its
/// last piece of work.
fn lock(file: &File, blob: &Blob) -> Result<(), StoreError> {
    for _ in 0..STAGED_LOCK_TRIES_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(STAGED_LOCK_WAIT_MS)),
            Err(TryLockError::Error(error)) => return Err(failed("locked", &error)),
        }
    }
    Err(StoreError::BlobInUse { name: blob.name })
}

/// Whether an open file has this name.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.metadata()) {
        (Ok(open), Ok(named)) => platform::is_same_file(&open, &named),
        _ => false,
    }
}

fn recover(file: &mut File, ring: &KeyRing, blob: &Blob, noted: &Progress) -> io::Result<(Tree, Vec<tree::Value>)> {
    let mut magic = [0; MAGIC.len()];
    let length = file.metadata()?.len();
    if length < MAGIC.len() as u64 || file.read_exact(&mut magic).is_err() || magic != *MAGIC {
        return Ok((Tree::default(), Vec::new()));
    }
    // Whole parts, if they are as long as they should be.
    let is_parted = blob.is_parted();
    let parts = if is_parted { noted.durable.min(blob.size) / crate::limits::BLOB_PART_BYTES } else { 0 };
    let known = Tree::kept(parts, &noted.values).filter(|tree| length >= end(blob, tree.chunks()));
    let mut tree = match known {
        Some(tree) if tree.chunks() > 0 && open(file, ring, blob, tree.chunks() - 1)?.is_none() => Tree::default(),
        known => known.unwrap_or_default(),
    };
    let mut kept = tree.values().to_vec();
    while tree.chunks() < chunk::count(blob.size) {
        let number = tree.chunks();
        let Some(payload) = open(file, ring, blob, number)? else { break };
        tree.push(tree::values(number, &payload), is_parted);
        if is_parted && tree.chunks().is_multiple_of(PART_CHUNKS) {
            kept = tree.values().to_vec();
        }
    }
    Ok((tree, kept))
}

/// The payload of a chunk, if it is there and opens.
fn open(file: &mut File, ring: &KeyRing, blob: &Blob, number: u64) -> io::Result<Option<Bytes>> {
    let mut sealed = vec![0; blob.sealed_bytes(number..number + 1)];
    file.seek(SeekFrom::Start(chunk::place(number)))?;
    match file.read_exact(&mut sealed) {
        Ok(()) => Ok(blob.open(ring, number, &Bytes::from(sealed)).ok().map(|(payload, _)| payload)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
