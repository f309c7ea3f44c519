//! Cursors: where a client goes on, and which lane carries what.

use rill_protocol::{ClientId, Epoch, U53, message::*, mux::Class};
use rill_server::config::Limits;
use rill_server::transport::Priority;
use std::time::Duration;

use crate::{
    peer::entry,
    world::{SystemEntropyBytes, World},
};

#[tokio::test]
async fn every_outcome_of_a_cursor() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    for n in 0..600 {
        world.post(&ann, room, &n.to_string()).await;
    }
    let head = world.store().log.head(room).await.unwrap().unwrap();
    assert_eq!(head.seq, 602);
    let mut a = world.attached(&ann).await;

    let resumed = a.resume(room, head.epoch, 602, 50).await;
    assert_eq!((resumed.unchanged, resumed.rooms.len()), (1, 0));
    assert!(a.others.as_mut().unwrap().is_silent().await);

    let resumed = a.resume(room, head.epoch, 600, 50).await;
    assert_eq!((resumed.rooms[0].outcome, resumed.rooms[0].base.get()), (Outcome::Complete, 600));
    assert_eq!(entry(a.others.as_mut().unwrap()).await, (601, "598".into()));
    assert_eq!(entry(a.others.as_mut().unwrap()).await, (602, "599".into()));

    let resumed = a.resume(room, head.epoch, 3, 2).await;
    assert_eq!((resumed.rooms[0].outcome, resumed.rooms[0].base.get()), (Outcome::Limited, 600));
    assert_eq!(entry(a.others.as_mut().unwrap()).await.0, 601);
    assert_eq!(entry(a.others.as_mut().unwrap()).await.0, 602);

    for (epoch, seq) in [(Epoch([9; 16]), 602), (head.epoch, 603)] {
        let resumed = a.resume(room, epoch, seq, 1).await;
        let (outcome, epoch) = (resumed.rooms[0].outcome, resumed.rooms[0].epoch);
        assert_eq!((outcome, epoch), (Outcome::EpochChanged, head.epoch));
        assert_eq!(entry(a.others.as_mut().unwrap()).await.0, 602);
    }

    let mut b = world.attached(&bob).await;
    assert_eq!(b.resume(room, head.epoch, 602, 50).await.rooms[0].outcome, Outcome::Gone);
    assert_eq!(b.resume(Default::default(), head.epoch, 1, 50).await.rooms[0].outcome, Outcome::Gone);
}

#[tokio::test]
async fn a_resume_of_far_behind_is_replayed_whole_and_in_order() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let text = "x".repeat(2_000);
    for _ in 0..400 {
        world.post(&ann, room, &text).await;
    }
    let epoch = world.store().log.head(room).await.unwrap().unwrap().epoch;
    let mut a = world.attached(&ann).await;
    assert_eq!(a.resume(room, epoch, 2, 0).await.rooms[0].outcome, Outcome::Complete);
    for seq in 3..=402 {
        assert_eq!(entry(a.others.as_mut().unwrap()).await.0, seq);
    }
}

#[tokio::test]
async fn the_room_in_view_has_its_own_lane() {
    let world = World::new();
    let ann = world.person("ann").await;
    let (one, two) = (world.room(&ann, "one").await, world.room(&ann, "two").await);
    let mut a = world.attached(&ann).await;
    // Named before it is followed: the resume that follows finds it in view.
    a.control.send(&View { room: Some(one), have_seq: U53::from(2) }).await;
    for room in [one, two] {
        let epoch = world.store().log.head(room).await.unwrap().unwrap().epoch;
        assert_eq!(a.resume(room, epoch, 2, 0).await.unchanged, 1);
    }
    world.post(&ann, one, "in view").await;
    world.post(&ann, two, "elsewhere").await;
    assert_eq!(entry(a.in_view.as_mut().unwrap()).await, (3, "in view".into()));
    assert_eq!(entry(a.others.as_mut().unwrap()).await, (3, "elsewhere".into()));

    // The other room comes into view, restarting from what the client says it has.
    a.control.send(&View { room: Some(two), have_seq: U53::from(2) }).await;
    assert_eq!(entry(a.in_view.as_mut().unwrap()).await, (3, "elsewhere".into()));
    world.post(&ann, one, "behind").await;
    world.post(&ann, two, "on screen").await;
    assert_eq!(entry(a.others.as_mut().unwrap()).await, (4, "behind".into()));
    assert_eq!(entry(a.in_view.as_mut().unwrap()).await, (4, "on screen".into()));
}

#[tokio::test]
async fn a_lane_opened_again_replaces_the_old_one() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    world.post(&ann, room, "first").await;
    assert_eq!(entry(a.others.as_mut().unwrap()).await, (3, "first".into()));
    a.others = Some(a.lane(LaneClass::Others, Class::LaneOthers).await);
    let ready: LaneReady = a.others.as_mut().unwrap().expect().await;
    assert_eq!(ready.class, LaneClass::Others);
    let epoch = world.store().log.head(room).await.unwrap().unwrap().epoch;
    a.resume(room, epoch, 2, 0).await;
    world.post(&ann, room, "second").await;
    // The handle is told anew, and what the old lane may have lost comes again.
    let lane = a.others.as_mut().unwrap();
    let handle: RoomHandle = lane.expect().await;
    assert_eq!(handle.room, room);
    assert_eq!(entry(lane).await, (3, "first".into()));
    assert_eq!(entry(lane).await, (4, "second".into()));
}

#[tokio::test]
async fn the_users_own_log_goes_on_from_its_cursor() {
    let world = World::new();
    let ann = world.person("ann").await;
    let first = world.room(&ann, "first").await;
    let mut a = world.connect();
    a.hello(world.ticket(&ann).await, world.attempt()).await.unwrap();
    let (attached, rooms) = a.attach().await;
    assert!(attached.snapshot);
    assert_eq!(rooms.iter().map(|room| room.id).collect::<Vec<_>>(), [first]);
    let head = world.store().user_log.head(ann.identity.user).await.unwrap().unwrap();

    let second = world.room(&ann, "second").await;
    world.leave(&ann, first).await;
    let mut b = world.connect();
    b.hello(world.ticket(&ann).await, world.attempt()).await.unwrap();
    let user_seq = U53::saturating(head.seq);
    b.control.send(&Attach { request: 1, user_epoch: head.epoch, user_seq }).await;
    assert!(!b.control.expect::<Attached>().await.snapshot);
    assert_eq!(b.control.expect::<RoomAdded>().await.room.id, second);
    assert_eq!(b.control.expect::<RoomRemoved>().await.room, first);
    assert_eq!(b.control.expect::<UserHead>().await.seq.get(), head.seq + 2);

    let mut c = world.connect();
    c.hello(world.ticket(&ann).await, world.attempt()).await.unwrap();
    c.control.send(&Attach { request: 1, user_epoch: Epoch([7; 16]), user_seq }).await;
    assert!(c.control.expect::<Attached>().await.snapshot);
    assert_eq!(c.control.expect::<RoomAdded>().await.room.id, second);
}

#[tokio::test]
async fn what_is_appended_while_a_room_comes_alive_is_not_missed() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    let (services, author) = (world.services.clone(), ann.identity.user);
    world.hooks.after_sight.next(async move {
        let key = ClientId(SystemEntropyBytes::fresh());
        services.domain.messages.post(author, room, key, "in between").await.unwrap();
    });
    a.resume(room, Default::default(), 0, 0).await;
    assert_eq!(entry(a.others.as_mut().unwrap()).await, (3, "in between".into()));
}

#[tokio::test]
async fn a_room_that_leaves_a_dying_lane_takes_along_what_was_under_way() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let (mut a, gate) = world.gated(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    a.control.send(&View { room: Some(room), have_seq: U53::from(2) }).await;
    a.control.send(&Ping { nonce: 1 }).await;
    let _: Pong = a.control.expect().await;
    gate.shut(Priority::LaneInView);
    world.post(&ann, room, "under way").await;
    gate.stopped().await;
    a.control.send(&View { room: None, have_seq: U53::default() }).await;
    a.control.send(&Ping { nonce: 2 }).await;
    let _: Pong = a.control.expect().await;
    a.in_view = Some(a.lane(LaneClass::InView, Class::LaneInView).await);
    assert_eq!(entry(a.others.as_mut().unwrap()).await, (3, "under way".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_lanes_opened_in_a_row_the_last_one_lives() {
    // Two thousand streams in a second or two, and a resume for each second one.
    let world =
        World::with(Limits { streams_per_second_per_user: 0, requests_per_second_per_user: 0, ..Limits::default() });
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    let epoch = world.store().log.head(room).await.unwrap().unwrap().epoch;
    for seq in 3..1003 {
        let _first = a.lane(LaneClass::Others, Class::LaneOthers).await;
        let mut last = a.lane(LaneClass::Others, Class::LaneOthers).await;
        let _: LaneReady = last.expect().await;
        a.resume(room, epoch, seq - 1, 0).await;
        assert_eq!(world.post(&ann, room, "hello").await, seq);
        assert_eq!(entry(&mut last).await.0, seq);
    }
}

#[tokio::test]
async fn a_room_that_grows_while_it_is_read_is_written_once() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    for n in 3..9 {
        world.post(&ann, room, &n.to_string()).await;
    }
    let epoch = world.store().log.head(room).await.unwrap().unwrap().epoch;
    let mut a = world.attached(&ann).await;
    let (services, author) = (world.services.clone(), ann.identity.user);
    // The first is the resume's own, the second the lane's, which reads the store.
    world.hooks.after_sight.next(async {});
    world.hooks.after_sight.next(async move {
        let key = ClientId(SystemEntropyBytes::fresh());
        services.domain.messages.post(author, room, key, "9").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    });
    a.resume(room, epoch, 2, 0).await;
    let frames = a.others.as_mut().unwrap().heard_up_to(9).await;
    let posted = frames.iter().filter_map(|frame| frame.decode_if::<EntryPosted>());
    let seqs: Vec<u64> = posted.map(|posted| posted.unwrap().header.seq.get()).collect();
    assert_eq!(seqs, (3..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn resumes_of_one_session_are_judged_in_the_order_they_were_sent() {
    let world = World::new();
    let ann = world.person("ann").await;
    let (first, room) = (world.room(&ann, "first").await, world.room(&ann, "room").await);
    let (mut a, gate) = world.gated(&ann).await;
    let (services, author) = (world.services.clone(), ann.identity.user);
    world.hooks.after_sight.next(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..10 {
            let key = ClientId(SystemEntropyBytes::fresh());
            services.domain.messages.post(author, room, key, "meanwhile").await.unwrap();
        }
    });
    gate.shut(Priority::LaneOthers);
    let cursor = |room| Cursor { room, epoch: Default::default(), seq: U53::default(), tail: 2 };
    a.control.send(&Resume { request: 1, cursors: vec![cursor(first), cursor(room)] }).await;
    a.control.send(&Resume { request: 2, cursors: vec![cursor(room)] }).await;
    let mut base = None;
    for _ in 0..2 {
        let resumed: Resumed = a.control.expect().await;
        if resumed.request == 2 {
            base = Some(resumed.rooms[0].base.get());
        }
    }
    gate.open();
    let frames = a.others.as_mut().unwrap().heard_up_to(12).await;
    let posted = frames.iter().filter_map(|frame| frame.decode_if::<EntryPosted>()).map(Result::unwrap);
    let mut seqs: Vec<u64> = posted.map(|posted| posted.header.seq.get()).filter(|seq| Some(*seq) > base).collect();
    seqs.dedup();
    assert!(base.is_some_and(|base| seqs.into_iter().eq(base.max(2) + 1..=12)), "above {base:?}");
}

#[tokio::test]
async fn a_view_of_a_room_that_was_just_limited_does_not_replay_its_log() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    for n in 3..=600 {
        world.post(&ann, room, &n.to_string()).await;
    }
    let mut a = world.attached(&ann).await;
    assert_eq!(a.resume(room, Default::default(), 0, 5).await.rooms[0].base.get(), 595);
    a.control.send(&View { room: Some(room), have_seq: U53::default() }).await;
    a.control.send(&Ping { nonce: 1 }).await;
    let _: Pong = a.control.expect().await;
    assert_eq!(world.post(&ann, room, "601").await, 601);
    let mut seqs = Vec::new();
    while seqs.last() != Some(&601) {
        seqs.push(entry(a.in_view.as_mut().unwrap()).await.0);
    }
    assert!(seqs.iter().all(|seq| *seq > 595), "{seqs:?}");
}
