//! One client id never makes two entries.

use crate::stage::{DAY_MS, Kind, START_MS, change, client, contract, new_room, post, room};
use rill_storage::{
    limits::Bounds,
    model::{Body, Change, NewEntry, Replay},
    port::AppendRefused,
};

fn on_day(mut entry: NewEntry, day: u64) -> NewEntry {
    entry.at_ms = START_MS + day * DAY_MS;
    entry
}

async fn a_retry_gets_the_entry_that_is_there(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let first = stage.appended(1, post(1, 1, "text")).await;
    stage.appended(1, post(1, 2, "other")).await;
    let mut again = post(1, 1, "text");
    again.at_ms += 60_000;
    let retry = stage.appended(1, again).await;
    assert_eq!((retry.epoch, retry.replay), (first.epoch, Replay::Same));
    assert_eq!(retry.entry, first.entry);
    let other = stage.appended(1, post(1, 1, "another text")).await;
    assert_eq!(other.replay, Replay::Different);
    assert_eq!(other.entry.body, Body::Text("text".into()));
    assert_eq!(stage.store.log.head(room(1)).await.unwrap().unwrap().seq, 4);
}

async fn joins_and_leaves_are_retried_alike(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let join = stage.appended(1, change(2, 1, Change::Join)).await;
    assert_eq!(stage.appended(1, change(2, 1, Change::Join)).await.replay, Replay::Same);
    let leave = stage.appended(1, change(2, 2, Change::Leave)).await;
    // Late copies of both: neither joins nor leaves again.
    let late = stage.appended(1, change(2, 1, Change::Join)).await;
    assert_eq!((late.entry.seq, late.replay), (join.entry.seq, Replay::Same));
    let late = stage.appended(1, change(2, 2, Change::Leave)).await;
    assert_eq!((late.entry.seq, late.replay), (leave.entry.seq, Replay::Same));
    let mixed = stage.appended(1, change(2, 2, Change::Join)).await;
    assert_eq!((mixed.entry.seq, mixed.replay), (leave.entry.seq, Replay::Different));
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap().unwrap().members, 1);
}

async fn a_retry_is_answered_also_after_leaving(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    let posted = stage.appended(1, post(2, 2, "x")).await;
    stage.appended(1, change(2, 3, Change::Leave)).await;
    let retry = stage.appended(1, post(2, 2, "x")).await;
    assert_eq!((retry.entry.seq, retry.replay), (posted.entry.seq, Replay::Same));
}

async fn the_creators_client_id_is_used_up(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let mut entry = post(1, 0, "x");
    entry.client_id = new_room(1).client_id;
    let made = stage.appended(1, entry).await;
    assert_eq!((made.entry.seq, made.replay), (2, Replay::Different));
}

async fn client_ids_are_apart_by_user_and_room(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.make_room(2).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    for (number, author) in [(1, 1), (2, 1)] {
        assert_eq!(stage.appended(number, post(author, 7, "x")).await.replay, Replay::First);
    }
    assert_eq!(stage.appended(1, post(2, 7, "x")).await.replay, Replay::First);
}

async fn a_client_id_lives_for_seven_days(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let first = stage.appended(1, on_day(post(1, 1, "x"), 0)).await;
    for day in [1, 4, 7] {
        // A key of every one of these days, so that there are several buckets to look in.
        stage.appended(1, on_day(post(1, 100 + day, "y"), day)).await;
        let retry = stage.appended(1, on_day(post(1, 1, "x"), day)).await;
        assert_eq!((retry.entry.seq, retry.replay), (first.entry.seq, Replay::Same), "day {day}");
    }
    stage.appended(1, on_day(post(1, 200, "y"), 8)).await;
    let after = stage.appended(1, on_day(post(1, 1, "x"), 8)).await;
    assert_eq!(after.replay, Replay::First);
}

async fn the_sweep_drops_days_that_no_longer_count(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let old: Vec<_> =
        (1..=700).map(|number| stage.store.log.append(room(1), on_day(post(1, number, "x"), 0))).collect();
    for append in old {
        append.await.unwrap().unwrap();
    }
    stage.appended(1, on_day(post(1, 701, "x"), 3)).await;
    assert_eq!(stage.handle.sweep(START_MS + 7 * DAY_MS).await.unwrap().client_ids, 0);
    // The 700, and that of the room's creation.
    let swept = |client_ids| if kind.forgets_by_itself() { 0 } else { client_ids };
    assert_eq!(stage.handle.sweep(START_MS + 8 * DAY_MS).await.unwrap().client_ids, swept(701));
    assert_eq!(stage.handle.sweep(START_MS + 8 * DAY_MS).await.unwrap().client_ids, 0);
    assert_eq!(stage.appended(1, on_day(post(1, 701, "x"), 9)).await.replay, Replay::Same);
    assert_eq!(stage.handle.sweep(START_MS + 11 * DAY_MS).await.unwrap().client_ids, swept(1));
}

async fn too_many_client_ids_are_refused_until_a_day_is_dropped(kind: Kind) {
    let stage = kind.open_with(Bounds { client_ids_per_member_max: 5, ..Bounds::default() });
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    for number in 2..=5 {
        stage.appended(1, on_day(post(2, number, "x"), number % 2)).await;
    }
    assert_eq!(stage.append(1, on_day(post(2, 6, "x"), 1)).await.unwrap_err(), AppendRefused::TooManyKeys);
    assert_eq!(stage.append(1, change(2, 7, Change::Leave)).await.unwrap_err(), AppendRefused::TooManyKeys);
    assert_eq!(stage.appended(1, on_day(post(2, 5, "x"), 1)).await.replay, Replay::Same, "a retry needs no new one");
    // Day 0 holds the joining and one post. The time of a log never goes back: after the
    // first post of day 1 the others are of day 1 too.
    for number in [6, 8] {
        stage.appended(1, on_day(post(2, number, "x"), 8)).await;
    }
    assert_eq!(stage.append(1, on_day(post(2, 9, "x"), 8)).await.unwrap_err(), AppendRefused::TooManyKeys);
    // Another user is not concerned.
    stage.appended(1, on_day(post(1, 1, "x"), 8)).await;
}

async fn a_client_id_raced_makes_one_entry(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let log = stage.store.log.clone();
        race.spawn(async move { log.append(room(1), post(1, 1, "x")).await.unwrap().unwrap() });
    }
    let made = race.join_all().await;
    assert!(made.iter().all(|made| made.entry.seq == 3 && made.entry.client_id == client(1)));
    assert_eq!(made.iter().filter(|made| made.replay == Replay::First).count(), 1);
    assert_eq!(made.iter().filter(|made| made.replay == Replay::Same).count(), 63);
    assert_eq!(stage.store.log.head(room(1)).await.unwrap().unwrap().seq, 3);
}

contract! {
    a_retry_gets_the_entry_that_is_there
    joins_and_leaves_are_retried_alike
    a_retry_is_answered_also_after_leaving
    the_creators_client_id_is_used_up
    client_ids_are_apart_by_user_and_room
    a_client_id_lives_for_seven_days
    the_sweep_drops_days_that_no_longer_count
    too_many_client_ids_are_refused_until_a_day_is_dropped
    a_client_id_raced_makes_one_entry
}
