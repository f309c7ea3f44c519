//! Reading a backup, with every checksum looked at before anything of it is used.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use super::{
    BackupManifest,
    format::{CHECKSUM_BYTES, FORMAT, HEADER_BYTES, Kind, MAGIC, checksum},
};
use crate::{StoreError, embedded::birth::DATA_VERSION, engine::Overlay, limits::BACKUP_FRAME_BYTES_MAX, rows};

/// Gives the rows of a backup in order, then its manifest.
pub(in crate::embedded) struct Reader<'a> {
    path: &'a Path,
    file: BufReader<File>,
    hasher: blake3::Hasher,
    bytes: u64,
    rows: u64,
    changes: u64,
}

/// The next of a backup.
pub(in crate::embedded) enum Next {
    Rows(Overlay),
    End(BackupManifest),
}

impl<'a> Reader<'a> {
    pub(in crate::embedded) fn open(path: &'a Path) -> Result<Self, StoreError> {
        let unreadable = |error| StoreError::Backup(format!("{} cannot be read: {error}", path.display()));
        let file = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut reader = Self { path, file, hasher: blake3::Hasher::new(), bytes: 0, rows: 0, changes: 0 };
        let mut magic = [0; MAGIC.len()];
        reader.take(&mut magic)?;
        if magic != *MAGIC {
            return Err(StoreError::Backup(format!("{} is no backup of Rill", path.display())));
        }
        reader.hasher.update(&magic);
        reader.bytes = magic.len() as u64;
        Ok(reader)
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError::Backup(format!("the backup {} is damaged at byte {}: {what}", self.path.display(), self.bytes))
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<(), StoreError> {
        self.file.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("it is cut short"),
            _ => StoreError::Backup(format!("{} cannot be read: {error}", self.path.display())),
        })
    }

    pub(in crate::embedded) fn next(&mut self) -> Result<Next, StoreError> {
        let before = self.hasher.clone();
        let (kind, payload) = self.frame()?;
        match kind {
            Kind::Rows | Kind::Changes => {
                let found = rows::read(&payload).ok_or_else(|| self.damaged("its rows are not whole"))?;
                let count = if kind == Kind::Rows { &mut self.rows } else { &mut self.changes };
                *count += found.len() as u64;
                Ok(Next::Rows(found))
            }
            Kind::Failure => Err(StoreError::Backup(format!(
                "the backup {} was not finished: {}",
                self.path.display(),
                String::from_utf8_lossy(&payload)
            ))),
            Kind::Manifest => self.end(&payload, &before).map(Next::End),
        }
    }

    fn frame(&mut self) -> Result<(Kind, Vec<u8>), StoreError> {
        let mut header = [0; HEADER_BYTES];
        self.take(&mut header)?;
        let length = u32::from_le_bytes([header[1], header[2], header[3], header[4]]) as usize;
        let Some(kind) = Kind::of(header[0]).filter(|_| length <= BACKUP_FRAME_BYTES_MAX) else {
            return Err(self.damaged("no frame begins there"));
        };
        let mut payload = vec![0; length];
        self.take(&mut payload)?;
        let mut sum = [0; CHECKSUM_BYTES];
        self.take(&mut sum)?;
        if sum != checksum(&[&header, &payload]) {
            return Err(self.damaged("the checksum of a frame is wrong"));
        }
        if kind != Kind::Manifest {
            for part in [&header[..], &payload, &sum] {
                self.hasher.update(part);
                self.bytes += part.len() as u64;
            }
        }
        Ok((kind, payload))
    }

    fn end(&mut self, payload: &[u8], before: &blake3::Hasher) -> Result<BackupManifest, StoreError> {
        let manifest: BackupManifest =
            serde_json::from_slice(payload).map_err(|error| self.damaged(&format!("its manifest: {error}")))?;
        if manifest.format != FORMAT || manifest.data_version > DATA_VERSION {
            return Err(StoreError::Backup(format!(
                "the backup {} has format {} and data version {}, and this program reads up to {FORMAT} and \
                 {DATA_VERSION}; use a newer one",
                self.path.display(),
                manifest.format,
                manifest.data_version
            )));
        }
        let counted = (self.bytes, self.rows, self.changes);
        if counted != (manifest.bytes, manifest.rows, manifest.changes)
            || manifest.blake3 != before.finalize().to_hex().as_str()
        {
            return Err(self.damaged("it is not what its manifest says"));
        }
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(manifest),
            _ => Err(self.damaged("something stands behind its end")),
        }
    }
}

/// Reads a whole backup and looks at every checksum.
///
/// # Errors
/// It is no backup, or not whole, or of a newer version; or it cannot be read.
pub fn verify(path: &Path, progress: &mut dyn FnMut(u64)) -> Result<BackupManifest, StoreError> {
    let mut reader = Reader::open(path)?;
    loop {
        match reader.next()? {
            Next::Rows(_) => progress(reader.rows),
            Next::End(manifest) => return Ok(manifest),
        }
    }
}
