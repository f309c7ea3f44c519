//! Logs that are shorter than they were get a new epoch.

use crate::{
    files::{copy, engine, open, put_back},
    played::{ALICE, BOB, NOW_MS, account, appended, live, new_room, post, room},
};
use rill_protocol::Epoch;
use rill_storage::{Store, model::UserFact};
use std::fs;

pub(crate) async fn epoch_and_seq(store: &Store, number: u8) -> (Epoch, u64) {
    let head = store.log.head(room(number)).await.unwrap().unwrap();
    (head.epoch, head.seq)
}

async fn user_epoch_and_seq(store: &Store, user: rill_protocol::UserId) -> (Epoch, u64) {
    let head = store.user_log.head(user).await.unwrap().unwrap();
    (head.epoch, head.seq)
}

#[tokio::test]
async fn logs_that_lost_entries_go_on_in_a_new_epoch_and_others_in_theirs() {
    let directory = tempfile::tempdir().unwrap();
    let (path, older) = (directory.path().join("data"), directory.path().join("older"));
    let opened = open(&path);
    live(&opened.store).await;
    let (one, two) = (epoch_and_seq(&opened.store, 1).await, epoch_and_seq(&opened.store, 2).await);
    let (alice, bob) = (user_epoch_and_seq(&opened.store, ALICE).await, user_epoch_and_seq(&opened.store, BOB).await);
    opened.handle.close().unwrap();
    copy(&path, &older);

    // Room 1 and the log of Alice grow; then the engine alone is put back.
    let opened = open(&path);
    appended(&opened.store, 1, post(700, "lost")).await;
    let fact = UserFact::RoomAdded(room(9));
    opened.store.user_log.append(ALICE, (room(9), 2), fact, NOW_MS).await.unwrap().unwrap();
    opened.handle.close().unwrap();
    put_back(&path, &older);

    let opened = open(&path);
    let store = &opened.store;
    let (renewed, seq) = epoch_and_seq(store, 1).await;
    assert_eq!(seq, one.1);
    assert_ne!(renewed, one.0);
    assert_eq!(epoch_and_seq(store, 2).await, two);
    let (alice_renewed, alice_seq) = user_epoch_and_seq(store, ALICE).await;
    assert_eq!(alice_seq, alice.1);
    assert_ne!(alice_renewed, alice.0);
    assert_eq!(store.users.get(ALICE).await.unwrap().unwrap().log_epoch, alice_renewed);
    assert_eq!(user_epoch_and_seq(store, BOB).await, bob);
    assert_ne!(renewed, alice_renewed);

    // The lost post comes again under its client id, and is an entry of the new epoch.
    let made = appended(store, 1, post(700, "lost")).await;
    assert_eq!((made.epoch, made.entry.seq), (renewed, one.1 + 1));
    opened.handle.close().unwrap();

    // Once is enough: the next start finds nothing to renew.
    let opened = open(&path);
    assert_eq!(epoch_and_seq(&opened.store, 1).await, (renewed, one.1 + 1));
    assert_eq!(user_epoch_and_seq(&opened.store, ALICE).await, (alice_renewed, alice.1));
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_renewed_log_that_is_put_back_once_more_is_renewed_once_more() {
    let directory = tempfile::tempdir().unwrap();
    let (path, older) = (directory.path().join("data"), directory.path().join("older"));
    let opened = open(&path);
    live(&opened.store).await;
    opened.handle.close().unwrap();
    copy(&path, &older);
    let mut epochs = vec![];
    for round in 0..3 {
        let opened = open(&path);
        epochs.push(epoch_and_seq(&opened.store, 1).await.0);
        // In the later rounds the log has its recorded length again, in another epoch.
        appended(&opened.store, 1, post(800 + round, "x")).await;
        opened.handle.close().unwrap();
        put_back(&path, &older);
    }
    epochs.sort();
    epochs.dedup();
    assert_eq!(epochs.len(), 3);
}

#[tokio::test]
async fn a_room_made_anew_after_its_engine_was_deleted_wears_another_epoch() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    let lost = (epoch_and_seq(&opened.store, 1).await.0, user_epoch_and_seq(&opened.store, ALICE).await.0);
    let secret = opened.store.secret;
    opened.handle.close().unwrap();
    fs::remove_dir_all(engine(directory.path())).unwrap();
    fs::remove_dir_all(directory.path().join("journal")).unwrap();

    // Two starts: the first one must not forget what the second one needs.
    open(directory.path()).handle.close().unwrap();
    let opened = open(directory.path());
    assert_ne!(opened.store.secret, secret);
    assert_eq!(opened.store.rooms.get(room(1)).await.unwrap(), None);
    // Asked for with the very epochs that they had.
    let made = opened.store.rooms.create(new_room(1)).await.unwrap();
    assert_eq!(new_room(1).epoch, lost.0);
    assert_ne!(made.epoch, lost.0);
    opened.store.users.create(account(ALICE)).await.unwrap();
    assert_eq!(account(ALICE).log_epoch, lost.1);
    assert_ne!(user_epoch_and_seq(&opened.store, ALICE).await.0, lost.1);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn lost_records_of_the_heads_are_made_anew_from_the_logs() {
    let directory = tempfile::tempdir().unwrap();
    let (path, older) = (directory.path().join("data"), directory.path().join("older"));
    let opened = open(&path);
    live(&opened.store).await;
    opened.handle.close().unwrap();
    copy(&path, &older);
    let opened = open(&path);
    appended(&opened.store, 1, post(700, "lost")).await;
    let before = epoch_and_seq(&opened.store, 1).await;
    opened.handle.close().unwrap();
    fs::remove_file(path.join("heads")).unwrap();

    let opened = open(&path);
    assert_eq!(epoch_and_seq(&opened.store, 1).await, before);
    opened.handle.close().unwrap();
    put_back(&path, &older);
    let opened = open(&path);
    assert_ne!(epoch_and_seq(&opened.store, 1).await.0, before.0);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn heads_are_recorded_before_an_append_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let (path, older, left) =
        (directory.path().join("data"), directory.path().join("older"), directory.path().join("left"));
    let opened = open(&path);
    live(&opened.store).await;
    copy(&path, &older);
    let before = epoch_and_seq(&opened.store, 1).await;
    appended(&opened.store, 1, post(700, "lost")).await;
    // Killed here; and the engine has lost its last batch.
    copy(&path, &left);
    opened.handle.close().unwrap();
    put_back(&left, &older);
    let opened = open(&left);
    let (epoch, seq) = epoch_and_seq(&opened.store, 1).await;
    assert_eq!(seq, before.1);
    assert_ne!(epoch, before.0);
    opened.handle.close().unwrap();
}
