//! Many at once.

use crate::stage::{Kind, contract, post, room};
use rill_storage::{StoreError, limits::QUEUE_COMMANDS_MAX, model::Replay};
use std::collections::HashSet;

const ROOMS: u64 = 4;
const APPENDERS: u64 = 64;
const POSTS: u64 = 25;

async fn many_appenders_leave_dense_logs(kind: Kind) {
    let stage = kind.open();
    for number in 1..=ROOMS {
        stage.make_room(number).await;
    }
    let mut appenders = tokio::task::JoinSet::new();
    for appender in 0..APPENDERS {
        let log = stage.store.log.clone();
        appenders.spawn(async move {
            let mut made = Vec::new();
            for number in 0..POSTS {
                let target = room(1 + (appender + number) % ROOMS);
                let entry = post(1, appender * POSTS + number, &format!("{appender} {number}"));
                let appended = log.append(target, entry).await.unwrap().unwrap();
                assert_eq!(appended.replay, Replay::First);
                made.push((target, appended.entry.seq));
                // What was acknowledged is there for everybody at once.
                let read = log.entries(target, appended.entry.seq - 1, 1, usize::MAX).await.unwrap();
                assert_eq!(read[0], appended.entry);
            }
            made
        });
    }
    let made: Vec<_> = appenders.join_all().await.into_iter().flatten().collect();
    assert_eq!(made.iter().collect::<HashSet<_>>().len() as u64, APPENDERS * POSTS, "no seq was given twice");
    for number in 1..=ROOMS {
        let head = stage.store.log.head(room(number)).await.unwrap().unwrap();
        assert_eq!(head.posts, APPENDERS * POSTS / ROOMS);
        let entries = stage.store.log.entries(room(number), 0, usize::MAX, usize::MAX).await.unwrap();
        assert!(entries.iter().map(|entry| entry.seq).eq(1..=head.seq));
        assert!(entries.is_sorted_by_key(|entry| (entry.at_ms, entry.posts)));
    }
    assert!(stage.handle.statistics().batches < APPENDERS * POSTS, "writes that wait share a barrier");
}

async fn readers_always_see_a_log_without_holes_up_to_its_head(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let log = stage.store.log.clone();
        readers.spawn(async move {
            let mut last = 0;
            while last < 402 {
                let head = log.head(room(1)).await.unwrap().unwrap().seq;
                assert!(head >= last, "a head that was seen stays");
                let page = log.messages(room(1), rill_storage::model::Anchor::Before(u64::MAX), 50, usize::MAX);
                let page = page.await.unwrap().unwrap();
                assert_eq!(page.messages.last().unwrap().seq, page.head.seq, "a page is of one moment");
                assert!(page.messages.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq));
                assert!(page.head.seq >= head);
                last = page.head.seq;
                tokio::task::yield_now().await;
            }
        });
    }
    for number in 1..=400 {
        stage.appended(1, post(1, number, "x")).await;
    }
    readers.join_all().await;
}

async fn a_full_queue_refuses_at_once_and_loses_nothing(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let flood = QUEUE_COMMANDS_MAX as u64 * 8;
    let text = "x".repeat(2_000);
    let queued: Vec<_> = (0..flood).map(|number| stage.store.log.append(room(1), post(1, number, &text))).collect();
    let (mut made, mut busy) = (0, 0);
    for append in queued {
        match append.await {
            Ok(appended) => {
                made += 1;
                assert_eq!(appended.unwrap().entry.seq, made + 2);
            }
            Err(StoreError::Busy) => busy += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(busy > 0, "the flood did not fill the queue");
    assert_eq!((made + busy, stage.handle.statistics().busy), (flood, busy));
    assert_eq!(stage.store.log.head(room(1)).await.unwrap().unwrap().seq, made + 2);
}

async fn batches_and_waits_are_counted(kind: Kind) {
    let stage = kind.open();
    let ticks = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    // Each look at the time is two milliseconds after the one before.
    stage
        .handle
        .measure_waits(std::sync::Arc::new(move || 2_000 * ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
    let before = stage.handle.statistics();
    stage.make_room(1).await;
    for number in 0..9 {
        stage.appended(1, post(1, number, "x")).await;
    }
    let after = stage.handle.statistics();
    assert_eq!(after.commands - before.commands, 10);
    // One by one: each shared its batch with nobody, and waited for one tick.
    assert_eq!(after.batch_commands.counts[0] - before.batch_commands.counts[0], 10);
    assert_eq!(after.wait_us.sum, 10 * 2_000);
    assert_eq!(after.wait_us.counts.iter().sum::<u64>(), 10);
    let together: Vec<_> = (100..400).map(|number| stage.store.log.append(room(1), post(1, number, "x"))).collect();
    for append in together {
        append.await.unwrap().unwrap();
    }
    let last = stage.handle.statistics();
    assert_eq!(last.batch_commands.sum - after.batch_commands.sum, 300);
    let batches = |counted: &rill_storage::embedded::Statistics| {
        counted.batch_commands.counts.iter().sum::<u64>() + counted.batch_commands.above
    };
    assert!(batches(&last) - batches(&after) < 300, "those that waited shared batches");
    assert_eq!(last.wait_us.counts.iter().sum::<u64>() + last.wait_us.above, 310);
}

async fn after_closing_every_call_is_answered_closed(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let queued: Vec<_> = (0..50).map(|number| stage.store.log.append(room(1), post(1, number, "x"))).collect();
    stage.handle.close().unwrap();
    for append in queued {
        append.await.unwrap().unwrap();
    }
    stage.handle.close().unwrap();
    let write = stage.store.log.append(room(1), post(1, 99, "x")).await;
    assert!(matches!(write, Err(StoreError::Closed)), "{write:?}");
    let read = stage.store.log.head(room(1)).await;
    assert!(matches!(read, Err(StoreError::Closed)), "{read:?}");
}

contract! {
    many_appenders_leave_dense_logs
    readers_always_see_a_log_without_holes_up_to_its_head
    a_full_queue_refuses_at_once_and_loses_nothing
    batches_and_waits_are_counted
    after_closing_every_call_is_answered_closed
}
