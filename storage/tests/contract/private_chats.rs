//! Chats of two: made once, whoever makes them; and what has arrived at whom.

use crate::stage::{Kind, START_MS, Stage, change, client, contract, digest, new_room, post, room, user};
use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId};
use rill_storage::{
    model::{Access, Change, NewMark, NewRoom, Replay, RoomKind, RoomSetup},
    port::{AppendRefused, MarkObserver},
};
use std::sync::Arc;

/// The chat of users 1 and 2 as one of them makes it.
fn chat(number: u64, by: u64) -> NewRoom {
    let setup = RoomSetup {
        kind: RoomKind::Private { a: user(1), b: user(2) },
        access: Access::Invited,
        members: vec![user(3 - by)],
        ..RoomSetup::default()
    };
    let (creator, client_id, digest) = (user(by), client(number), digest("the two"));
    NewRoom { name: String::new(), creator, client_id, digest, at_ms: START_MS + by, setup, ..new_room(number) }
}

async fn both_make_it_at_once_and_there_is_one(kind: Kind) {
    let stage = kind.open();
    for number in 1..=20 {
        let rooms = &stage.store.rooms;
        let mut makers = tokio::task::JoinSet::new();
        for by in [1, 2] {
            let rooms = rooms.clone();
            makers.spawn(async move { rooms.create(chat(number, by)).await.unwrap() });
        }
        let made = makers.join_all().await;
        assert_eq!(made[0].entry, made[1].entry, "both are answered the same");
        let firsts = made.iter().filter(|made| made.replay == Replay::First).count();
        assert!(firsts == 1 && made.iter().all(|made| made.replay != Replay::Different));
        assert_eq!(stage.store.log.head(room(number)).await.unwrap().unwrap().seq, 3);
        let members = rooms.members(room(number), None, 10).await.unwrap();
        assert!(members.iter().map(|member| member.user).eq([user(1), user(2)]));
    }
}

#[derive(Default)]
struct Witness(Mutex<Vec<Option<UserId>>>);

impl MarkObserver for Witness {
    fn marked(&self, _: RoomId, _: Option<UserId>) {}

    fn chat_changed(&self, of: RoomId, user: Option<UserId>) {
        assert_eq!(of, room(1));
        self.0.lock().push(user);
    }
}

async fn arrive(stage: &Stage, number: u64, seq: u64) -> bool {
    stage.store.marks.arrive(room(1), user(number), seq).await.unwrap()
}

async fn arrival(stage: &Stage, number: u64) -> Option<u64> {
    let found = stage.store.marks.arrival(room(1), user(number)).await.unwrap();
    // The other one is told the same with the end of the log.
    let sight = stage.store.log.end_for(user(3 - number.min(2)), room(1)).await.unwrap().unwrap();
    if number <= 2 {
        assert_eq!(sight.part.arrival, found);
    }
    found
}

async fn what_arrives_is_noted_and_never_goes_back(kind: Kind) {
    let stage = kind.open();
    let witness = Arc::new(Witness::default());
    stage.store.marks.observe(witness.clone());
    assert!(!arrive(&stage, 1, 1).await, "there is no such room");
    stage.store.rooms.create(chat(1, 1)).await.unwrap();
    for number in [1, 2] {
        assert!(stage.store.rooms.close(room(1), user(number), false).await.unwrap());
    }
    for number in 4..=8 {
        stage.appended(1, post(1, number, "x")).await;
    }
    assert_eq!((arrival(&stage, 1).await, arrival(&stage, 2).await), (Some(8), Some(0)), "one's own have arrived");
    assert!(arrive(&stage, 2, 5).await);
    assert!(!arrive(&stage, 2, 5).await && !arrive(&stage, 2, 4).await && !arrive(&stage, 2, 0).await);
    assert!(!arrive(&stage, 3, 5).await, "nobody of the two");
    assert_eq!((arrival(&stage, 2).await, arrival(&stage, 3).await), (Some(5), None));
    // What was read has arrived.
    let read = |seq| stage.store.marks.set(room(1), user(2), NewMark::Read(seq));
    read(7).await.unwrap().unwrap();
    assert_eq!(arrival(&stage, 2).await, Some(7));
    assert!(!arrive(&stage, 2, 6).await && !arrive(&stage, 2, 7).await);
    assert!(arrive(&stage, 2, 8).await);
    read(8).await.unwrap().unwrap();
    let back = NewMark::Unread { seq: 4, client_id: client(99) };
    stage.store.marks.set(room(1), user(2), back).await.unwrap().unwrap();
    assert_eq!(arrival(&stage, 2).await, Some(8));
    stage.appended(1, post(1, 9, "y")).await;
    assert!(arrive(&stage, 2, u64::MAX).await && !arrive(&stage, 2, 10).await);
    assert_eq!(arrival(&stage, 2).await, Some(9), "as far as there is something");
    for is_closed in [true, true, false] {
        stage.store.rooms.close(room(1), user(1), is_closed).await.unwrap();
    }
    let told: Vec<_> = witness.0.lock().drain(..).collect();
    assert_eq!(told, [None, None, Some(user(2)), Some(user(2)), Some(user(2)), Some(user(2)), None, None]);
}

async fn it_takes_nothing_before_both_have_opened_it(kind: Kind) {
    let stage = kind.open();
    let is_closed = async || stage.store.rooms.get(room(1)).await.unwrap().unwrap().is_closed;
    let says = async || stage.store.log.append(room(1), post(1, 4, "x")).await.unwrap().map(|said| said.entry.seq);
    stage.store.rooms.create(chat(1, 1)).await.unwrap();
    assert!(is_closed().await);
    assert_eq!(says().await, Err(AppendRefused::Closed));
    assert!(stage.store.rooms.close(room(1), user(1), false).await.unwrap());
    assert!(is_closed().await);
    assert_eq!(says().await, Err(AppendRefused::Closed));
    // Whoever makes it again has not looked for the other.
    stage.store.rooms.create(chat(1, 2)).await.unwrap();
    assert!(stage.store.rooms.close(room(1), user(2), false).await.unwrap());
    assert!(!is_closed().await);
    assert_eq!(says().await, Ok(4));
}

async fn of_groups_nothing_is_noted(kind: Kind) {
    let stage = kind.open();
    let witness = Arc::new(Witness::default());
    stage.store.marks.observe(witness.clone());
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    stage.appended(1, post(1, 2, "x")).await;
    assert!(!arrive(&stage, 2, 4).await);
    stage.store.marks.set(room(1), user(2), NewMark::Read(4)).await.unwrap().unwrap();
    assert_eq!(arrival(&stage, 2).await, None);
    assert!(!stage.store.rooms.close(room(1), user(1), true).await.unwrap());
    assert_eq!(*witness.0.lock(), []);
}

contract! {
    both_make_it_at_once_and_there_is_one
    it_takes_nothing_before_both_have_opened_it
    what_arrives_is_noted_and_never_goes_back
    of_groups_nothing_is_noted
}
