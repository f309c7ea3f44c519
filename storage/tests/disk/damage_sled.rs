//! Damage that sled alone can have.

use crate::{
    files::{engine, open, unopened},
    played::{appended, live, new_room, post, told},
};
use std::{fs, path::Path};

/// A closed store with all that `live` does.
async fn lived(directory: &Path) {
    let opened = open(directory);
    live(&opened.store).await;
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_damaged_snapshot_of_the_engine_names_the_file_and_the_repair() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    // Opened once more, so that there is a snapshot of something.
    open(directory.path()).handle.close().unwrap();
    let mut snapshots = 0;
    for entry in fs::read_dir(engine(directory.path())).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("snap.") {
            let mut bytes = fs::read(&path).unwrap();
            bytes[3] ^= 1;
            fs::write(&path, bytes).unwrap();
            snapshots += 1;
        }
    }
    assert_eq!(snapshots, 1);
    let (path, detail) = unopened(directory.path());
    assert!(path.starts_with(engine(directory.path())), "{path:?}");
    assert!(detail.contains("damaged") && detail.contains("backup"), "{detail}");
}

#[tokio::test]
async fn an_engine_that_opens_empty_is_not_taken_for_a_new_store() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    for entry in fs::read_dir(engine(directory.path())).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("snap.") {
            fs::remove_file(path).unwrap();
        } else if name == "db" {
            fs::write(path, "").unwrap();
        }
    }
    let (path, detail) = unopened(directory.path());
    assert_eq!(path, engine(directory.path()));
    assert!(detail.contains("has lost what it had") && detail.contains("backup"), "{detail}");

    // Without a journal, the recorded heads tell.
    fs::remove_dir_all(directory.path().join("journal")).unwrap();
    let (path, detail) = unopened(directory.path());
    assert_eq!(path, engine(directory.path()));
    assert!(detail.contains("without its data") && detail.contains("backup"), "{detail}");
}

#[tokio::test]
async fn a_file_full_of_garbage_gives_an_error_and_no_panic() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    let file = directory.path().join("sled/db");
    let length = fs::metadata(&file).unwrap().len() as usize;
    let garbage: Vec<u8> = (0..length).map(|at| (at * 31 + at / 251) as u8).collect();
    fs::write(file, garbage).unwrap();
    let (path, detail) = unopened(directory.path());
    assert!(path.starts_with(directory.path()) && detail.contains("backup"), "{path:?} {detail}");
}

#[tokio::test]
async fn the_engine_never_writes_files_of_its_own_for_large_values() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    opened.store.rooms.create(new_room(1)).await.unwrap();
    let text = "x".repeat(16_384);
    for client in 0..100 {
        appended(&opened.store, 1, post(client, &text)).await;
    }
    assert_eq!(fs::read_dir(directory.path().join("sled/blobs")).unwrap().count(), 0);
    let before = told(&opened.store).await;
    opened.handle.close().unwrap();
    assert_eq!(fs::read_dir(directory.path().join("sled/blobs")).unwrap().count(), 0);
    let opened = open(directory.path());
    assert_eq!(told(&opened.store).await, before);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_snapshot_that_a_killed_opening_was_writing_is_no_damage() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    let before = told(&opened.store).await;
    opened.handle.close().unwrap();
    // Named after where the log ends, so that it looks newer than the one before it.
    let unfinished = engine(directory.path()).join("snap.00FFFFFFFFFFFFFF.generating");
    fs::write(&unfinished, b"half").unwrap();
    let opened = open(directory.path());
    assert!(!unfinished.exists());
    assert_eq!(told(&opened.store).await, before);
    opened.handle.close().unwrap();
}
