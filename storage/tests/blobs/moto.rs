//! A real S3 server.

use rill_storage::{
    StoreError,
    blobs::{Blobs, Progress},
};

use crate::{
    s3::{BUCKET, Moto},
    suite::{self, CHUNK, PART, blob, content, feed, read},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_does_what_every_place_does() {
    let Some(moto) = Moto::start() else { return };
    let open = || Blobs::open(&moto.place(BUCKET)).unwrap();
    suite::what_was_written_is_read_by_any_range(&open()).await;
    suite::it_goes_on_after_a_cut_at_any_byte(open).await;
    suite::a_size_or_digest_that_was_wrong_is_told(&open()).await;
    suite::progress_is_told_while_more_is_written(&open()).await;
    suite::an_unfinished_one_is_removed(&open()).await;

    // What is left over is found in the order of names, and what is finished is not.
    let (blobs, size) = (open(), 2 * CHUNK);
    for number in [903, 901, 902] {
        let (blob, content) = (blob(number, size), content(number, size));
        let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
        feed(&mut staged, &content, if number == 902 { size } else { CHUNK }, CHUNK).await;
        match number {
            902 => drop(staged.finish(blake3::hash(&content)).await.unwrap()),
            _ => drop(staged.suspend().await.unwrap()),
        }
    }
    let (first, last) = (blob(901, size).name, blob(903, size).name);
    let strays = async |after, limit| blobs.strays(u64::MAX, after, limit).await.unwrap().names;
    assert_eq!(strays(Some(blob(900, 0).name), 10).await, [first, last]);
    assert_eq!(strays(Some(blob(900, 0).name), 1).await, [first]);
    assert_eq!(strays(Some(first), 10).await, [last]);
    assert_eq!(strays(Some(last), 10).await, []);
    assert!(blobs.used_bytes().await.unwrap() > 4 * CHUNK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_never_replaced_and_a_server_that_is_away_is_told() {
    let Some(moto) = Moto::start() else { return };
    let (one, other) = (Blobs::open(&moto.place(BUCKET)).unwrap(), Blobs::open(&moto.place(BUCKET)).unwrap());
    let size = 3 * PART;
    let (blob, own, others) = (blob(1, size), content(1, size), content(2, size));
    let mut first = one.stage(blob, &Progress::default()).await.unwrap();
    let mut second = other.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut first, &own, PART, CHUNK).await;
    assert_eq!(first.progress().await.unwrap().durable, PART);
    feed(&mut second, &others, PART, CHUNK).await;
    let error = second.progress().await.unwrap_err();
    assert!(matches!(error, StoreError::BlobInUse { .. }), "{error}");
    assert!(read(&other, blob, PART, 0..PART).await.unwrap() == own[..PART as usize]);

    drop(moto);
    feed(&mut first, &own, 2 * PART, CHUNK).await;
    let error = first.progress().await.unwrap_err();
    assert!(matches!(&error, StoreError::Blobs(text) if text.contains("cannot be written")), "{error}");
    let error = read(&other, blob, PART, 0..1).await.unwrap_err();
    assert!(matches!(&error, StoreError::Blobs(text) if text.contains("cannot be read")), "{error}");
}
