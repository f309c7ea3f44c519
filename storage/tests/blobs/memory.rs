//! A bucket in memory, which is used as any other is.

use bytes::Bytes;
use rill_storage::{
    StoreError,
    blobs::{BlobPlace, Blobs, Progress},
};

use crate::suite::{self, CHUNK, PART, blob, content, feed};

fn blobs() -> Blobs {
    Blobs::open(&BlobPlace::Memory).unwrap()
}

#[tokio::test]
async fn what_was_written_is_read_by_any_range() {
    suite::what_was_written_is_read_by_any_range(&blobs()).await;
}

#[tokio::test]
async fn it_goes_on_after_a_cut_at_any_byte() {
    let blobs = blobs();
    suite::it_goes_on_after_a_cut_at_any_byte(|| blobs.clone()).await;
}

#[tokio::test]
async fn a_size_or_digest_that_was_wrong_is_told() {
    suite::a_size_or_digest_that_was_wrong_is_told(&blobs()).await;
}

#[tokio::test]
async fn progress_is_told_while_more_is_written() {
    suite::progress_is_told_while_more_is_written(&blobs()).await;
}

#[tokio::test]
async fn an_unfinished_one_is_removed() {
    suite::an_unfinished_one_is_removed(&blobs()).await;
}

#[tokio::test]
async fn of_two_who_write_the_same_blob_one_is_told_and_nothing_is_replaced() {
    let blobs = blobs();
    let size = 2 * PART;
    let (blob, own, other) = (blob(1, size), content(1, size), content(2, size));
    let mut first = blobs.stage(blob, &Progress::default()).await.unwrap();
    let mut second = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut first, &own, PART, CHUNK).await;
    assert_eq!(first.progress().await.unwrap().durable, PART);
    feed(&mut second, &other, PART, CHUNK).await;
    let error = second.progress().await.unwrap_err();
    assert!(matches!(error, StoreError::BlobInUse { .. }), "{error}");
    let again = second.write(Bytes::from_static(b"x")).await.unwrap_err();
    assert!(matches!(again, StoreError::BlobInUse { .. }), "{again}");
    // The same bytes do no harm.
    let mut third = blobs.stage(blob, &Progress::default()).await.unwrap();
    assert_eq!(third.offset(), PART);
    feed(&mut third, &own, size, CHUNK).await;
    third.suspend().await.unwrap();
    feed(&mut first, &own, size, CHUNK).await;
    first.finish(blake3::hash(&own)).await.unwrap();
    assert!(suite::read(&blobs, blob, size, 0..size).await.unwrap() == own);
}
