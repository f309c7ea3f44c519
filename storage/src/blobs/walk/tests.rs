//! What is found in a folder and in a bucket.

use bytes::Bytes;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::blobs::{Blob, BlobPlace, CHUNK_BYTES, Progress};

/// Later than anything is written here.
const LATER_MS: u64 = u64::MAX;

fn name(number: u8) -> BlobName {
    let mut name = [number; 32];
    name[0] = number / 2;
    BlobName(name)
}

async fn grown(blobs: &Blobs, number: u8, is_finished: bool) {
    let content = Bytes::from(vec![number; 3 * CHUNK_BYTES]);
    let mut staged =
        blobs.stage(Blob { name: name(number), size: content.len() as u64 }, &Progress::default()).await.unwrap();
    staged.write(content.slice(..2 * CHUNK_BYTES)).await.unwrap();
    if is_finished {
        staged.write(content.slice(2 * CHUNK_BYTES..)).await.unwrap();
        staged.finish(blake3::hash(&content)).await.unwrap();
    } else {
        staged.suspend().await.unwrap();
    }
}

async fn what_is_unfinished_is_found_in_order_and_nothing_else(blobs: &Blobs) {
    let strays = async |since_ms, after, limit| blobs.strays(since_ms, after, limit).await.unwrap().names;
    assert_eq!((blobs.used_bytes().await.unwrap(), strays(LATER_MS, None, 10).await), (0, vec![]));
    for number in [9, 3, 200, 2, 8, 5] {
        grown(blobs, number, number == 8 || number == 200).await;
    }
    blobs.put(&name(4), &[1; 1_000]).await.unwrap();
    let all = [2, 3, 5, 9].map(name);
    assert_eq!(strays(LATER_MS, None, 10).await, all);
    assert_eq!(strays(LATER_MS, None, 3).await, all[..3]);
    assert_eq!(strays(LATER_MS, Some(all[1]), 2).await, all[2..]);
    assert_eq!(strays(LATER_MS, Some(all[3]), 2).await, []);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let some = blobs.strays(LATER_MS, after, 1).await.unwrap();
        found.extend(some.names);
        after = some.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, all);
    assert_eq!(strays(1, None, 10).await, [], "everything was written since");
    let used = blobs.used_bytes().await.unwrap();
    assert!((14 * CHUNK_BYTES as u64..15 * CHUNK_BYTES as u64).contains(&used), "{used}");
    for gone in all.into_iter().chain([name(8), name(200)]) {
        blobs.remove(&gone).await.unwrap();
    }
    assert_eq!(strays(LATER_MS, None, 10).await, []);
    assert!((1_000..1_100).contains(&blobs.used_bytes().await.unwrap()));
}

#[tokio::test]
async fn a_folder_is_gone_through() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&BlobPlace::Folder(folder.path().to_owned())).unwrap();
    what_is_unfinished_is_found_in_order_and_nothing_else(&blobs).await;
}

#[tokio::test]
async fn a_bucket_is_gone_through() {
    let blobs = Blobs::open(&BlobPlace::Memory).unwrap();
    what_is_unfinished_is_found_in_order_and_nothing_else(&blobs).await;
}

/// Each page costs: of what is finished too.
#[tokio::test]
async fn a_look_at_a_bucket_ends_behind_so_many_objects() {
    let blobs = Blobs::open(&BlobPlace::Memory).unwrap();
    for number in 0..40 {
        match number {
            7 | 33 => grown(&blobs, number, false).await,
            _ => blobs.put(&name(number), &[1; 10]).await.unwrap(),
        }
    }
    let (mut found, mut after, mut looks) = (Vec::new(), None, 0);
    loop {
        let some = blobs.stray_objects(LATER_MS, after, (10, 4)).await.unwrap();
        looks += 1;
        found.extend(some.names);
        after = some.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((found, looks), (vec![name(7), name(33)], 40 / 4));
}

#[tokio::test]
async fn what_was_written_a_moment_ago_is_not_old() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&BlobPlace::Folder(folder.path().to_owned())).unwrap();
    for number in [2, 4] {
        grown(&blobs, number, false).await;
    }
    let file =
        std::fs::File::options().write(true).open(folder.path().join("staging").join(name(2).to_string())).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_millis(5_000)).unwrap();
    assert_eq!(blobs.strays(5_000, None, 10).await.unwrap().names, []);
    assert_eq!(blobs.strays(5_001, None, 10).await.unwrap().names, [name(2)]);
}
