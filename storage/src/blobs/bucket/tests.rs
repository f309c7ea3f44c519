//! What objects there are behind a blob's back: gone, of another length, or left over.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::ObjectStoreExt as _;

use super::object;
use crate::{
    StoreError,
    blobs::{Blob, BlobName, BlobPlace, Blobs, CHUNK_BYTES, Finished, Progress, Staged},
    limits::BLOB_PART_BYTES as PART,
};

const CHUNK: u64 = CHUNK_BYTES as u64;
const BLOB: Blob = Blob { name: BlobName([7; 32]), size: 3 * PART + 20 * CHUNK };

fn content() -> Bytes {
    let mut content = vec![0; BLOB.size as usize];
    blake3::Hasher::new().finalize_xof().fill(&mut content);
    content.into()
}

fn blobs() -> Blobs {
    Blobs::open(&BlobPlace::Memory).unwrap()
}

async fn feed(staged: &mut Staged, until: u64) {
    let content = content();
    while staged.offset() < until {
        let from = staged.offset();
        let to = (from + CHUNK).min(until);
        staged.write(content.slice(from as usize..to as usize)).await.unwrap();
    }
}

/// Writes on to there and stops.
async fn reach(blobs: &Blobs, noted: &Progress, until: u64) -> Progress {
    let mut staged = blobs.stage(BLOB, noted).await.unwrap();
    feed(&mut staged, until).await;
    let progress = staged.suspend().await.unwrap();
    assert_eq!(progress.durable, until);
    progress
}

async fn must_read(blobs: &Blobs, durable: u64) {
    let (mut stream, content) = (blobs.read(BLOB, durable, 0..durable).await.unwrap(), content());
    let mut at = 0;
    while let Some(piece) = stream.next().await.unwrap() {
        assert!(piece == content[at..at + piece.len()]);
        at += piece.len();
    }
    assert_eq!(at as u64, durable);
}

async fn objects(blobs: &Blobs) -> Vec<String> {
    let found: Vec<_> = blobs.store.list(None).try_collect().await.unwrap();
    let mut names: Vec<_> = found.into_iter().filter_map(|found| Some(found.location.filename()?.to_owned())).collect();
    names.sort();
    names
}

async fn lose(blobs: &Blobs, part: u64, chunks: Option<u64>) {
    blobs.store.delete(&object(&BLOB.name, part, chunks)).await.unwrap();
}

async fn must_finish(blobs: &Blobs, noted: &Progress) {
    let mut staged = blobs.stage(BLOB, noted).await.unwrap();
    feed(&mut staged, BLOB.size).await;
    assert_eq!(staged.finish(blake3::hash(&content())).await.unwrap(), Finished::Whole);
    must_read(blobs, BLOB.size).await;
    assert_eq!(
        objects(blobs).await,
        ["000000", "000001", "000002", "000003", "whole"],
        "and nothing that was in between"
    );
}

#[tokio::test]
async fn parts_that_were_noted_and_are_gone_do_not_count() {
    for (gone, left) in [(0, 0), (1, PART), (2, 2 * PART)] {
        let blobs = blobs();
        let noted = reach(&blobs, &Progress::default(), 3 * PART + 5 * CHUNK).await;
        lose(&blobs, gone, None).await;
        let staged = blobs.stage(BLOB, &noted).await.unwrap();
        assert_eq!((staged.offset(), staged.known().durable), (left, left), "without part {gone}");
        drop(staged);
        must_finish(&blobs, &noted).await;
    }
}

#[tokio::test]
async fn a_part_of_another_length_is_damage() {
    let blobs = blobs();
    let noted = reach(&blobs, &Progress::default(), 3 * PART).await;
    blobs.store.put(&object(&BLOB.name, 1, None), Bytes::from_static(b"short").into()).await.unwrap();
    let Err(error) = blobs.stage(BLOB, &noted).await else { panic!("it was believed") };
    assert!(matches!(&error, StoreError::BlobDamaged { detail, .. } if detail.contains("part 1")), "{error}");
}

#[tokio::test]
async fn it_is_whole_only_with_every_part() {
    for gone in [0, 2, 3] {
        let blobs = blobs();
        // All of it is in the bucket, or its last part comes with the end.
        let before = if gone == 3 { BLOB.size } else { 3 * PART + 5 * CHUNK };
        let noted = reach(&blobs, &Progress::default(), before).await;
        let mut staged = blobs.stage(BLOB, &noted).await.unwrap();
        feed(&mut staged, BLOB.size).await;
        lose(&blobs, gone, None).await;
        let error = staged.finish(blake3::hash(&content())).await.unwrap_err();
        let missing = gone * PART;
        assert!(matches!(error, StoreError::BlobBounds { bytes, .. } if bytes == missing), "{error}");
        must_finish(&blobs, &noted).await;
    }
}

#[tokio::test]
async fn what_was_noted_of_a_part_stays_until_more_of_it_is_noted() {
    let blobs = blobs();
    let five = reach(&blobs, &Progress::default(), 5 * CHUNK).await;
    // Nobody gets to note how far this was.
    reach(&blobs, &five, 9 * CHUNK).await;
    must_read(&blobs, five.durable).await;
    let staged = blobs.stage(BLOB, &five).await.unwrap();
    assert_eq!(staged.offset(), 9 * CHUNK, "the longest is taken");
    drop(staged);
    let nine = Progress { durable: 9 * CHUNK, values: Vec::new() };
    let eleven = reach(&blobs, &nine, 11 * CHUNK).await;
    assert_eq!(objects(&blobs).await, ["000000-11", "000000-9"], "what nobody can name any more goes");
    must_finish(&blobs, &eleven).await;
}

#[tokio::test]
async fn what_there_is_of_a_part_is_not_removed_for_having_been_there() {
    let blobs = blobs();
    let five = reach(&blobs, &Progress::default(), 5 * CHUNK).await;
    lose(&blobs, 0, Some(5)).await;
    let again = reach(&blobs, &five, 5 * CHUNK).await;
    must_read(&blobs, again.durable).await;
    // Nothing new is nothing to write.
    assert_eq!(blobs.stage(BLOB, &again).await.unwrap().suspend().await.unwrap(), again);
    must_read(&blobs, again.durable).await;
    must_finish(&blobs, &again).await;
}

#[tokio::test]
async fn of_a_part_the_longest_that_opens_counts() {
    let blobs = blobs();
    let five = reach(&blobs, &Progress::default(), 5 * CHUNK).await;
    reach(&blobs, &five, 9 * CHUNK).await;
    let damaged = object(&BLOB.name, 0, Some(9));
    let mut bytes = blobs.store.get(&damaged).await.unwrap().bytes().await.unwrap().to_vec();
    bytes[2 * CHUNK_BYTES] ^= 1;
    blobs.store.put(&damaged, bytes.into()).await.unwrap();
    assert_eq!(blobs.stage(BLOB, &five).await.unwrap().offset(), 5 * CHUNK);
}
