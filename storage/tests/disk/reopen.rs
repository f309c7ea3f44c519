//! A store that was closed is the same store.

use crate::{
    files::{open, refused},
    played::{ALICE, NOW_MS, account, appended, live, new_room, post, room, told},
};
use rill_storage::{
    StoreError,
    model::{Digest, Replay},
};

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    let (before, secret) = (told(&opened.store).await, opened.store.secret);
    opened.handle.close().unwrap();

    for _ in 0..3 {
        let opened = open(directory.path());
        assert_eq!(opened.store.secret, secret);
        assert_eq!(told(&opened.store).await, before);
        opened.handle.close().unwrap();
    }
}

#[tokio::test]
async fn client_ids_and_tickets_are_remembered_over_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    let first = appended(&opened.store, 1, post(500, "once")).await;
    opened.handle.close().unwrap();

    let opened = open(directory.path());
    let store = &opened.store;
    let again = appended(store, 1, post(500, "once")).await;
    assert_eq!((again.replay, again.epoch), (Replay::Same, first.epoch));
    assert_eq!(again.entry, first.entry);
    assert_eq!(store.rooms.create(new_room(1)).await.unwrap().replay, Replay::Same);
    assert!(!store.users.create(account(ALICE)).await.unwrap());
    assert_eq!(store.sessions.redeem(ALICE, Digest([11; 32]), NOW_MS).await.unwrap(), None, "used before");
    assert!(store.sessions.redeem(ALICE, Digest([12; 32]), NOW_MS).await.unwrap().is_some());
    let next = appended(store, 1, post(501, "next")).await;
    assert_eq!(next.entry.seq, first.entry.seq + 1);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn closing_finishes_what_is_queued() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    opened.store.rooms.create(new_room(1)).await.unwrap();
    let queued: Vec<_> = (0..500).map(|client| opened.store.log.append(room(1), post(client, "x"))).collect();
    opened.handle.close().unwrap();
    drop(queued);
    let opened = open(directory.path());
    assert_eq!(opened.store.log.head(room(1)).await.unwrap().unwrap().posts, 500);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_store_whose_last_port_is_gone_closes_itself() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    let before = told(&opened.store).await;
    drop(opened.handle);
    let log = opened.store.log.clone();
    drop(opened.store);
    assert!(matches!(refused(directory.path()), StoreError::Locked { .. }), "a port still holds it");
    drop(log);
    // The committer lets go in its own time.
    for _ in 0..6_000 {
        match rill_storage::embedded::open(crate::files::options(directory.path())) {
            Ok(opened) => {
                assert_eq!(told(&opened.store).await, before);
                return opened.handle.close().unwrap();
            }
            Err(StoreError::Locked { .. }) => std::thread::sleep(std::time::Duration::from_millis(10)),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the store stayed open");
}
