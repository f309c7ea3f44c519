//! Posts that are made together, or not at all.

use crate::stage::{DAY_MS, Kind, START_MS, Stage, change, client, contract, digest, post, room, user};
use rill_protocol::limits::{BATCH_POSTS_MAX, CLIENT_FRAME_BODY_BYTES_MAX};
use rill_storage::{
    limits::Bounds,
    model::{Appended, Body, Change, Mentions, NewBatch, NewPost, Replay},
    port::AppendRefused,
};

fn batch(author: u64, posts: &[(u64, &str)]) -> NewBatch {
    let post = |(number, text): &(u64, &str)| NewPost {
        client_id: client(*number),
        digest: digest(text),
        text: (*text).into(),
        mentions: Mentions::default(),
    };
    NewBatch { author: user(author), at_ms: START_MS, posts: posts.iter().map(post).collect() }
}

async fn append(stage: &Stage, batch: NewBatch) -> Result<Vec<Appended>, AppendRefused> {
    stage.store.log.append_batch(room(1), batch).await.unwrap()
}

async fn head(stage: &Stage) -> u64 {
    stage.store.log.head(room(1)).await.unwrap().unwrap().seq
}

async fn the_posts_of_a_batch_follow_each_other_whatever_comes_beside_them(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, change(2, 1_000, Change::Join)).await;
    let mut batches = Vec::new();
    let mut singles = Vec::new();
    for number in 0..20 {
        singles.push(stage.store.log.append(room(1), post(2, number, "beside")));
        let ids: Vec<_> = (0..5).map(|n| (100 + 5 * number + n, "together")).collect();
        batches.push(stage.store.log.append_batch(room(1), batch(1, &ids)));
    }
    for made in batches {
        let made = made.await.unwrap().unwrap();
        assert_eq!(made.len(), 5);
        assert!(made.windows(2).all(|pair| pair[0].entry.seq + 1 == pair[1].entry.seq));
        assert!(made.iter().all(|appended| appended.replay == Replay::First));
    }
    for single in singles {
        single.await.unwrap().unwrap();
    }
    let entries = stage.store.log.entries(room(1), 0, 1_000, usize::MAX).await.unwrap();
    assert!(entries.iter().map(|entry| entry.seq).eq(1..=head(&stage).await));
    assert_eq!(head(&stage).await, 3 + 20 + 100);
}

async fn a_batch_that_is_retried_gets_its_originals(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let made = append(&stage, batch(1, &[(1, "one"), (2, "two")])).await.unwrap();
    stage.appended(1, post(1, 3, "three")).await;
    let again = append(&stage, batch(1, &[(1, "one"), (2, "other")])).await.unwrap();
    assert_eq!(again.iter().map(|again| again.replay).collect::<Vec<_>>(), [Replay::Same, Replay::Different]);
    assert!(again.iter().map(|again| again.entry.seq).eq(made.iter().map(|made| made.entry.seq)));
    assert_eq!(again[1].entry.body, Body::Text("two".into()));
    assert_eq!(head(&stage).await, 5);
}

async fn what_is_refused_leaves_nothing_of_the_batch(kind: Kind) {
    let bounds = Bounds { client_ids_per_member_max: 5, ..Bounds::default() };
    let stage = kind.open_with(bounds);
    stage.make_room(1).await;
    stage.appended(1, post(1, 1, "one")).await;
    let refused = async |posts: &[(u64, &str)], author| append(&stage, batch(author, posts)).await.unwrap_err();
    // One of them is known, and the others are not.
    assert_eq!(refused(&[(2, "two"), (1, "one"), (3, "three")], 1).await, AppendRefused::KeysMixed);
    assert_eq!(refused(&[(2, "two")], 2).await, AppendRefused::NotAMember);
    // Two keys are left of five beside the creator's and the first post's.
    let too_many = [(2, "a"), (3, "b"), (4, "c"), (5, "d")];
    assert_eq!(refused(&too_many, 1).await, AppendRefused::TooManyKeys);
    assert_eq!(head(&stage).await, 3);
    assert_eq!(append(&stage, batch(1, &too_many[..3])).await.unwrap().len(), 3);
    assert_eq!(refused(&[(5, "d")], 1).await, AppendRefused::TooManyKeys);
    // A retry needs no further key.
    assert_eq!(append(&stage, batch(1, &too_many[..3])).await.unwrap()[0].replay, Replay::Same);
    let elsewhere = stage.store.log.append_batch(room(9), batch(1, &[(1, "x")])).await.unwrap();
    assert_eq!(elsewhere.unwrap_err(), AppendRefused::NoSuchRoom);
    assert_eq!(append(&stage, batch(1, &[])).await.unwrap().len(), 0);
    assert_eq!(head(&stage).await, 6);
}

async fn the_longest_batch_of_a_frame_fits_into_a_command(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let text = "x".repeat(CLIENT_FRAME_BODY_BYTES_MAX / BATCH_POSTS_MAX);
    let many: Vec<_> = (0..BATCH_POSTS_MAX as u64).map(|number| (number, text.as_str())).collect();
    assert_eq!(append(&stage, batch(1, &many)).await.unwrap().len(), BATCH_POSTS_MAX);
    let half = "y".repeat(CLIENT_FRAME_BODY_BYTES_MAX / 2);
    assert_eq!(append(&stage, batch(1, &[(100, &half), (101, &half)])).await.unwrap().len(), 2);
    let entries = stage.store.log.entries(room(1), 2, 1_000, usize::MAX).await.unwrap();
    assert_eq!(entries.len(), BATCH_POSTS_MAX + 2);
    assert_eq!(entries[BATCH_POSTS_MAX + 1].body, Body::Text(half.into()));
}

async fn the_clock_of_a_batch_may_be_behind(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let mut late = batch(1, &[(1, "one"), (2, "two")]);
    late.at_ms += DAY_MS;
    append(&stage, late).await.unwrap();
    let early = append(&stage, batch(1, &[(3, "three"), (4, "four")])).await.unwrap();
    assert!(early.iter().all(|made| made.entry.at_ms == START_MS + DAY_MS));
}

contract! {
    the_posts_of_a_batch_follow_each_other_whatever_comes_beside_them
    a_batch_that_is_retried_gets_its_originals
    what_is_refused_leaves_nothing_of_the_batch
    the_longest_batch_of_a_frame_fits_into_a_command
    the_clock_of_a_batch_may_be_behind
}
