//! Damage gives errors, never panics and never silence.

use crate::{
    files::{open, tamper, unopened},
    played::{appended, live, new_room, post, room, told},
};
use rill_storage::{StoreError, model::Anchor};
use std::{fs, path::Path};

const ENTRY: u8 = 8;
const BODY: u8 = 9;

/// The key of an entry: its table's number, the room, the seq.
fn entry(number: u8, seq: u64) -> Vec<u8> {
    [&[ENTRY], room(number).0.as_slice(), &seq.to_be_bytes()].concat()
}

/// The key of the first part of a text.
fn body(number: u8, seq: u64) -> Vec<u8> {
    [&[BODY], room(number).0.as_slice(), &seq.to_be_bytes(), &[0, 0]].concat()
}

/// A closed store in which one value of room 1 was changed.
async fn damaged(directory: &Path, key: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) {
    let opened = open(directory);
    live(&opened.store).await;
    opened.handle.close().unwrap();
    tamper(directory, |db| {
        let mut value = db.get(&key).unwrap().expect("the row is where it should be").to_vec();
        change(&mut value);
        db.insert(key, value).unwrap();
    });
}

fn is_damaged<T: std::fmt::Debug>(result: Result<T, StoreError>, table: &str, what: &str) {
    match result {
        Err(StoreError::Damaged { table: named, detail }) => {
            assert_eq!(named, table);
            assert!(detail.contains(what), "{detail}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_flipped_bit_is_reported_where_it_is_read_and_harms_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    damaged(directory.path(), body(1, 10), |value| value[20] ^= 4).await;
    let opened = open(directory.path());
    let store = &opened.store;
    is_damaged(store.log.entries(room(1), 8, 5, 100_000).await, "body", "checksum");
    is_damaged(store.log.messages(room(1), Anchor::Before(12), 5, 100_000).await, "body", "checksum");
    assert_eq!(store.log.entries(room(1), 0, 9, 100_000).await.unwrap().len(), 9);
    assert_eq!(store.log.entries(room(2), 0, 9, 100_000).await.unwrap().len(), 2);
    let head = store.log.head(room(1)).await.unwrap().unwrap();
    assert_eq!(appended(store, 1, post(900, "goes on")).await.entry.seq, head.seq + 1);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_value_moved_to_another_key_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    opened.handle.close().unwrap();
    tamper(directory.path(), |db| {
        let other = db.get(body(1, 11)).unwrap().unwrap();
        db.insert(body(1, 10), other).unwrap();
    });
    let opened = open(directory.path());
    is_damaged(opened.store.log.entries(room(1), 9, 1, 100_000).await, "body", "checksum");
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_missing_text_and_a_cut_row_are_reported() {
    let directory = tempfile::tempdir().unwrap();
    damaged(directory.path(), entry(1, 12), |value| value.truncate(7)).await;
    tamper(directory.path(), |db| drop(db.remove(body(1, 10)).unwrap()));
    let opened = open(directory.path());
    is_damaged(opened.store.log.entries(room(1), 9, 1, 100_000).await, "body", "missing");
    is_damaged(opened.store.log.entries(room(1), 11, 1, 100_000).await, "entry", "no record");
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_key_that_nobody_holds_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let address = body(1, 10);
    let hashed_key = address.clone();
    damaged(directory.path(), address, move |value| {
        // Sealed anew, by hand, as if with key 7.
        value[1] = 7;
        value.truncate(value.len() - 8);
        let hashed = [&[BODY], (hashed_key.len() as u32).to_le_bytes().as_slice(), &hashed_key, value].concat();
        value.extend_from_slice(&blake3::hash(&hashed).as_bytes()[..8]);
    })
    .await;
    let opened = open(directory.path());
    is_damaged(opened.store.log.entries(room(1), 9, 1, 100_000).await, "body", "key 7");
    opened.handle.close().unwrap();
}

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
    for entry in fs::read_dir(directory.path().join("sled")).unwrap() {
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
    assert!(path.starts_with(directory.path().join("sled")), "{path:?}");
    assert!(detail.contains("damaged") && detail.contains("backup"), "{detail}");
}

#[tokio::test]
async fn an_engine_that_opens_empty_is_not_taken_for_a_new_store() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    for entry in fs::read_dir(directory.path().join("sled")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("snap.") {
            fs::remove_file(path).unwrap();
        } else if name == "db" {
            fs::write(path, "").unwrap();
        }
    }
    let (path, detail) = unopened(directory.path());
    assert_eq!(path, directory.path().join("sled"));
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
    assert!(path.starts_with(directory.path().join("sled")) && detail.contains("backup"), "{path:?} {detail}");
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
