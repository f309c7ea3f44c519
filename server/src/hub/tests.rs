//! The hub between threads that publish, follow and leave as they like.

use super::{inbox::Start, rings::Rings, room::Drained, *};
use crate::runtime::Tasks;
use rill_protocol::ClientId;
use rill_storage::model::{Body, Fact, Head};
use std::{
    sync::{Barrier, atomic::AtomicU64},
    thread,
    time::Duration,
};

const ROOM: RoomId = RoomId([1; 16]);
const EPOCH: Epoch = Epoch([2; 16]);

fn encode(_: u32, entry: &Entry) -> Bytes {
    Bytes::from(format!("{} ", entry.seq))
}

fn seqs(frames: &[Bytes]) -> Vec<u64> {
    let text = String::from_utf8(frames.concat()).unwrap();
    text.split_ascii_whitespace().map(|seq| seq.parse().unwrap()).collect()
}

fn entry(seq: u64) -> Arc<Entry> {
    let (author, client_id) = (UserId::default(), ClientId::default());
    Arc::new(Entry { seq, at_ms: 0, author, client_id, posts: seq, fact: Fact::Posted, body: Body::None, file: None })
}

fn inbox(user: u8) -> Arc<Inbox> {
    Arc::new(Inbox::new(UserId([user; 16])))
}

fn at(cursor: u64) -> Start {
    Start { cursor, visible_from: 1 }
}

#[test]
fn who_comes_late_to_an_empty_room_does_not_take_out_the_one_that_stands_in_its_place() {
    let hub = Hub::new(encode);
    let (first, second) = (inbox(1), inbox(2));
    hub.follow(&first, ROOM, EPOCH, 5, at(5));
    let old = hub.room(ROOM).unwrap();
    hub.detach(&first);
    assert!(hub.room(ROOM).is_none() && hub.room_of(old.handle).is_none());
    hub.follow(&second, ROOM, EPOCH, 5, at(5));
    hub.forget_if_empty(&old);
    let new = hub.room(ROOM).expect("somebody follows it");
    assert!(hub.room_of(new.handle).is_some() && !Arc::ptr_eq(&new, &old));
}

#[test]
fn together_the_rings_hold_what_they_may_and_the_oldest_goes() {
    let rings = Rings::new(10_000);
    let live = |n: u32| Arc::new(LiveRoom::new(RoomId::default(), n, EPOCH, false));
    let rooms: Vec<_> = (0..4).map(live).collect();
    let encode: EncodeEntry = |_, _| Bytes::from_static(&[0; 1_000]);
    let publish = |room: &Arc<LiveRoom>, seq| {
        let (before, after) = room.publish(EPOCH, &[entry(seq)], encode).weights;
        rings.changed(room, before, after);
    };
    let is_held = |room: &LiveRoom, cursor| {
        matches!(room.drain((cursor, 0), UserId::default(), 1, &mut Vec::new()), Drained::Frames { .. })
    };
    for seq in 1..=3 {
        rooms.iter().take(3).for_each(|room| publish(room, seq));
    }
    assert!(rooms[..3].iter().all(|room| is_held(room, 0)));
    publish(&rooms[3], 1);
    assert_eq!(rooms.iter().map(|room| is_held(room, 0)).collect::<Vec<_>>(), [false, true, true, true]);
    // It begins again with what comes, and is the last to go.
    publish(&rooms[0], 4);
    assert!(is_held(&rooms[0], 3) && !is_held(&rooms[0], 0));
    (2..=3).for_each(|seq| publish(&rooms[3], seq));
    assert_eq!([is_held(&rooms[0], 3), is_held(&rooms[1], 0)], [true, false]);
}

/// A client that has opened a lane anew resumes from what it had, while a write is gathered.
#[test]
fn a_cursor_that_is_restarted_between_two_turns_of_one_write_is_not_stepped_over() {
    let (hub, inbox) = (Hub::new(encode), inbox(1));
    let handle = hub.follow(&inbox, ROOM, EPOCH, 10, at(5));
    let pass = inbox.lane_opened(LaneIndex::Others);
    let turn_of = || inbox.take_turn(pass).expect("it has grown");
    let (first, mut second) = (turn_of(), {
        inbox.mark(handle);
        turn_of()
    });
    second.go_on(&first, 10);
    assert_eq!((first.cursor, second.cursor), (5, 10), "nothing is read twice for one write");
    hub.follow(&inbox, ROOM, EPOCH, 12, at(3));
    let mut third = turn_of();
    third.go_on(&second, 11);
    assert_eq!(third.cursor, 3);
    inbox.finish_turn(pass, &first, 10, false);
    inbox.finish_turn(pass, &second, 11, false);
    inbox.finish_turn(pass, &third, 12, false);
    assert_eq!(turn_of().cursor, 12);
    assert!(inbox.take_turn(pass).is_none());
}

/// Hears nothing, and does nothing about it.
struct Nobody;

impl Interest for Nobody {
    fn room_live(&self, _: RoomId) {}
    fn room_retired(&self, _: RoomId) {}
    fn room_behind(&self, _: RoomId, _: super::interest::Missing) {}
    fn user_here(&self, _: UserId) {}
    fn user_gone(&self, _: UserId) {}
    fn user_idle(&self, _: UserId, _: bool) {}
    fn watched(&self, _: UserId) {}
    fn unwatched(&self, _: UserId) {}
}

#[test]
fn a_log_in_another_epoch_is_another_room_for_those_who_follow() {
    let hub = Hub::new(encode);
    hub.join_others(Arc::new(Nobody));
    let (first, gone) = (inbox(1), inbox(2));
    let pass = first.lane_opened(LaneIndex::Others);
    hub.follow(&first, ROOM, EPOCH, 9, at(9));
    hub.follow(&gone, ROOM, EPOCH, 9, at(9));
    let old = hub.room(ROOM).unwrap();
    hub.detach(&gone);
    let head = |epoch, seq| Head { epoch, seq, at_ms: 0, posts: 0 };
    assert_eq!(hub.feed(&old, &head(EPOCH, 11), &[entry(10)]), shared::Fed::Behind);
    assert_eq!(hub.feed(&old, &head(EPOCH, 11), &[entry(11)]), shared::Fed::UpToDate);

    let other = Epoch([3; 16]);
    assert_eq!(hub.feed(&old, &head(other, 6), &[entry(6)]), shared::Fed::Restarted);
    let new = hub.room(ROOM).unwrap();
    assert!(new.handle != old.handle && new.epoch() == other && hub.room_of(old.handle).is_none());
    // Also what was read before it was known changes nothing in the new room.
    assert_eq!(hub.feed(&old, &head(other, 6), &[entry(6)]), shared::Fed::Restarted);
    assert!(Arc::ptr_eq(&new, &hub.room(ROOM).unwrap()));
    // The last entry is told again, under the new handle.
    let turn = first.take_turn(pass).unwrap();
    assert_eq!((turn.handle, turn.cursor, turn.announce), (new.handle, 5, true));
    assert!(!first.follows(old.handle) && first.take_turn(pass).is_none());
    hub.detach(&first);
    assert!(hub.room(ROOM).is_none());
}

#[test]
fn own_entries_and_others_come_into_a_ring_once_and_in_turn() {
    let hub = Hub::new(encode);
    hub.join_others(Arc::new(Nobody));
    let inbox = inbox(1);
    hub.follow(&inbox, ROOM, EPOCH, 2, at(2));
    let live = hub.room(ROOM).unwrap();
    let held = |from| {
        let mut frames = Vec::new();
        live.drain((from, 0), inbox.user, usize::MAX, &mut frames);
        seqs(&frames)
    };
    for seq in [5, 3, 7] {
        LogObserver::appended(&*hub, ROOM, EPOCH, &[entry(seq)]);
    }
    assert_eq!((held(2), live.head(), live.reached()), (vec![3], 3, 3));
    let entries: Vec<_> = (4..=6).map(entry).collect();
    let head = Head { epoch: EPOCH, seq: 7, at_ms: 0, posts: 0 };
    assert_eq!(hub.feed(&live, &head, &entries), shared::Fed::UpToDate);
    assert_eq!((held(2), live.head()), (vec![3, 4, 5, 6, 7], 7));
}

/// Reads what the lane has, as a lane's writer does; entries that the ring no longer
/// holds count as read from the store. The new cursor, or nothing upon a hole or a
/// repetition.
fn read(hub: &Hub, inbox: &Inbox, pass: inbox::LanePass, mut have: u64, head: &AtomicU64) -> Option<u64> {
    while let Some(turn) = inbox.take_turn(pass) {
        let Some(live) = hub.room_of(turn.handle) else { continue };
        let mut frames = Vec::new();
        let (cursor, more) = match live.drain((turn.cursor, 0), inbox.user, 64, &mut frames) {
            Drained::UpToDate => continue,
            Drained::Behind => (head.load(Ordering::SeqCst), true),
            Drained::Frames { cursor, more, .. } => (cursor, more),
        };
        if turn.cursor != have || !(frames.is_empty() || seqs(&frames).into_iter().eq(have + 1..=cursor)) {
            return None;
        }
        inbox.finish_turn(pass, &turn, cursor, more);
        have = cursor;
    }
    Some(have)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whoever_follows_while_an_entry_is_published_gets_it() {
    const FOLLOWERS: u64 = 3;
    const ROUNDS: u64 = 5_000;
    let hub = Hub::new(encode);
    let tasks = Tasks::default();
    let fanout = hub.clone();
    tasks.spawn(async move { fanout.run_fanout().await });
    let head = Arc::new(AtomicU64::new(0));
    let lost = Arc::new(AtomicU64::new(0));
    let round = Arc::new(Barrier::new(FOLLOWERS as usize + 1));

    let following = (0..FOLLOWERS).map(|user| {
        let (hub, head, round, lost) = (hub.clone(), head.clone(), round.clone(), lost.clone());
        thread::spawn(move || {
            let follow = || {
                let inbox = inbox(user as u8);
                let pass = inbox.lane_opened(LaneIndex::Others);
                let live = hub.room(ROOM).map(|live| live.handle);
                let have = head.load(Ordering::SeqCst);
                // Here the entry is published to nobody.
                thread::yield_now();
                let handle = hub.follow(&inbox, ROOM, EPOCH, have, at(have));
                if live != Some(handle) {
                    hub.grown(&inbox, handle, head.load(Ordering::SeqCst));
                }
                (inbox, pass, have)
            };
            let mut here = follow();
            for seq in 1..=ROUNDS {
                round.wait();
                // Now all at once, now some, so that the room empties and fills again.
                if seq % (user + 1) == 0 {
                    hub.detach(&here.0);
                    here = follow();
                }
                let (inbox, pass, have) = &mut here;
                // Nobody panics between the barriers: the others would wait for ever.
                let arrived = (0..3_000).any(|patience| {
                    thread::sleep(Duration::from_micros(patience));
                    *have = read(&hub, inbox, *pass, *have, &head).unwrap_or(u64::MAX);
                    *have >= seq || lost.load(Ordering::SeqCst) > 0
                });
                if !arrived || *have != seq {
                    lost.fetch_add(1, Ordering::SeqCst);
                }
                round.wait();
            }
            hub.detach(&here.0);
        })
    });
    let following: Vec<_> = following.collect();
    for seq in 1..=ROUNDS {
        round.wait();
        // Durable, then told.
        head.store(seq, Ordering::SeqCst);
        LogObserver::appended(&*hub, ROOM, EPOCH, &[entry(seq)]);
        round.wait();
    }
    following.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(lost.load(Ordering::SeqCst), 0, "entries that did not come");
    assert!(hub.room(ROOM).is_none(), "a room without followers stays");
}

#[test]
fn of_a_deleted_room_whoever_is_behind_hears_that_alone() {
    for is_shared in [false, true] {
        let room = LiveRoom::new(ROOM, 7, EPOCH, is_shared);
        room.raise_head(3);
        room.publish(EPOCH, &[entry(4), entry(5)], encode);
        let deleted = |seq| Arc::new(Entry { fact: Fact::RoomDeleted, ..Entry::clone(&entry(seq)) });
        // Also where what is in front of it has not come.
        let published = room.publish(EPOCH, &[deleted(9)], encode);
        assert_eq!((published.weights.1, published.missing.is_none()), (0, true), "the ring holds nothing");
        room.publish(EPOCH, &[entry(6)], encode);
        assert_eq!(room.deleted().map(|(seq, _)| seq), Some(9));
        for cursor in [0, 3, 5, 8] {
            let mut frames = Vec::new();
            let drained = room.drain((cursor, 1), UserId([1; 16]), 1_000, &mut frames);
            assert!(matches!(drained, Drained::Frames { cursor: 9, more: false, left: true }));
            assert_eq!(seqs(&frames), [9]);
        }
    }
}
