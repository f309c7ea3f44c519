//! A batch that is made while the one before it is on its way: neither is seen before it is
//! durable, and what was made over a batch that failed is nothing.

use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    task::Poll,
};
use tempfile::TempDir;

use super::{
    OpenStore,
    durability_tests::{
        Count, Mood, MoodyEngine, ROOM, fails_for_good, new_room, open_over, poll_once, post, seen, wait_for,
    },
};
use crate::{
    StoreError,
    engine::{Engine, journal, memory::MemoryEngine},
    model::Replay,
};

fn open() -> (TempDir, (OpenStore, Arc<MoodyEngine>)) {
    let directory = tempfile::tempdir().unwrap();
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new(1 << 24));
    let journaled = journal::open(engine, directory.path(), directory.path(), 0).unwrap();
    (directory, open_over(Arc::new(journaled)))
}

#[tokio::test]
async fn what_is_made_over_a_batch_on_its_way_waits_for_it_and_goes_on_from_it() {
    let (_directory, (opened, engine)) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    let told = Arc::new(Count::default());
    store.log.observe(told.clone());
    let before = seen(store).await;

    engine.set(Mood::Holds);
    let barriers = engine.barriers.load(SeqCst);
    let mut first = store.log.append(ROOM, post(1));
    wait_for(|| engine.barriers.load(SeqCst) > barriers);
    // New ones, and the first once more: its entry is found though nobody may see it.
    let mut again = store.log.append(ROOM, post(1));
    let rest: Vec<_> = (2..=50).map(|number| store.log.append(ROOM, post(number))).collect();
    assert_eq!(seen(store).await, before);
    assert_eq!(told.0.load(SeqCst), 0);
    assert!(matches!(poll_once(&mut first).await, Poll::Pending));
    assert!(matches!(poll_once(&mut again).await, Poll::Pending));

    engine.set(Mood::Works);
    assert_eq!(first.await.unwrap().unwrap().entry.seq, 3);
    let again = again.await.unwrap().unwrap();
    assert_eq!((again.replay, again.entry.seq), (Replay::Same, 3));
    for (append, seq) in rest.into_iter().zip(4..) {
        assert_eq!(append.await.unwrap().unwrap().entry.seq, seq);
    }
    assert_eq!(engine.barriers.load(SeqCst), barriers + 2);
    assert_eq!(told.0.load(SeqCst), 50);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_full_disk_takes_what_was_made_over_its_batch_with_it_and_nothing_else() {
    let (_directory, (opened, engine)) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    for _ in 0..3 {
        let before = seen(store).await;
        engine.set(Mood::HoldsBatches);
        let batches = engine.batches.load(SeqCst);
        let first = store.log.append(ROOM, post(1));
        wait_for(|| engine.batches.load(SeqCst) > batches);
        let rest: Vec<_> = (2..=5).map(|number| store.log.append(ROOM, post(number))).collect();
        engine.set(Mood::IsFull);
        assert!(matches!(first.await, Err(StoreError::Full)));
        for append in rest {
            assert!(matches!(append.await, Err(StoreError::Full)));
        }
        assert_eq!(seen(store).await, before);
        assert!(!opened.handle.statistics().failed);
    }
    // None of them was made: with space again the same ids are new.
    engine.set(Mood::Works);
    for (number, seq) in (1..=5).rev().zip(3..) {
        let made = store.log.append(ROOM, post(number)).await.unwrap().unwrap();
        assert_eq!((made.replay, made.entry.seq), (Replay::First, seq));
    }
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn after_a_failed_sync_what_was_made_over_it_is_refused_too() {
    let (_directory, store) = open();
    fails_for_good(store, Mood::FailsToSync, "the disk is gone").await;
}

#[tokio::test]
async fn after_a_failed_write_the_batch_before_it_stands() {
    let (_directory, store) = open();
    fails_for_good(store, Mood::FailsToCommit, "no space left").await;
}

#[tokio::test]
async fn a_store_that_is_closed_finishes_what_is_on_its_way_and_what_waits() {
    let (_directory, (opened, engine)) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    engine.set(Mood::Holds);
    let barriers = engine.barriers.load(SeqCst);
    let mut appends = vec![store.log.append(ROOM, post(1))];
    wait_for(|| engine.barriers.load(SeqCst) > barriers);
    appends.extend((2..=9).map(|number| store.log.append(ROOM, post(number))));
    let handle = opened.handle.clone();
    let closing = std::thread::spawn(move || handle.close());
    engine.set(Mood::Works);
    for (append, seq) in appends.into_iter().zip(3..) {
        assert_eq!(append.await.unwrap().unwrap().entry.seq, seq);
    }
    closing.join().unwrap().unwrap();
    assert!(matches!(store.log.head(ROOM).await, Err(StoreError::Closed)));
}
