//! Blobs that are not as they were.

use std::{fs, path::PathBuf};

use super::room::{Room, outcome, random};
use crate::server::try_send;

for_each_version! {
    a_missing_blob_has_a_code
    a_damaged_blob_breaks_off
}

const LENGTH: usize = 1 << 20;

/// The one blob there is.
fn blob(room: &Room) -> PathBuf {
    let folders = fs::read_dir(room.server.blobs()).unwrap().map(|entry| entry.unwrap().path());
    let shelves = folders.filter(|path| path.is_dir() && !path.ends_with("staging"));
    let blobs: Vec<PathBuf> =
        shelves.flat_map(|shelf| fs::read_dir(shelf).unwrap()).map(|entry| entry.unwrap().path()).collect();
    let [blob] = &blobs[..] else { panic!("{blobs:?}") };
    blob.clone()
}

async fn a_missing_blob_has_a_code() {
    let room = Room::start().await;
    let seq = room.upload("data.bin", &random(LENGTH)).await;
    fs::remove_file(blob(&room)).unwrap();
    assert_eq!(room.outcome(&room.ann, seq).await, "500 file_damaged");
    assert_eq!(outcome(&room.range(seq, "bytes=5-6").await), "500 file_damaged");
    room.stop().await;
}

async fn a_damaged_blob_breaks_off() {
    let room = Room::start().await;
    let bytes = random(LENGTH);
    let seq = room.upload("data.bin", &bytes).await;
    let path = blob(&room);
    let mut stored = fs::read(&path).unwrap();
    // Some way into the second half, whatever stands beside the bytes.
    let damaged = stored.len() / 2 + 4_096;
    stored[damaged] ^= 1;
    fs::write(&path, stored).unwrap();
    try_send(room.ask(&room.ann, seq)).await.unwrap_err();
    // Found before anything was said, it has a code; and what is whole can be read.
    let here = format!("bytes={}-", LENGTH / 2);
    assert_eq!(outcome(&room.range(seq, &here).await), "500 file_damaged");
    assert!(*room.range(seq, "bytes=0-999").await.body() == bytes.slice(..1_000));
    room.stop().await;
}
