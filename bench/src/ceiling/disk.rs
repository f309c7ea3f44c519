//! A file's bytes to and from a pipe, on a thread that waits for the disk so that the
//! transport does not.

use anyhow::Context;
use bytes::Bytes;
use std::{
    fs::File,
    io::{Read, Write},
    path::PathBuf,
};
use tokio::{sync::mpsc, task::JoinHandle};

/// Read at once.
const BLOCK_BYTES: usize = 1 << 20;
/// Hashed and written at once.
pub(super) const GIVEN_BYTES: usize = BLOCK_BYTES / 4;
/// What comes ahead of the slower side.
const BLOCKS_WAITING_MAX: usize = 8;

/// The blocks of a file, in order.
pub(super) fn read(path: PathBuf) -> mpsc::Receiver<anyhow::Result<Bytes>> {
    let (give, blocks) = mpsc::channel(BLOCKS_WAITING_MAX);
    tokio::task::spawn_blocking(move || {
        let mut file = match File::open(&path).with_context(|| path.display().to_string()) {
            Ok(file) => file,
            Err(error) => return drop(give.blocking_send(Err(error))),
        };
        loop {
            let mut block = Vec::with_capacity(BLOCK_BYTES);
            let read = (&mut file).take(BLOCK_BYTES as u64).read_to_end(&mut block);
            let is_over = matches!(read, Ok(0));
            let block = read.map(|_| Bytes::from(block)).context("reading");
            if is_over || give.blocking_send(block).is_err() {
                return;
            }
        }
    });
    blocks
}

/// Takes blocks, hashes and writes them; syncs the file in the end, and says the digest.
pub(super) fn write(path: PathBuf) -> (mpsc::Sender<Bytes>, JoinHandle<anyhow::Result<blake3::Hash>>) {
    let (give, mut blocks) = mpsc::channel::<Bytes>(BLOCKS_WAITING_MAX * BLOCK_BYTES / GIVEN_BYTES);
    let work = tokio::task::spawn_blocking(move || {
        let mut file = File::create(&path).with_context(|| path.display().to_string())?;
        let mut hasher = blake3::Hasher::new();
        while let Some(block) = blocks.blocking_recv() {
            hasher.update(&block);
            file.write_all(&block)?;
        }
        file.sync_all()?;
        Ok(hasher.finalize())
    });
    (give, work)
}

/// Makes a file of random bytes, on the disk before anything is measured.
pub(crate) fn random(path: &std::path::Path, bytes: u64) -> anyhow::Result<blake3::Hash> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let mut stream = blake3::Hasher::new_keyed(&seed).finalize_xof();
    let (mut file, mut hasher) = (File::create(path)?, blake3::Hasher::new());
    let mut block = vec![0; BLOCK_BYTES];
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES);
        stream.fill(&mut block[..length]);
        hasher.update(&block[..length]);
        file.write_all(&block[..length])?;
        left -= length as u64;
    }
    file.sync_all()?;
    Ok(hasher.finalize())
}
