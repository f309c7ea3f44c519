//! Cursors in great numbers: as many rooms as a user may have, and far more cursors than
//! anybody needs.

use rill_protocol::{ClientId, Code, Epoch, RoomId, U53, limits, message::*};
use rill_storage::model::{Digest, NewRoom, RoomSetup, UserFact};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::Semaphore;

use crate::{
    peer::{Peer, entry},
    world::{Person, SystemEntropyBytes, World},
};

fn fresh() -> [u8; 16] {
    SystemEntropyBytes::fresh()
}

/// Makes as many rooms as one may be in, past the wire and its counting.
async fn as_many_rooms_as_there_may_be(world: &World, person: &Person) -> Vec<(RoomId, Epoch)> {
    let (store, user) = (world.store(), person.identity.user);
    let make = async |_| {
        let (id, epoch, at_ms) = (RoomId(fresh()), Epoch(fresh()), 1_790_000_000_000);
        let client_id = ClientId(fresh());
        let new = NewRoom {
            id,
            name: "room".into(),
            creator: user,
            client_id,
            at_ms,
            epoch,
            digest: Digest([0; 32]),
            setup: RoomSetup::default(),
        };
        let made = store.rooms.create(new).await.unwrap();
        store.user_log.append(user, (id, made.entry.seq), UserFact::RoomAdded(id), at_ms).await.unwrap();
        store.rooms.settle(id, made.entry.seq).await.unwrap();
        (id, epoch)
    };
    futures_util::future::join_all((0..limits::ROOMS_PER_USER_MAX).map(make)).await
}

fn cursor(room: RoomId, epoch: Epoch, seq: u64) -> Cursor {
    Cursor { room, epoch, seq: U53::saturating(seq), tail: limits::RESUME_TAIL_ENTRIES as u32 }
}

/// Resumes in frames of the longest kind; the answers in the order of the frames.
async fn resume_all(peer: &mut Peer, cursors: &[Cursor]) -> Vec<Resumed> {
    let mut requests = Vec::new();
    for part in cursors.chunks(limits::RESUME_CURSORS_MAX) {
        requests.push(peer.request());
        peer.control.send(&Resume { request: requests[requests.len() - 1], cursors: part.to_vec() }).await;
    }
    let mut answers = Vec::new();
    for request in requests {
        answers.push(peer.control.expect::<Resumed>().await);
        assert_eq!(answers[answers.len() - 1].request, request);
    }
    answers
}

#[tokio::test]
async fn two_thousand_rooms_are_followed_from_their_cursors() {
    let world = World::new();
    let ann = world.person("ann").await;
    let rooms = as_many_rooms_as_there_may_be(&world, &ann).await;
    let mut a = world.connect();
    a.hello(world.ticket(&ann).await, world.attempt()).await.unwrap();
    let (_, listed) = a.attach().await;
    assert_eq!(listed.len(), limits::ROOMS_PER_USER_MAX);

    let unchanged: Vec<_> = rooms.iter().map(|(room, epoch)| cursor(*room, *epoch, 2)).collect();
    let answers = resume_all(&mut a, &unchanged).await;
    assert_eq!(answers.iter().map(|answer| answer.unchanged).sum::<u32>(), limits::ROOMS_PER_USER_MAX as u32);
    assert!(answers.iter().all(|answer| answer.rooms.is_empty()));
    for (room, _) in [rooms[0], rooms[999], rooms[1_999]] {
        let seq = world.post(&ann, room, "live").await;
        assert_eq!(entry(a.others.as_mut().unwrap()).await, (seq, "live".into()));
    }

    // Each has missed something: all of it comes, each room in its own order.
    for (room, _) in &rooms {
        world.post(&ann, *room, "missed").await;
    }
    let mut again = world.attached(&ann).await;
    let answers = resume_all(&mut again, &unchanged).await;
    let outcomes = answers.iter().flat_map(|answer| &answer.rooms).map(|room| room.outcome);
    assert!(outcomes.clone().all(|outcome| outcome == Outcome::Complete));
    assert_eq!(outcomes.count(), limits::ROOMS_PER_USER_MAX);
    let lane = again.others.as_mut().unwrap();
    let (mut have, mut named) = (HashMap::new(), HashMap::new());
    while have.len() < rooms.len() || have.values().sum::<u64>() < 3 * rooms.len() as u64 + 3 {
        let frame = lane.next().await.unwrap().unwrap();
        if let Some(handle) = frame.decode_if::<RoomHandle>() {
            let RoomHandle { handle, room, .. } = handle.unwrap();
            named.insert(handle, room);
        } else if let Some(posted) = frame.decode_if::<EntryPosted>() {
            let header = posted.unwrap().header;
            let have = have.entry(named[&header.room]).or_insert(2);
            assert_eq!(header.seq.get(), *have + 1);
            *have += 1;
        }
    }
}

#[tokio::test]
async fn ten_thousand_cursors_in_one_go_hold_up_nobody_and_make_nothing_grow() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    let epoch = world.store().log.head(room).await.unwrap().unwrap().epoch;
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);

    // One frame of them is no frame, and one of a few too many is refused.
    let many: Vec<_> = (0..10_000).map(|_| cursor(room, epoch, 2)).collect();
    let request = a.request();
    let few = many[..=limits::RESUME_CURSORS_MAX].to_vec();
    let refused = a.ask::<_, Resumed>(&Resume { request, cursors: few }).await.unwrap_err();
    assert_eq!((refused.request, refused.code), (request, Code::TooMany.number()));
    let mut c = world.attached(&ann).await;
    c.control.send(&Resume { request: 1, cursors: many.clone() }).await;
    assert_eq!(c.closed().await.code, Some(Code::FrameTooLong.number()));

    // In frames as they should be: of one room over and over, of rooms that are not there,
    // of other epochs, from ahead of the log.
    let odd = (0..10_000).map(|n| match n % 4 {
        0 => cursor(room, epoch, 2),
        1 => cursor(RoomId(fresh()), epoch, 2),
        2 => cursor(room, Epoch(fresh()), 2),
        _ => cursor(room, epoch, 1_000_000),
    });
    let odd: Vec<_> = odd.collect();
    let held = Arc::new(Semaphore::new(0));
    let until = held.clone();
    world.hooks.after_sight.next(async move { drop(until.acquire().await) });
    for (part, request) in odd.chunks(limits::RESUME_CURSORS_MAX).zip(100..) {
        a.control.send(&Resume { request, cursors: part.to_vec() }).await;
    }
    // All of it waits for the store, and neither others nor the same session's requests do.
    for peer in [&mut b, &mut a] {
        peer.control.send(&Ping { nonce: 1 }).await;
        let _: Pong = peer.control.expect().await;
        let request = peer.request();
        let _: RoomPage = peer.ask(&ListRooms { request, after: None, limit: 1 }).await.unwrap();
    }
    held.close();
    let mut outcomes: HashMap<u32, usize> = HashMap::new();
    for _ in 0..odd.len() / limits::RESUME_CURSORS_MAX {
        let resumed: Resumed = a.control.expect().await;
        *outcomes.entry(u32::MAX).or_default() += resumed.unchanged as usize;
        for room in resumed.rooms {
            *outcomes.entry(room.outcome.into()).or_default() += 1;
        }
    }
    let expected = [(u32::MAX, 2_500), (Outcome::Gone.into(), 2_500), (Outcome::EpochChanged.into(), 5_000)];
    assert_eq!(outcomes, HashMap::from(expected));
    // The room is followed once.
    a.resume(room, epoch, 2, 0).await;
    let seq = world.post(&ann, room, "once").await;
    let lane = a.others.as_mut().unwrap();
    while entry(lane).await.0 < seq {}
    assert!(lane.is_silent().await);
}
