//! Whom posts name, in which order they stand whomever they name, and what that counts.

use rill_protocol::{ClientId, Code, RoomId, message::*};
use std::collections::BTreeMap;

use crate::{
    peer::Peer,
    world::{Person, SystemEntropyBytes, World},
};

/// How somebody stands in a room: unread and mentions.
async fn counts(world: &World, person: &Person, room: RoomId) -> (u32, u32) {
    let reading = world.services.domain.marks.reading(person.identity.user, room).await.unwrap().unwrap();
    (reading.unread, reading.mentions)
}

async fn read_all(world: &World, person: &Person, room: RoomId) {
    let reading = world.services.domain.marks.reading(person.identity.user, room).await.unwrap().unwrap();
    let mark = rill_storage::model::NewMark::Read(reading.as_of);
    world.services.domain.marks.set(person.identity.user, room, mark).await.unwrap();
}

async fn send(peer: &mut Peer, room: RoomId, text: &str) -> u32 {
    let request = peer.request();
    let client_id = ClientId(SystemEntropyBytes::fresh());
    peer.control.send(&Post { request, room, client_id, text: text.into() }).await;
    request
}

#[tokio::test]
async fn posts_stand_in_the_order_of_their_frames_whomever_they_name() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let mut a = world.attached(&ann).await;
    let mut requests = Vec::new();
    for number in 0..30 {
        let text = if number % 3 == 0 { format!("@bob and @nobody{number}") } else { number.to_string() };
        requests.push(send(&mut a, room, &text).await);
    }
    let mut places = BTreeMap::new();
    for _ in 0..30 {
        let accepted: Accepted = a.control.expect().await;
        places.insert(accepted.request, accepted.seq.get());
    }
    assert!(requests.iter().map(|request| places[request]).eq(4..34));
    assert_eq!(counts(&world, &bob, room).await, (30, 10));
}

#[tokio::test]
async fn a_text_names_members_by_what_they_are_called() {
    let world = World::new();
    let mut people = Vec::new();
    for name in ["ann", "bob", "林泓宇", "bob.smith", "eve"] {
        people.push(world.person(name).await);
    }
    let [ann, bob, lin, smith, eve] = &people[..] else { unreachable!() };
    let room = world.room(ann, "room").await;
    for person in [bob, lin, smith] {
        world.join(person, room).await;
    }
    for (text, named) in [
        ("hello", [0, 0, 0]),
        ("@BOB, look", [1, 0, 0]),
        ("@bob.", [1, 0, 0]),
        ("@bob.smith", [0, 0, 1]),
        ("@林泓宇你好", [0, 1, 0]),
        ("mail bob@bob", [0, 0, 0]),
        ("@bob @bob @ｂｏｂ", [1, 0, 0]),
        ("@eve @nobody", [0, 0, 0]),
        ("@all", [1, 1, 1]),
        ("@所有人 @bob", [1, 1, 1]),
    ] {
        world.post(ann, room, text).await;
        let found =
            [counts(&world, bob, room).await, counts(&world, lin, room).await, counts(&world, smith, room).await];
        assert_eq!(found.map(|(_, mentions)| mentions), named, "{text}");
        for person in [bob, lin, smith] {
            read_all(&world, person, room).await;
        }
    }
    // Who did not make the room names nobody by that.
    world.post(bob, room, "@all").await;
    assert_eq!(counts(&world, lin, room).await, (1, 0));
    // And who comes later was not named.
    world.join(eve, room).await;
    assert_eq!(counts(&world, eve, room).await, (0, 0));
}

#[tokio::test]
async fn a_text_that_names_too_many_is_refused_and_stands_nowhere() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut text = String::new();
    for number in 0..51 {
        let name = format!("person{number}");
        world.person(&name).await;
        text.push_str(&format!("@{name} "));
    }
    let mut a = world.attached(&ann).await;
    let failed = a.post(room, &text).await.unwrap_err();
    assert_eq!(failed.code, Code::TooManyMentions.number());
    assert_eq!(a.post(room, &text[..text.rfind("@person50").unwrap()]).await.unwrap().seq.get(), 3);
}

#[tokio::test]
async fn a_room_with_something_unread_is_told_before_its_resume() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let (room, quiet) = (world.room(&ann, "room").await, world.room(&ann, "quiet").await);
    world.join(&bob, room).await;
    world.join(&bob, quiet).await;
    world.post(&ann, room, "@bob").await;
    let mut b = world.attached(&bob).await;
    let request = b.request();
    let cursor = |room| Cursor { room, epoch: Default::default(), seq: Default::default(), tail: 50 };
    b.control.send(&Resume { request, cursors: vec![cursor(room), cursor(quiet)] }).await;
    let first = b.control.next().await.unwrap().unwrap();
    let states = first.decode_if::<ReadStates>().unwrap().unwrap().states;
    let told: Vec<_> = states.iter().map(|state| (state.room, state.unread, state.mentions)).collect();
    assert_eq!(told, [(room, 1, 1)]);
    let resumed: Resumed = b.control.expect().await;
    assert_eq!((resumed.request, states[0].as_of), (request, resumed.rooms[0].head));
}
