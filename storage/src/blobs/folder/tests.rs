//! A disk whose sync fails: what it was to make durable counts for nobody.

use bytes::Bytes;
use std::fs;
use tempfile::TempDir;

use crate::{
    StoreError,
    blobs::{Blob, BlobName, BlobPlace, Blobs, CHUNK_BYTES, Finished, Progress, Staged, folder::recover},
};

const CHUNK: u64 = CHUNK_BYTES as u64;
const BLOB: Blob = Blob { name: BlobName([7; 32]), size: 20 * CHUNK };

fn content() -> Bytes {
    let mut content = vec![0; BLOB.size as usize];
    blake3::Hasher::new().finalize_xof().fill(&mut content);
    content.into()
}

fn folder() -> (TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&BlobPlace::Folder(folder.path().join("blobs"))).unwrap();
    (folder, blobs)
}

impl Blobs {
    /// So many syncs succeed, and the one behind them fails.
    fn fail_sync(&self, after: u32) {
        *self.folder.as_ref().unwrap().failing.lock() = Some(after);
    }

    fn staged_bytes(&self) -> u64 {
        fs::metadata(self.folder.as_ref().unwrap().staged(&BLOB.name)).unwrap().len()
    }
}

async fn feed(staged: &mut Staged, until: u64) {
    let content = content();
    while staged.offset() < until {
        let from = staged.offset();
        staged.write(content.slice(from as usize..(from + CHUNK) as usize)).await.unwrap();
    }
}

/// Ten chunks are durable, and the next sync fails.
async fn ten(blobs: &Blobs) -> Staged {
    let mut staged = blobs.stage(BLOB, &Progress::default()).await.unwrap();
    feed(&mut staged, 10 * CHUNK).await;
    staged.sync();
    while staged.known().durable < 10 * CHUNK {
        staged.progress().await.unwrap();
    }
    blobs.fail_sync(0);
    staged
}

async fn must_go_on_from_ten(blobs: &Blobs) {
    assert_eq!(blobs.staged_bytes(), recover::end(&BLOB, 10), "what may not be there is cut off");
    let mut staged = blobs.stage(BLOB, &Progress::default()).await.unwrap();
    assert_eq!(staged.offset(), 10 * CHUNK);
    feed(&mut staged, BLOB.size).await;
    assert_eq!(staged.finish(blake3::hash(&content())).await.unwrap(), Finished::Whole);
}

fn must_tell(error: &StoreError) {
    assert!(error.to_string().contains("cannot be synced"), "{error}");
}

#[tokio::test]
async fn an_end_is_not_told_when_a_sync_before_it_has_failed() {
    let (_folder, blobs) = folder();
    let mut staged = ten(&blobs).await;
    feed(&mut staged, BLOB.size).await;
    // Beside what is written, and nobody asks how it went.
    staged.sync();
    must_tell(&staged.finish(blake3::hash(&content())).await.unwrap_err());
    must_go_on_from_ten(&blobs).await;
}

#[tokio::test]
async fn an_end_is_not_told_when_its_own_sync_fails() {
    let (_folder, blobs) = folder();
    let mut staged = ten(&blobs).await;
    feed(&mut staged, BLOB.size).await;
    must_tell(&staged.finish(blake3::hash(&content())).await.unwrap_err());
    must_go_on_from_ten(&blobs).await;
}

#[tokio::test]
async fn no_progress_is_told_that_was_not_synced() {
    let (_folder, blobs) = folder();
    let mut staged = ten(&blobs).await;
    feed(&mut staged, 15 * CHUNK).await;
    staged.sync();
    must_tell(&staged.progress().await.unwrap_err());
    must_tell(&staged.write(Bytes::from_static(b"more")).await.unwrap_err());
    drop(staged);
    must_go_on_from_ten(&blobs).await;
}

#[tokio::test]
async fn what_is_found_counts_when_it_is_synced() {
    let (_folder, blobs) = folder();
    let mut staged = ten(&blobs).await;
    blobs.fail_sync(1);
    feed(&mut staged, 12 * CHUNK).await;
    staged.suspend().await.unwrap();
    let noted = Progress { durable: 10 * CHUNK, values: Vec::new() };
    let Err(error) = blobs.stage(BLOB, &noted).await else { panic!("it was found") };
    assert!(error.to_string().contains("cannot be begun"), "{error}");
    must_go_on_from_ten(&blobs).await;
}

#[tokio::test]
async fn the_root_is_made_with_those_above_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("a").join("b");
    let blobs = Blobs::open(&BlobPlace::Folder(root.clone())).unwrap();
    blobs.put(&BLOB.name, b"text").await.unwrap();
    assert!(root.is_dir());
}
