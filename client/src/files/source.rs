//! The file that is sent: read in blocks, hashed on the way, and refused once it is another
//! than it was.
//!
//! Bytes are hashed once and in order, however often they are read: a stream that goes on
//! in the middle first makes good what was never read in this process.

use bytes::Bytes;
use rill_protocol::FileDigest;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use crate::{Error, limits::FILE_BLOCK_BYTES_MAX};

/// By which a file is known to be as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    /// Nanoseconds UTC.
    pub(crate) modified_ns: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { size: metadata.len(), modified_ns: u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX) })
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    file: File,
    stamp: Stamp,
    hasher: blake3::Hasher,
    /// Everything before it is in the digest.
    hashed: u64,
    /// Where the file stands.
    at: u64,
}

impl Source {
    /// Opens a file, which must bear the stamp if one is given.
    pub(crate) fn open(path: &Path, expected: Option<Stamp>) -> Result<Self, Error> {
        let failed = |error: io::Error| of_io(path, &error);
        // Looked at first: to open a pipe is to wait for whoever writes to it.
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(Error::File { path: path.display().to_string(), detail: "it is no file".to_owned() });
        }
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let stamp = Stamp::of(&metadata).map_err(failed)?;
        // However it is spelled the next time, it is the same file.
        let path = &path.canonicalize().map_err(failed)?;
        if expected.is_some_and(|expected| expected != stamp) {
            return Err(changed(path));
        }
        Ok(Self { path: path.to_owned(), file, stamp, hasher: blake3::Hasher::new(), hashed: 0, at: 0 })
    }

    /// Without links and detours.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The bytes from `at` on, as many as that. Blocks.
    pub(crate) fn block(&mut self, at: u64, length: usize) -> Result<Bytes, Error> {
        self.hash_up_to(at)?;
        let bytes = self.read(at, length)?;
        if let Some(new) = usize::try_from(self.hashed - at).ok().and_then(|known| bytes.get(known..)) {
            self.hasher.update(new);
            self.hashed += new.len() as u64;
        }
        Ok(bytes)
    }

    /// Of the whole file. Blocks, and reads what was not read yet.
    pub(crate) fn digest(&mut self) -> Result<FileDigest, Error> {
        self.hash_up_to(self.stamp.size)?;
        self.check()?;
        Ok(FileDigest(*self.hasher.finalize().as_bytes()))
    }

    fn hash_up_to(&mut self, end: u64) -> Result<(), Error> {
        while self.hashed < end {
            let length = usize::try_from(end - self.hashed).unwrap_or(usize::MAX).min(FILE_BLOCK_BYTES_MAX);
            let bytes = self.read(self.hashed, length)?;
            self.hasher.update(&bytes);
            self.hashed += bytes.len() as u64;
        }
        Ok(())
    }

    fn read(&mut self, at: u64, length: usize) -> Result<Bytes, Error> {
        let mut bytes = Vec::with_capacity(length);
        let read = (|| {
            if at != self.at {
                self.file.seek(SeekFrom::Start(at))?;
            }
            (&self.file).take(length as u64).read_to_end(&mut bytes)
        })();
        // Whatever went wrong, the next read looks for its place.
        self.at = at + bytes.len() as u64;
        read.map_err(|error| of_io(&self.path, &error))?;
        self.check()?;
        if bytes.len() == length { Ok(bytes.into()) } else { Err(changed(&self.path)) }
    }

    fn check(&self) -> Result<(), Error> {
        let now = self.file.metadata().and_then(|metadata| Stamp::of(&metadata));
        match now.map_err(|error| of_io(&self.path, &error))? == self.stamp {
            true => Ok(()),
            false => Err(changed(&self.path)),
        }
    }
}

fn changed(path: &Path) -> Error {
    Error::FileChanged(path.display().to_string())
}

pub(super) fn of_io(path: &Path, error: &io::Error) -> Error {
    Error::File { path: path.display().to_string(), detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    proptest! {
        /// Wherever streams go on, the digest is that of the file.
        #[test]
        fn the_digest_hangs_on_no_order_of_reading(
            content in proptest::collection::vec(any::<u8>(), 0..5_000),
            reads in proptest::collection::vec((0usize..5_000, 1usize..2_000), 0..20),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("f");
            fs::write(&path, &content).unwrap();
            let mut source = Source::open(&path, None).unwrap();
            for (at, length) in reads {
                let at = at.min(content.len());
                let length = length.min(content.len() - at);
                prop_assert_eq!(&source.block(at as u64, length).unwrap()[..], &content[at..at + length]);
            }
            prop_assert_eq!(source.digest().unwrap().0, *blake3::hash(&content).as_bytes());
        }
    }

    #[test]
    fn a_file_that_became_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, b"0123456789").unwrap();
        let mut source = Source::open(&path, None).unwrap();
        let stamp = source.stamp();
        assert_eq!(source.block(0, 4).unwrap(), "0123");
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
        for error in [source.block(4, 4).unwrap_err(), source.digest().unwrap_err()] {
            assert!(matches!(error, Error::FileChanged(_)), "{error}");
        }
        assert!(matches!(Source::open(&path, Some(stamp)), Err(Error::FileChanged(_))));
        assert!(matches!(Source::open(folder.path(), None), Err(Error::File { .. })), "a folder");
    }
}
