//! The journal's files: one per generation, named after the first batch in it.
//!
//! `magic 8 | number of the first batch u64 | checksum 8`, then frames, then nothing or
//! zeros. A file gets its name only when its beginning is durable, so that a file under
//! its name always has one.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::spares::Spare;
use crate::{StoreError, platform};

const MAGIC: &[u8; 8] = b"rilljn01";
pub(super) const HEADER_BYTES: usize = 24;
const ENDING: &str = "frames";
pub(super) const FRESH_ENDING: &str = "new";

/// The file that batches are appended to.
pub(super) struct Segment {
    path: PathBuf,
    file: File,
    bytes: u64,
    /// Up to where it has been made ahead.
    prepared_bytes: u64,
}

fn header(first: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&first.to_le_bytes());
    let sum = blake3::hash(&header[..16]);
    header[16..].copy_from_slice(&sum.as_bytes()[..8]);
    header
}

/// The first batch's number by a file's beginning.
pub(super) fn first(bytes: &[u8]) -> Option<u64> {
    let found = bytes.first_chunk::<HEADER_BYTES>()?;
    let first = u64::from_le_bytes(*found[8..].first_chunk::<8>()?);
    (*found == header(first)).then_some(first)
}

fn path(directory: &Path, first: u64) -> PathBuf {
    directory.join(format!("{first:020}.{ENDING}"))
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        detail: format!("the journal cannot be written: {error}; check its permissions and the space on its disk"),
    }
}

/// What a failure in the middle of things means.
pub(super) fn failed(what: &str, error: &io::Error) -> StoreError {
    if platform::is_full(error) {
        return StoreError::Full;
    }
    StoreError::Engine(format!("the journal cannot be {what}: {error}"))
}

/// The files there are with the numbers in their names, lowest first. Those that never
/// got their name are removed.
pub(super) fn list(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        match path.extension().and_then(|ending| ending.to_str()) {
            Some(ENDING) => found.extend(number.map(|number| (number, path))),
            Some(FRESH_ENDING) => fs::remove_file(path)?,
            _ => {}
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Removes the files of batches that the engine has.
pub(super) fn remove_before(directory: &Path, first: u64) -> io::Result<()> {
    for (number, path) in list(directory)? {
        if number < first {
            fs::remove_file(path)?;
        }
    }
    platform::sync_directory(directory)
}

impl Segment {
    /// Makes the file of the batches from `first` on, durably.
    pub(super) fn create(directory: &Path, first: u64) -> io::Result<Self> {
        let fresh = path(directory, first).with_extension(FRESH_ENDING);
        let file = File::create(&fresh)?;
        Self::create_in(directory, first, Spare { path: fresh, file, bytes: 0 })
    }

    /// The same in a file that was made ahead.
    pub(super) fn create_in(directory: &Path, first: u64, spare: Spare) -> io::Result<Self> {
        let path = path(directory, first);
        let Spare { path: fresh, mut file, bytes: prepared_bytes } = spare;
        file.write_all(&header(first))?;
        file.sync_all()?;
        fs::rename(fresh, &path)?;
        if let Err(error) = platform::sync_directory(directory) {
            // The old file goes on, and must not have one behind it that begins too early.
            fs::remove_file(&path)?;
            return Err(error);
        }
        Ok(Self { path, file, bytes: HEADER_BYTES as u64, prepared_bytes })
    }

    /// How much has been written to it.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == HEADER_BYTES as u64
    }

    /// Whether so much more makes it longer.
    pub(super) fn would_grow(&self, more_bytes: usize) -> bool {
        self.bytes + more_bytes as u64 > self.prepared_bytes
    }

    /// Appends a frame. What a full disk left of one is taken back.
    pub(super) fn append(&mut self, frame: &[u8]) -> Result<(), StoreError> {
        match self.file.write_all(frame) {
            Ok(()) => {
                self.bytes += frame.len() as u64;
                Ok(())
            }
            Err(error) => match self.take_back() {
                Ok(()) => Err(failed("written", &error)),
                Err(_) => Err(StoreError::Engine(format!("the journal cannot be written: {error}"))),
            },
        }
    }

    fn take_back(&mut self) -> io::Result<()> {
        use std::io::Seek as _;
        self.prepared_bytes = 0;
        self.file.set_len(self.bytes)?;
        self.file.seek(io::SeekFrom::Start(self.bytes)).map(drop)
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let synced = self.file.sync_data();
        synced.map_err(|error| StoreError::Engine(format!("the journal cannot be synced: {error}")))
    }

    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }
}
