//! Appending.

use crate::stage::{Kind, START_MS, change, client, contract, epoch, post, room, user};
use rill_protocol::limits::TEXT_BYTES_MAX;
use rill_storage::{
    limits::Bounds,
    model::{Body, Change, Fact, Replay},
    port::AppendRefused,
};

async fn posts_are_numbered_without_a_hole(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    for number in 1..=20 {
        let made = stage.appended(1, post(1, number, &format!("text {number}"))).await;
        let entry = &made.entry;
        assert_eq!((made.epoch, entry.seq, entry.posts, made.replay), (epoch(101), number + 2, number, Replay::First));
        assert_eq!((entry.fact, entry.author, entry.client_id), (Fact::Posted, user(1), client(number)));
        assert_eq!(entry.body, Body::Text(format!("text {number}").into()));
    }
    let head = stage.store.log.head(room(1)).await.unwrap().unwrap();
    assert_eq!((head.seq, head.posts), (22, 20));
}

async fn appends_queued_one_after_the_other_keep_their_order(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let queued: Vec<_> = (1..=200).map(|number| stage.store.log.append(room(1), post(1, number, "x"))).collect();
    // Awaited in the other direction: only the calls count.
    for (number, append) in (1..).zip(queued).collect::<Vec<(u64, _)>>().into_iter().rev() {
        assert_eq!(append.await.unwrap().unwrap().entry.seq, number + 2);
    }
}

async fn an_append_whose_future_is_dropped_happens(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    drop(stage.store.log.append(room(1), post(1, 1, "dropped")));
    let next = stage.appended(1, post(1, 2, "kept")).await;
    assert_eq!(next.entry.seq, 4);
    let entries = stage.store.log.entries(room(1), 2, 10, 1000).await.unwrap();
    assert_eq!(entries[0].body, Body::Text("dropped".into()));
}

async fn time_never_runs_backwards_in_a_log(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    for (number, (clock, expected)) in [(10, 10), (5, 10), (0, 10), (11, 11)].into_iter().enumerate() {
        let mut entry = post(1, number as u64, "x");
        entry.at_ms = START_MS + clock;
        assert_eq!(stage.appended(1, entry).await.entry.at_ms, START_MS + expected);
    }
    assert_eq!(stage.store.log.head(room(1)).await.unwrap().unwrap().at_ms, START_MS + 11);
}

async fn only_members_post_and_only_into_rooms(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    assert_eq!(stage.append(1, post(2, 1, "x")).await.unwrap_err(), AppendRefused::NotAMember);
    assert_eq!(stage.append(9, post(1, 1, "x")).await.unwrap_err(), AppendRefused::NoSuchRoom);
    assert_eq!(stage.append(1, change(1, 1, Change::Join)).await.unwrap_err(), AppendRefused::Unchanged);
    assert_eq!(stage.append(1, change(2, 1, Change::Leave)).await.unwrap_err(), AppendRefused::Unchanged);
    assert_eq!(stage.store.log.head(room(1)).await.unwrap().unwrap().seq, 2, "a refusal writes nothing");
    // The client id of a refused request is still free.
    stage.appended(1, change(2, 1, Change::Join)).await;
    assert_eq!(stage.appended(1, post(2, 2, "x")).await.entry.seq, 4);
    stage.appended(1, change(2, 3, Change::Leave)).await;
    assert_eq!(stage.append(1, post(2, 4, "x")).await.unwrap_err(), AppendRefused::NotAMember);
}

async fn a_full_room_takes_nobody_until_somebody_leaves(kind: Kind) {
    let stage = kind.open_with(Bounds { room_members_max: 3, ..Bounds::default() });
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    stage.appended(1, change(3, 1, Change::Join)).await;
    assert_eq!(stage.append(1, change(4, 1, Change::Join)).await.unwrap_err(), AppendRefused::RoomFull);
    stage.appended(1, change(2, 2, Change::Leave)).await;
    stage.appended(1, change(4, 1, Change::Join)).await;
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap().unwrap().members, 3);
}

async fn the_longest_text_fits_and_one_beyond_any_batch_is_refused_alone(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let longest = "溪".repeat(TEXT_BYTES_MAX / 3);
    assert_eq!(stage.appended(1, post(1, 1, &longest)).await.entry.body, Body::Text(longest.as_str().into()));
    // Longer texts are the domain's to refuse; one that no batch holds fails alone.
    let monster = stage.store.log.append(room(1), post(1, 2, &"x".repeat(100_000)));
    let after = stage.store.log.append(room(1), post(1, 3, "small"));
    assert!(monster.await.is_err());
    assert_eq!(after.await.unwrap().unwrap().entry.seq, 4);
    let entries = stage.store.log.entries(room(1), 0, 10, usize::MAX).await.unwrap();
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[2].body, Body::Text(longest.as_str().into()), "also read back from its rows");
}

async fn many_large_posts_make_several_batches(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let text = "x".repeat(16_000);
    let queued: Vec<_> = (1..=300).map(|number| stage.store.log.append(room(1), post(1, number, &text))).collect();
    for append in queued {
        append.await.unwrap().unwrap();
    }
    let statistics = stage.handle.statistics();
    assert!(statistics.batches >= 5, "4.8 MB do not fit into fewer batches of 1 MiB: {statistics:?}");
    assert_eq!((statistics.commands, statistics.queue_depth, statistics.busy), (301, 0, 0));
}

async fn a_tail_is_the_head_and_what_lies_behind_a_seq(kind: Kind) {
    let stage = kind.open();
    assert!(stage.store.log.tail(room(1), 0, 10, 1000).await.unwrap().is_none());
    stage.make_room(1).await;
    for number in 1..=4 {
        stage.appended(1, post(1, number, "0123456789")).await;
    }
    for (after, limit, bytes, expected) in [
        (2, 10, 1000, 3..7),
        (2, 2, 1000, 3..5),
        (2, 10, 20, 3..5),
        (4, 10, 1, 5..6),
        (6, 10, 1000, 7..7),
        (9, 10, 1, 7..7),
    ] {
        let (head, entries) = stage.store.log.tail(room(1), after, limit, bytes).await.unwrap().unwrap();
        assert_eq!((head.epoch, head.seq), (epoch(101), 6));
        assert!(entries.iter().map(|entry| entry.seq).eq(expected), "behind {after}");
    }
}

contract! {
    a_tail_is_the_head_and_what_lies_behind_a_seq
    posts_are_numbered_without_a_hole
    appends_queued_one_after_the_other_keep_their_order
    an_append_whose_future_is_dropped_happens
    time_never_runs_backwards_in_a_log
    only_members_post_and_only_into_rooms
    a_full_room_takes_nobody_until_somebody_leaves
    the_longest_text_fits_and_one_beyond_any_batch_is_refused_alone
    many_large_posts_make_several_batches
}
