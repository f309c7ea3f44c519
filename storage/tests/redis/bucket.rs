//! Blobs in a bucket: see [`s3`].

use rill_redis_process::{Options, Server};
use rill_storage::{
    StoreError,
    blobs::{BlobName, Blobs},
    limits::SEGMENT_ENTRIES,
};

use crate::{
    archived::{KEEP_ENTRIES, POSTS, all, check, moved, node_at, say},
    rooms::begin,
    s3::{BUCKET, Moto},
    stage::until,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_in_a_bucket_is_what_was_written_until_it_is_removed() {
    let Some(moto) = Moto::start() else { return };
    let blobs = Blobs::open(&moto.place(BUCKET)).unwrap();
    let name = |number| BlobName([number; 32]);
    assert_eq!(blobs.get(&name(1)).await.unwrap(), None);
    let long: Vec<u8> = (0..5_000_000).map(|at| (at % 251) as u8).collect();
    for content in [&long, &Vec::new(), &b"text".to_vec()] {
        blobs.put(&name(1), content).await.unwrap();
        blobs.put(&name(1), content).await.unwrap();
        assert!(blobs.get(&name(1)).await.unwrap().unwrap() == *content);
    }
    blobs.remove(&name(1)).await.unwrap();
    blobs.remove(&name(1)).await.unwrap();
    assert_eq!(blobs.get(&name(1)).await.unwrap(), None);

    let nowhere = Blobs::open(&moto.place("nowhere")).unwrap();
    let error = nowhere.put(&name(1), b"x").await.unwrap_err().to_string();
    assert!(error.contains("cannot be written") && error.contains("NoSuchBucket"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_parts_of_logs_lie_in_a_bucket_and_an_error_says_when_it_is_away() {
    let Some(moto) = Moto::start() else { return };
    let server = Server::start(&Options::default()).unwrap();
    let addresses = [server.url()];
    let node = node_at(&addresses, Some(moto.place(BUCKET))).await;
    begin(&node, 1).await;
    say(&node, 0..POSTS).await;
    moved(&server).await;
    // Counted a moment after they are gone from Redis.
    let archived = || node.handle.redis_statistics().archived_entries;
    until(|| archived() >= POSTS - KEEP_ENTRIES - 2 * SEGMENT_ENTRIES).await;
    let other = node_at(&addresses, Some(moto.place(BUCKET))).await;
    let entries = all(&other, 400).await;
    assert!(entries.iter().map(|entry| entry.seq).eq(1..=POSTS + 2));
    entries.iter().for_each(|entry| check(&entry.body, entry.seq));

    // Nothing of it is remembered by a node that has not read it.
    let late = node_at(&addresses, Some(moto.place(BUCKET))).await;
    drop(moto);
    let error = late.store.log.entries(crate::rooms::ROOM, 10, 5, usize::MAX).await.unwrap_err();
    assert!(matches!(&error, StoreError::Blobs(text) if text.contains("cannot be read")), "{error:?}");
    assert_eq!(late.store.log.entries(crate::rooms::ROOM, POSTS, 5, usize::MAX).await.unwrap().len(), 2);
}
