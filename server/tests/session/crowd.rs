//! How many are online in a room that is too large to say who.

use rill_protocol::{
    ClientId, Kind, RoomId, U53, UserId,
    limits::{PRESENCE_WATCH_MAX, ROOM_ONLINE_INTERVAL_MS},
    message::{RoomOnline, View},
};

use crate::{
    nodes::Nodes,
    peer::Peer,
    typing::follows,
    world::{World, later},
};

/// Members who are never there.
async fn fill(world: &World, room: RoomId, numbers: std::ops::RangeInclusive<usize>) {
    for number in numbers {
        let (user, key) = (UserId([number as u8; 16]), ClientId([number as u8; 16]));
        world.services.domain.rooms.join(user, key, room).await.unwrap();
    }
}

async fn look(peer: &mut Peer, room: Option<RoomId>) {
    peer.control.send(&View { room, have_seq: U53::default() }).await;
}

async fn told(peer: &mut Peer) -> (RoomId, u32) {
    let RoomOnline { room, online } = peer.control.expect().await;
    (room, online)
}

#[tokio::test]
async fn members_of_a_large_room_in_view_are_told_and_nobody_else() {
    let world = World::new();
    let (ann, bob, eve) = (world.person("ann").await, world.person("bob").await, world.person("eve").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    fill(&world, room, 3..=PRESENCE_WATCH_MAX).await;
    let (mut a, mut e) = (follows(&world, &ann, room).await, world.attached(&eve).await);
    look(&mut a, Some(room)).await;
    assert!(a.control.is_silent().await, "of so few each is watched");
    look(&mut a, None).await;
    fill(&world, room, PRESENCE_WATCH_MAX + 1..=PRESENCE_WATCH_MAX + 1).await;
    look(&mut a, Some(room)).await;
    assert_eq!(told(&mut a).await, (room, 1));
    look(&mut e, Some(room)).await;
    let mut b = follows(&world, &bob, room).await;
    later(ROOM_ONLINE_INTERVAL_MS).await;
    assert_eq!(told(&mut a).await, (room, 2));
    look(&mut b, Some(room)).await;
    assert_eq!(told(&mut b).await, (room, 2));
    assert!(e.control.is_silent().await, "an outsider is told nothing");
    // One who has left is told nothing more, and counts no more.
    world.leave(&bob, room).await;
    later(ROOM_ONLINE_INTERVAL_MS).await;
    assert_eq!(told(&mut a).await, (room, 1));
    let heard = b.control.heard().await;
    assert!(heard.iter().all(|frame| frame.known() != Some(Kind::RoomOnline)), "{heard:?}");
}

#[tokio::test]
async fn who_is_at_another_node_counts_too() {
    let nodes = Nodes::new().await;
    let [here, there] = &nodes.nodes;
    let (ann, bob) = (here.person("ann").await, there.person("bob").await);
    let room = here.room(&ann, "room").await;
    there.join(&bob, room).await;
    fill(here, room, 3..=PRESENCE_WATCH_MAX + 1).await;
    let (mut a, _b) = (follows(here, &ann, room).await, follows(there, &bob, room).await);
    look(&mut a, Some(room)).await;
    assert_eq!(told(&mut a).await, (room, 2));
}
