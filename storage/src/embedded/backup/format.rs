//! The stream of a backup: `magic 8`, then frames.
//!
//! A frame is `kind u8 | length u32 | payload | checksum 8`, the checksum blake3 of all
//! before it in the frame. Rows and changes are written as in [`crate::rows`]; frames are
//! played in order.
//! The last one is the manifest, JSON, with blake3 of every byte before it; or the reason
//! why there is none. Integers are little endian.

use std::io::{self, Write};

use super::{BackupLabel, BackupManifest};
use crate::{engine::Overlay, limits::BACKUP_FRAME_BYTES, rows};

pub(super) const MAGIC: &[u8; 8] = b"rillbk01";
/// Of the stream as it is described above.
pub(super) const FORMAT: u32 = 1;
pub(super) const HEADER_BYTES: usize = 5;
pub(super) const CHECKSUM_BYTES: usize = 8;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Rows = 1,
    Changes = 2,
    Manifest = 3,
    Failure = 4,
}

impl Kind {
    pub(super) fn of(number: u8) -> Option<Self> {
        [Self::Rows, Self::Changes, Self::Manifest, Self::Failure].into_iter().find(|kind| *kind as u8 == number)
    }
}

pub(super) fn checksum(parts: &[&[u8]]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM_BYTES]);
    sum
}

pub(super) fn header(kind: Kind, length: u32) -> [u8; HEADER_BYTES] {
    let mut header = [kind as u8; HEADER_BYTES];
    header[1..].copy_from_slice(&length.to_le_bytes());
    header
}

/// Writes a stream.
pub(super) struct Writer<'a> {
    out: &'a mut dyn Write,
    hasher: blake3::Hasher,
    bytes: u64,
    rows: u64,
    payload: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn begin(out: &'a mut dyn Write) -> io::Result<Self> {
        let mut writer = Self { out, hasher: blake3::Hasher::new(), bytes: 0, rows: 0, payload: Vec::new() };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn frame(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let header = header(kind, length);
        self.put(&header)?;
        self.put(payload)?;
        self.put(&checksum(&[&header, payload]))
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn row(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.rows += 1;
        rows::put(&mut self.payload, key, Some(value));
        if self.payload.len() >= BACKUP_FRAME_BYTES { self.end_rows() } else { Ok(()) }
    }

    pub(super) fn end_rows(&mut self) -> io::Result<()> {
        let mut payload = std::mem::take(&mut self.payload);
        if payload.is_empty() {
            return Ok(());
        }
        self.frame(Kind::Rows, &payload)?;
        payload.clear();
        self.payload = payload;
        Ok(())
    }

    /// A batch that became durable behind all rows so far.
    pub(super) fn changes(&mut self, batch: &Overlay) -> io::Result<()> {
        let mut payload = Vec::new();
        batch.iter().for_each(|(key, value)| rows::put(&mut payload, key, value.as_deref()));
        self.frame(Kind::Changes, &payload)
    }

    pub(super) fn finish(mut self, label: BackupLabel, data_version: u32, changes: u64) -> io::Result<BackupManifest> {
        self.end_rows()?;
        let BackupLabel { software, made_ms } = label;
        let blake3 = self.hasher.finalize().to_hex().to_string();
        let (rows, bytes) = (self.rows, self.bytes);
        let manifest = BackupManifest { format: FORMAT, data_version, software, made_ms, rows, changes, bytes, blake3 };
        let text = serde_json::to_vec_pretty(&manifest)?;
        self.frame(Kind::Manifest, &text)?;
        self.out.flush()?;
        Ok(manifest)
    }

    pub(super) fn fail(mut self, reason: &str) -> io::Result<()> {
        self.frame(Kind::Failure, reason.as_bytes())?;
        self.out.flush()
    }
}
