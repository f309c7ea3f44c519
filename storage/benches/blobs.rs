//! A file that comes in and is read, beside a program that only does what cannot be left out:
//! up, one that hashes once, writes and syncs one file; down, one that reads the file. Both
//! take the same pieces of 64 KiB, on the same disk, in turns.
//!
//! `cargo bench -p rill-storage --bench blobs -- MIB PAIRS [FOLDER]`
#![allow(clippy::disallowed_methods)] // a program of its own, which measures time

use bytes::Bytes;
use rill_storage::blobs::{Blob, BlobName, BlobPlace, Blobs, CHUNK_BYTES, Finished, Progress};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    time::Instant,
};

/// A sync is asked for each time so much has come, as a window of credit is granted.
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

struct Figures {
    up: f64,
    up_ceiling: f64,
    down: f64,
    down_ceiling: f64,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let number = |at: usize, or: u64| args.get(at).map_or(or, |text| text.parse().expect("a number"));
    let (mib, pairs) = (number(0, 256), number(1, 5));
    let folder = args.get(2).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut all = Vec::new();
    for pair in 0..pairs {
        let mut content = vec![0; (mib << 20) as usize];
        blake3::Hasher::new().update(&pair.to_le_bytes()).finalize_xof().fill(&mut content);
        let (content, digest) = (Bytes::from(content.clone()), blake3::hash(&content));
        let rate = |began: Instant| mib as f64 / began.elapsed().as_secs_f64();
        let blob = Blob { name: BlobName(*digest.as_bytes()), size: content.len() as u64 };
        let blobs = Blobs::open(&BlobPlace::Folder(folder.path().join("blobs"))).unwrap();
        let plain = folder.path().join("plain");

        let began = Instant::now();
        ceiling_up(&plain, &content, &digest);
        let up_ceiling = rate(began);
        let began = Instant::now();
        runtime.block_on(up(&blobs, blob, &content, digest));
        let up = rate(began);
        let began = Instant::now();
        ceiling_down(&plain);
        let down_ceiling = rate(began);
        let began = Instant::now();
        runtime.block_on(down(&blobs, blob));
        let down = rate(began);
        runtime.block_on(blobs.remove(&blob.name)).unwrap();
        std::fs::remove_file(&plain).unwrap();
        println!(
            "up {up:6.0} of {up_ceiling:6.0} MiB/s: {:.2}; down {down:6.0} of {down_ceiling:6.0}: {:.2}",
            up / up_ceiling,
            down / down_ceiling
        );
        all.push(Figures { up, up_ceiling, down, down_ceiling });
    }
    let median = |of: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = all.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "median of {pairs} pairs: up {:.0} MiB/s, ratio {:.2}; down {:.0} MiB/s, ratio {:.2}",
        median(|pair| pair.up),
        median(|pair| pair.up / pair.up_ceiling),
        median(|pair| pair.down),
        median(|pair| pair.down / pair.down_ceiling)
    );
}

async fn up(blobs: &Blobs, blob: Blob, content: &Bytes, digest: blake3::Hash) {
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    let mut asked = 0;
    for from in (0..content.len()).step_by(CHUNK_BYTES) {
        staged.write(content.slice(from..content.len().min(from + CHUNK_BYTES))).await.unwrap();
        if staged.offset() - asked >= WINDOW_BYTES {
            asked = staged.offset();
            staged.sync();
        }
    }
    assert_eq!(staged.finish(digest).await.unwrap(), Finished::Whole);
}

fn ceiling_up(path: &Path, content: &[u8], digest: &blake3::Hash) {
    let (mut file, mut hasher) = (File::create(path).unwrap(), blake3::Hasher::new());
    for piece in content.chunks(CHUNK_BYTES) {
        hasher.update(piece);
        file.write_all(piece).unwrap();
    }
    file.sync_data().unwrap();
    assert_eq!(hasher.finalize(), *digest);
}

async fn down(blobs: &Blobs, blob: Blob) {
    let (mut stream, mut bytes) = (blobs.read(blob, blob.size, 0..blob.size).await.unwrap(), 0);
    while let Some(piece) = stream.next().await.unwrap() {
        bytes += piece.len() as u64;
    }
    assert_eq!(bytes, blob.size);
}

fn ceiling_down(path: &Path) {
    let (mut file, mut piece) = (File::open(path).unwrap(), vec![0; CHUNK_BYTES]);
    while file.read(&mut piece).unwrap() > 0 {
        std::hint::black_box(&piece);
    }
}
