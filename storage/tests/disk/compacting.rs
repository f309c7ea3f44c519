//! A store that is written anew gives back what its engine keeps of removed rows.

use crate::{
    files::{engine_files, open},
    played::{NOW_MS, appended, new_room, post, room},
    put_back::epoch_and_seq,
};
use rill_storage::embedded;
use std::{fs, path::Path};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Short ones: most of what they write are records of client ids, which expire.
const POSTS: u64 = 40_000;
const IN_FLIGHT: u64 = 1_000;

fn bytes(path: &Path) -> u64 {
    engine_files(path).iter().map(|file| fs::metadata(file).unwrap().len()).sum()
}

#[tokio::test]
async fn what_expired_takes_no_space_once_the_store_is_written_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let opened = open(path);
    opened.store.rooms.create(new_room(1)).await.unwrap();
    for first in (0..POSTS).step_by(IN_FLIGHT as usize) {
        let appends = (first..first + IN_FLIGHT).map(|number| opened.store.log.append(room(1), post(number, "x")));
        for append in appends.collect::<Vec<_>>() {
            append.await.unwrap().unwrap();
        }
    }
    // All of it into the engine: the journal gives back its files by itself.
    opened.handle.close().unwrap();
    let full = bytes(path);
    // How much an engine keeps of what it wrote twice depends on its moments; the rows alone are this much.
    assert!(full > 15_000_000, "{full}");

    let opened = open(path);
    let swept = opened.handle.sweep(NOW_MS + 8 * DAY_MS).await.unwrap();
    assert_eq!(swept.client_ids, POSTS + 1);
    let head = epoch_and_seq(&opened.store, 1).await;
    opened.handle.close().unwrap();
    let swept = bytes(path);
    let copied = embedded::compact(path, &mut |_| {}).unwrap();
    let compacted = bytes(path);
    // sled's file does not shrink by itself; fjall gives back much, and not all.
    assert!(compacted < full / 2 && compacted < swept * 2 / 3, "{full} bytes, {swept} swept, {compacted} compacted");
    assert!(copied.rows > POSTS, "{copied:?}");

    let opened = open(path);
    assert_eq!(epoch_and_seq(&opened.store, 1).await, head);
    let next = appended(&opened.store, 1, post(POSTS, "next")).await;
    assert_eq!(next.entry.seq, POSTS + 3);
    opened.handle.close().unwrap();
}
