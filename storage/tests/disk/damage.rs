//! Damage gives errors, never panics and never silence.

use crate::{
    files::{copy, engine_files, open, options, tamper},
    played::{ALICE, BOB, account, appended, live, post, room, told},
};
use rill_storage::{StoreError, embedded, model::Anchor};
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
        let mut value = db.get(&key).expect("the row is where it should be");
        change(&mut value);
        db.insert(key, value);
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
    damaged(directory.path(), body(1, 25), |value| value[20] ^= 4).await;
    let opened = open(directory.path());
    let store = &opened.store;
    is_damaged(store.log.entries(room(1), 23, 5, 100_000).await, "body", "checksum");
    is_damaged(store.log.messages(room(1), Anchor::Before(27), 5, 100_000).await, "body", "checksum");
    assert_eq!(store.log.entries(room(1), 0, 9, 100_000).await.unwrap().len(), 9);
    assert_eq!(store.log.entries(room(2), 0, 9, 100_000).await.unwrap().len(), 2);
    let head = store.log.head(room(1)).await.unwrap().unwrap();
    assert_eq!(appended(store, 1, post(900, "goes on")).await.entry.seq, head.seq + 1);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_flipped_bit_of_a_short_text_is_reported_too() {
    let directory = tempfile::tempdir().unwrap();
    damaged(directory.path(), entry(1, 10), |value| value[100] ^= 1).await;
    let opened = open(directory.path());
    is_damaged(opened.store.log.entries(room(1), 9, 1, 100_000).await, "entry", "checksum");
    is_damaged(opened.store.log.messages(room(1), Anchor::After(9), 1, 100_000).await, "entry", "checksum");
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_value_moved_to_another_key_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    opened.handle.close().unwrap();
    tamper(directory.path(), |db| {
        let other = db.get(body(1, 26)).unwrap();
        db.insert(body(1, 25), other);
    });
    let opened = open(directory.path());
    is_damaged(opened.store.log.entries(room(1), 24, 1, 100_000).await, "body", "checksum");
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_missing_text_and_a_cut_row_are_reported() {
    let directory = tempfile::tempdir().unwrap();
    damaged(directory.path(), entry(1, 12), |value| value.truncate(7)).await;
    tamper(directory.path(), |db| db.remove(body(1, 25)));
    let opened = open(directory.path());
    is_damaged(opened.store.log.entries(room(1), 24, 1, 100_000).await, "body", "missing");
    is_damaged(opened.store.log.entries(room(1), 11, 1, 100_000).await, "entry", "no record");
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_key_that_nobody_holds_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let address = body(1, 25);
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
    is_damaged(opened.store.log.entries(room(1), 24, 1, 100_000).await, "body", "key 7");
    opened.handle.close().unwrap();
}

/// A closed store with all that `live` does, and what it tells.
async fn lived(directory: &Path) -> Vec<String> {
    let opened = open(directory);
    live(&opened.store).await;
    let before = told(&opened.store).await;
    opened.handle.close().unwrap();
    // Opened once more, so that the engine has come back once.
    open(directory).handle.close().unwrap();
    before
}

/// What a store makes of its damaged engine: an error that names a file below it and the
/// repair, or all that was there, or a record that is reported when it is read.
async fn is_reported_or_harmless(directory: &Path, before: &[String], what: &str) {
    let opened = match embedded::open(options(directory)) {
        Ok(opened) => opened,
        Err(StoreError::Open { path, detail }) => {
            assert!(path.starts_with(directory), "{what}: {path:?}");
            assert!(detail.contains("backup"), "{what}: {detail}");
            return;
        }
        Err(StoreError::Damaged { .. }) => return,
        Err(StoreError::Engine(detail)) if detail.contains("backup") => return,
        Err(other) => panic!("{what}: {other}"),
    };
    match read_all(&opened.store).await {
        Ok(now) => assert!(now == before, "{what}: other data than was written"),
        Err(StoreError::Damaged { .. } | StoreError::Engine(_)) => {}
        Err(other) => panic!("{what}: {other}"),
    }
    let _ = opened.handle.close();
}

/// What `told` tells, unless something cannot be read.
async fn read_all(store: &rill_storage::Store) -> Result<Vec<String>, StoreError> {
    for number in 1..=2 {
        store.log.head(room(number)).await?;
        store.log.entries(room(number), 0, 1000, usize::MAX).await?;
        store.log.messages(room(number), Anchor::After(0), 1000, usize::MAX).await?;
        store.rooms.get(room(number)).await?;
        store.rooms.members(room(number), None, 100).await?;
        store.rooms.membership(room(number), BOB).await?;
    }
    for user in [ALICE, BOB] {
        store.users.get(user).await?;
        store.sessions.list(user).await?;
        store.user_log.snapshot(user).await?;
        store.user_log.entries(user, 0, 100).await?;
        store.users.by_name(store.name_key(&account(user).name)).await?;
    }
    store.directory.page(None, 100).await?;
    store.rooms.pending(100).await?;
    Ok(told(store).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_flipped_byte_of_the_engine_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let (path, broken) = (directory.path().join("data"), directory.path().join("broken"));
    let before = lived(&path).await;
    let files = engine_files(&path);
    assert!(files.len() >= 2);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        for step in 0..24 {
            // The beginning closely, the rest in strides; only what says something.
            let at = if step < 8 { step * 5 } else { bytes.len() * (step - 8) / 16 };
            let Some(at) = (at..bytes.len()).find(|at| bytes[*at] != 0) else { continue };
            copy(&path, &broken);
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x40;
            fs::write(broken.join(file.strip_prefix(&path).unwrap()), flipped).unwrap();
            is_reported_or_harmless(&broken, &before, &format!("{} at {at}", file.display())).await;
            fs::remove_dir_all(&broken).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_the_engine_is_cut_or_lost_unnoticed() {
    let directory = tempfile::tempdir().unwrap();
    let (path, broken) = (directory.path().join("data"), directory.path().join("broken"));
    let before = lived(&path).await;
    for file in engine_files(&path) {
        let bytes = fs::read(&file).unwrap();
        // What is behind the last byte that says something is room for more.
        let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for part in 0..=8 {
            copy(&path, &broken);
            let place = broken.join(file.strip_prefix(&path).unwrap());
            let what = match part {
                8 => {
                    fs::remove_file(place).unwrap();
                    format!("{} missing", file.display())
                }
                part => {
                    fs::write(place, &bytes[..length * part / 8]).unwrap();
                    format!("{} cut to {part} eighths", file.display())
                }
            };
            is_reported_or_harmless(&broken, &before, &what).await;
            fs::remove_dir_all(&broken).unwrap();
        }
    }
}
