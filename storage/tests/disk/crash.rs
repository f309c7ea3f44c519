//! What was acknowledged survives a process that ends without a word.
//!
//! A copy of the files of an open store is what a killed process leaves: the system
//! has every write, nobody has closed anything.

use crate::{
    files::{copy, open},
    played::{appended, live, new_room, post, room, told},
};
use rill_storage::model::Replay;

#[tokio::test]
async fn what_was_acknowledged_is_in_the_files_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let (running, left) = (directory.path().join("running"), directory.path().join("left"));
    let opened = open(&running);
    live(&opened.store).await;
    let before = told(&opened.store).await;
    copy(&running, &left);
    let survivor = open(&left);
    assert_eq!(survivor.store.secret, opened.store.secret);
    assert_eq!(told(&survivor.store).await, before);
    survivor.handle.close().unwrap();
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn crash_after_crash_the_log_stays_dense_and_retries_stay_harmless() {
    let directory = tempfile::tempdir().unwrap();
    let mut current = directory.path().join("0");
    let opened = open(&current);
    opened.store.rooms.create(new_room(1)).await.unwrap();
    let epoch = opened.store.log.head(room(1)).await.unwrap().unwrap().epoch;
    let mut opened = opened;
    for round in 1..=5u64 {
        let store = &opened.store;
        let queued: Vec<_> = (0..100)
            .map(|number| store.log.append(room(1), post(round * 1000 + number, &"x".repeat(number as usize * 20))))
            .collect();
        for append in queued {
            append.await.unwrap().unwrap();
        }
        let next = directory.path().join(round.to_string());
        copy(&current, &next);
        let survivor = open(&next);
        opened.handle.close().unwrap();
        (opened, current) = (survivor, next);

        let head = opened.store.log.head(room(1)).await.unwrap().unwrap();
        assert_eq!((head.seq, head.epoch), (2 + round * 100, epoch), "no new epoch without a loss");
        let retry = appended(&opened.store, 1, post(round * 1000 + 99, &"x".repeat(99 * 20))).await;
        assert_eq!((retry.replay, retry.entry.seq), (Replay::Same, head.seq));
        let entries = opened.store.log.entries(room(1), 0, 1000, usize::MAX).await.unwrap();
        assert!(entries.iter().map(|entry| entry.seq).eq(1..=head.seq));
    }
    opened.handle.close().unwrap();
}
