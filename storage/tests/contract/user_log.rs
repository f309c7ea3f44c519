//! The user's own log.

use crate::stage::{Kind, START_MS, Stage, account, contract, epoch, room, user};
use rill_storage::{
    limits::Bounds,
    model::{UserEntry, UserFact, UserHead},
};

fn added(number: u64) -> UserFact {
    UserFact::RoomAdded(room(number))
}

fn removed(number: u64) -> UserFact {
    UserFact::RoomRemoved(room(number))
}

/// Tells user 1 of a room, as room entry `cause` made it.
async fn tell(stage: &Stage, number: u64, cause: u64, fact: UserFact) -> Option<u64> {
    let log = &stage.store.user_log;
    log.append(user(1), (room(number), cause), fact, START_MS + cause).await.unwrap().map(|entry| entry.seq)
}

async fn entries(stage: &Stage, after: u64) -> Option<Vec<(u64, UserFact)>> {
    let entries = stage.store.user_log.entries(user(1), after, 100).await.unwrap();
    entries.map(|entries| entries.into_iter().map(|entry| (entry.seq, entry.fact)).collect())
}

async fn snapshot(stage: &Stage) -> (UserHead, Vec<(u64, UserFact)>) {
    let (head, entries) = stage.store.user_log.snapshot(user(1)).await.unwrap().unwrap();
    (head, entries.into_iter().map(|entry| (entry.seq, entry.fact)).collect())
}

async fn opened(kind: Kind, bounds: Bounds) -> Stage {
    let stage = kind.open_with(bounds);
    stage.store.users.create(account(1)).await.unwrap();
    stage
}

async fn a_log_begins_with_its_user(kind: Kind) {
    let stage = kind.open();
    let log = &stage.store.user_log;
    assert_eq!(log.head(user(1)).await.unwrap(), None);
    assert_eq!(log.entries(user(1), 0, 10).await.unwrap(), None);
    assert!(log.snapshot(user(1)).await.unwrap().is_none());
    assert_eq!(log.append(user(1), (room(1), 1), added(1), START_MS).await.unwrap(), None);
    stage.store.users.create(account(1)).await.unwrap();
    assert_eq!(log.head(user(1)).await.unwrap(), Some(UserHead { epoch: epoch(1), seq: 0 }));
    assert_eq!(log.entries(user(1), 0, 10).await.unwrap(), Some(vec![]));
    assert_eq!(snapshot(&stage).await, (UserHead { epoch: epoch(1), seq: 0 }, vec![]));
}

async fn entries_are_dense_and_a_repeated_cause_adds_none(kind: Kind) {
    let stage = opened(kind, Bounds::default()).await;
    assert_eq!(tell(&stage, 1, 2, added(1)).await, Some(1));
    assert_eq!(tell(&stage, 2, 9, added(2)).await, Some(2));
    assert_eq!(tell(&stage, 1, 2, added(1)).await, None);
    assert_eq!(tell(&stage, 1, 5, removed(1)).await, Some(3));
    assert_eq!(tell(&stage, 1, 2, added(1)).await, None, "older news of the same room");
    assert_eq!(tell(&stage, 1, 5, removed(1)).await, None);
    assert_eq!(tell(&stage, 1, 7, added(1)).await, Some(4));
    assert_eq!(entries(&stage, 0).await.unwrap(), [(1, added(1)), (2, added(2)), (3, removed(1)), (4, added(1))]);
    assert_eq!(entries(&stage, 3).await.unwrap(), [(4, added(1))]);
    assert_eq!(entries(&stage, 4).await.unwrap(), []);
    let first = stage.store.user_log.entries(user(1), 0, 1).await.unwrap().unwrap();
    assert_eq!(first, [UserEntry { seq: 1, at_ms: START_MS + 2, fact: added(1) }]);
}

async fn a_cursor_ahead_of_the_log_is_told_to_start_over(kind: Kind) {
    let stage = opened(kind, Bounds::default()).await;
    tell(&stage, 1, 2, added(1)).await;
    assert_eq!(entries(&stage, 2).await, None);
    assert_eq!(entries(&stage, u64::MAX).await, None);
}

async fn the_snapshot_holds_the_rooms_that_one_is_in(kind: Kind) {
    let stage = opened(kind, Bounds::default()).await;
    for number in (1..=6).rev() {
        tell(&stage, number, 2, added(number)).await;
    }
    tell(&stage, 4, 8, removed(4)).await;
    tell(&stage, 6, 8, removed(6)).await;
    tell(&stage, 6, 9, added(6)).await;
    let (head, entries) = snapshot(&stage).await;
    assert_eq!(head, UserHead { epoch: epoch(1), seq: 9 });
    assert_eq!(entries, [(2, added(5)), (4, added(3)), (5, added(2)), (6, added(1)), (9, added(6))]);
}

async fn old_entries_are_compacted_into_the_snapshot(kind: Kind) {
    let stage = opened(kind, Bounds { user_log_tail_entries_max: 3, ..Bounds::default() }).await;
    for number in 1..=10 {
        tell(&stage, number, 2, added(number)).await;
    }
    assert_eq!(entries(&stage, 0).await, None);
    assert_eq!(entries(&stage, 6).await, None);
    assert_eq!(entries(&stage, 7).await.unwrap(), [(8, added(8)), (9, added(9)), (10, added(10))]);
    assert_eq!(snapshot(&stage).await.1.len(), 10);
}

async fn logs_of_users_are_apart(kind: Kind) {
    let stage = opened(kind, Bounds::default()).await;
    stage.store.users.create(account(2)).await.unwrap();
    tell(&stage, 1, 2, added(1)).await;
    let other = stage.store.user_log.append(user(2), (room(1), 3), added(1), START_MS).await.unwrap().unwrap();
    assert_eq!(other.seq, 1);
    assert_eq!(snapshot(&stage).await.1, [(1, added(1))]);
}

async fn time_never_runs_backwards_in_a_users_log(kind: Kind) {
    let stage = opened(kind, Bounds::default()).await;
    for (number, (clock, expected)) in [(10, 10), (5, 10), (0, 10), (11, 11)].into_iter().enumerate() {
        let (number, at_ms) = (number as u64 + 1, START_MS + clock);
        let fact = UserFact::RoomAdded(room(number));
        let made = stage.store.user_log.append(user(1), (room(number), 1), fact, at_ms).await.unwrap().unwrap();
        assert_eq!(made.at_ms, START_MS + expected);
    }
}

contract! {
    time_never_runs_backwards_in_a_users_log
    a_log_begins_with_its_user
    entries_are_dense_and_a_repeated_cause_adds_none
    a_cursor_ahead_of_the_log_is_told_to_start_over
    the_snapshot_holds_the_rooms_that_one_is_in
    old_entries_are_compacted_into_the_snapshot
    logs_of_users_are_apart
}
