//! Who writes.

use bytes::Bytes;
use rill_protocol::{
    Epoch, Frame, RoomId, UserId, codec,
    limits::TYPING_MEMBERS_MAX,
    message::{Ping, Pong, Typing},
};
use std::{future::poll_fn, time::Duration};

use crate::{
    peer::{Peer, SILENCE},
    world::{Person, World, later},
};

async fn datagram(peer: &Peer) -> Bytes {
    poll_fn(|context| peer.client.mux().poll_datagram(context)).await.expect("the connection lives")
}

/// The next word of somebody's writing.
pub(crate) async fn heard(peer: &Peer) -> (RoomId, UserId, bool) {
    let datagram = tokio::time::timeout(Duration::from_secs(60), datagram(peer)).await.expect("nothing was said");
    let typing: Typing = Frame::from_datagram(datagram).unwrap().decode_if().unwrap().unwrap();
    (typing.room, typing.user, typing.is_typing)
}

/// Whether nothing is said until a probe, sent behind what might have been said, is answered.
pub(crate) async fn hears_nothing(peer: &Peer) -> bool {
    tokio::time::sleep(SILENCE).await;
    peer.client.mux().send_datagram(codec::datagram(&Ping { nonce: 7 }));
    Frame::from_datagram(datagram(peer).await).unwrap().decode_if::<Pong>().is_some()
}

pub(crate) fn say(peer: &Peer, room: RoomId, is_typing: bool) {
    // Whoever says it: the server knows.
    let typing = Typing { room, user: UserId([9; 16]), is_typing };
    peer.client.mux().send_datagram(codec::datagram(&typing));
}

pub(crate) async fn follows(world: &World, person: &Person, room: RoomId) -> Peer {
    let mut peer = world.attached(person).await;
    peer.resume(room, Epoch::default(), 0, 0).await;
    peer
}

#[tokio::test]
async fn members_who_follow_the_room_hear_who_writes_and_nobody_else() {
    let world = World::new();
    let (ann, bob, eve) = (world.person("ann").await, world.person("bob").await, world.person("eve").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let mut a = follows(&world, &ann, room).await;
    let (b, b2) = (follows(&world, &bob, room).await, world.attached(&bob).await);
    let mut e = world.attached(&eve).await;
    e.resume(room, Epoch::default(), 0, 0).await;
    say(&a, room, true);
    assert_eq!(heard(&b).await, (room, ann.identity.user, true));
    // Not so often; that somebody has stopped at once.
    say(&a, room, true);
    say(&a, room, false);
    assert_eq!(heard(&b).await, (room, ann.identity.user, false));
    later(2_000).await;
    // On control too.
    a.control.send(&Typing { room, user: UserId::default(), is_typing: true }).await;
    assert_eq!(heard(&b).await, (room, ann.identity.user, true));
    // An outsider says nothing and hears nothing, nor does a device that does not follow.
    say(&e, room, true);
    assert!(hears_nothing(&a).await && hears_nothing(&b2).await && hears_nothing(&e).await);
    // Nor does one who was there until now.
    world.leave(&bob, room).await;
    later(2_000).await;
    say(&a, room, true);
    assert!(hears_nothing(&b).await);
    later(2_000).await;
    say(&b, room, true);
    assert!(hears_nothing(&a).await);
}

#[tokio::test]
async fn in_large_rooms_nobody_is_told_who_writes() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let (a, b) = (follows(&world, &ann, room).await, follows(&world, &bob, room).await);
    let join = async |number: usize| {
        let key = rill_protocol::ClientId([number as u8; 16]);
        let user = UserId([number as u8; 16]);
        world.services.domain.rooms.join(user, key, room).await.unwrap();
    };
    for number in 3..=TYPING_MEMBERS_MAX {
        join(number).await;
    }
    say(&a, room, true);
    assert_eq!(heard(&b).await, (room, ann.identity.user, true));
    join(TYPING_MEMBERS_MAX + 1).await;
    later(2_000).await;
    say(&a, room, true);
    assert!(hears_nothing(&b).await);
}
