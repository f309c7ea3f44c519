//! A disk that is full: told by its code, and nothing of what was refused counts.

use rill_storage::{
    StoreError,
    blobs::{Finished, Progress},
};
use std::{fs, path::Path};

use crate::{
    folder::open,
    small_disk::SmallDisk,
    suite::{CHUNK, blob, content, feed, read},
};

const DISK_BYTES: u64 = 24 * 1024 * 1024;

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test]
async fn what_has_no_room_is_refused_before_it_comes_and_while_it_does() {
    let Some(disk) = SmallDisk::new(DISK_BYTES) else { return };
    let folder = disk.path().join("blobs");
    let blobs = open(&folder);
    // More than there is, or than what is kept free for the store leaves.
    for size in [DISK_BYTES, DISK_BYTES - DISK_BYTES / 10 + 1] {
        let Err(error) = blobs.stage(blob(1, size), &Progress::default()).await else { panic!("{size} fit") };
        assert!(matches!(error, StoreError::Full), "{error}");
    }
    assert_eq!(files(&folder.join("staging")), 0);
    assert!(matches!(blobs.put(&blob(2, 0).name, &content(1, DISK_BYTES)).await, Err(StoreError::Full)));

    let size = 100 * CHUNK;
    let (blob, content) = (blob(3, size), content(3, size));
    let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
    feed(&mut staged, &content, 20 * CHUNK, CHUNK).await;
    staged.sync();
    while staged.known().durable < 20 * CHUNK {
        staged.progress().await.unwrap();
    }
    let noted = staged.known().clone();
    disk.fill();
    let error = loop {
        let from = staged.offset() as usize;
        match staged.write(content.slice(from..from + CHUNK as usize)).await {
            Ok(()) if staged.offset() < size => {}
            Ok(()) => break staged.progress().await.map(drop).unwrap_err(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full), "{error}");
    let Err(error) = staged.suspend().await else { panic!("it went on") };
    assert!(matches!(error, StoreError::Full), "{error}");
    // What was durable is there and can be read.
    let durable = noted.durable;
    assert!(read(&blobs, blob, durable, 0..durable).await.unwrap() == content[..durable as usize]);
    let Err(error) = blobs.stage(blob, &noted).await else { panic!("there is room") };
    assert!(matches!(error, StoreError::Full), "{error}");

    disk.make_space();
    let mut staged = blobs.stage(blob, &noted).await.unwrap();
    assert!(staged.offset() >= durable);
    feed(&mut staged, &content, size, CHUNK).await;
    assert_eq!(staged.finish(blake3::hash(&content)).await.unwrap(), Finished::Whole);
    assert!(read(&blobs, blob, size, 0..size).await.unwrap() == content);
}
