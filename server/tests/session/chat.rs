//! Two people in a room.

use rill_protocol::{ClientId, Code, U53, message::*, mux::Class};

use crate::{
    peer::entry,
    world::{SystemEntropyBytes, World},
};

fn fresh() -> ClientId {
    ClientId(SystemEntropyBytes::fresh())
}

#[tokio::test]
async fn a_room_made_over_the_wire_reaches_every_device_and_carries_talk() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    let mut a2 = world.attached(&ann).await;
    let mut b = world.attached(&bob).await;

    let request = a.request();
    let answer: RoomAnswer = a.ask(&CreateRoom { request, client_id: fresh(), name: "技术交流".into() }).await.unwrap();
    let room = answer.room.id;
    assert_eq!((answer.room.members, answer.room.joined), (1, true));
    let added: RoomAdded = a2.control.expect().await;
    assert_eq!((added.room.id, added.room.name.as_str()), (room, "技术交流"));

    let request = b.request();
    let list: RoomPage = b.ask(&ListRooms { request, after: None, limit: 10 }).await.unwrap();
    assert_eq!(list.rooms.iter().map(|room| (room.id, room.joined)).collect::<Vec<_>>(), [(room, false)]);
    let request = b.request();
    let joined: RoomAnswer = b.ask(&JoinRoom { request, client_id: fresh(), room }).await.unwrap();
    assert_eq!((joined.room.members, joined.room.creator_name.as_str()), (2, "ann"));

    for peer in [&mut a, &mut a2, &mut b] {
        let resumed = peer.resume(room, Default::default(), 0, 50).await;
        assert_eq!(resumed.rooms[0].outcome, Outcome::Limited);
    }
    let posted = a.post(room, "你好 👋").await.unwrap();
    assert_eq!((posted.seq.get(), posted.replay), (4, Replay::First));
    b.post(room, "hello").await.unwrap();
    for peer in [&mut a, &mut a2, &mut b] {
        let lane = peer.others.as_mut().unwrap();
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(entry(lane).await);
        }
        let expected = [(1, "+created"), (2, "+joined"), (3, "+joined"), (4, "你好 👋"), (5, "hello")];
        assert_eq!(seen, expected.map(|(seq, text)| (seq, text.to_owned())));
    }
}

#[tokio::test]
async fn a_retry_is_one_message_and_another_text_under_its_id_is_told() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    let id = fresh();
    let first = a.post_as(room, id, "once").await.unwrap();
    let again = a.post_as(room, id, "once").await.unwrap();
    let other = a.post_as(room, id, "twice").await.unwrap();
    assert_eq!((again.seq, again.at_ms, again.replay), (first.seq, first.at_ms, Replay::Same));
    assert_eq!((other.seq, other.replay), (first.seq, Replay::Different));
    assert_eq!(world.store().log.head(room).await.unwrap().unwrap().seq, 3);
}

#[tokio::test]
async fn posts_of_one_session_are_appended_in_the_order_they_were_sent() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    for n in 0..50 {
        let request = a.request();
        a.control.send(&Post { request, room, client_id: fresh(), text: n.to_string() }).await;
    }
    let lane = a.others.as_mut().unwrap();
    for n in 0..50 {
        assert_eq!(entry(lane).await, (n + 3, n.to_string()));
    }
}

#[tokio::test]
async fn history_comes_in_pages_in_both_directions() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    for n in 0..25 {
        world.post(&ann, room, &n.to_string()).await;
    }
    let a = world.attached(&ann).await;
    let mut history = a.open(Class::History);
    history.send(&History {}).await;
    let mut get = async |direction, seq, limit| {
        let seq = U53::saturating(seq);
        history.send(&GetMessages { request: 7, room, direction, seq, limit }).await;
        let page: MessagePage = history.expect().await;
        assert_eq!((page.request, page.as_of.get()), (7, 27));
        let seqs: Vec<u64> = page.messages.iter().map(|message| message.seq.get()).collect();
        (seqs, page.next.map(U53::get))
    };
    assert_eq!(get(Direction::Before, 28, 10).await, ((18..=27).collect(), Some(18)));
    assert_eq!(get(Direction::Before, 18, 10).await, ((8..=17).collect(), Some(8)));
    assert_eq!(get(Direction::Before, 8, 10).await, ((1..=7).collect(), None));
    assert_eq!(get(Direction::After, 20, 5).await, ((21..=25).collect(), Some(25)));
    assert_eq!(get(Direction::After, 25, 5).await, ((26..=27).collect(), None));
}

#[tokio::test]
async fn who_left_hears_their_own_departure_and_nothing_after_it() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    let request = b.request();
    let _: Done = b.ask(&LeaveRoom { request, client_id: fresh(), room }).await.unwrap();
    world.post(&ann, room, "behind their back").await;
    assert_eq!(entry(b.others.as_mut().unwrap()).await, (4, "+left".into()));
    assert!(b.others.as_mut().unwrap().is_silent().await);
    let removed: RoomRemoved = b.control.expect().await;
    assert_eq!(removed.room, room);
    let refused = b.post(room, "still here?").await.unwrap_err();
    assert_eq!(refused.code, Code::NotAMember.number());
}

#[tokio::test]
async fn what_was_said_during_an_absence_stays_hidden_and_the_log_dense() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    world.post(&ann, room, "before").await;
    world.leave(&bob, room).await;
    world.post(&ann, room, "secret").await;
    world.join(&bob, room).await;
    world.post(&ann, room, "after").await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 50).await;
    let lane = b.others.as_mut().unwrap();
    let mut texts = Vec::new();
    for seq in 1..=8 {
        let (at, text) = entry(lane).await;
        assert_eq!(at, seq);
        texts.push(text);
    }
    assert_eq!(texts, ["+created", "+joined", "+joined", "before", "+left", "+hidden", "+joined", "after"]);
    let mut history = b.open(Class::History);
    history.send(&History {}).await;
    let seq = U53::saturating(100);
    history.send(&GetMessages { request: 1, room, direction: Direction::Before, seq, limit: 100 }).await;
    let page: MessagePage = history.expect().await;
    assert!(page.messages.iter().all(|message| message.seq.get() != 6 && message.text != "secret"));
    assert_eq!(page.messages.len(), 7);
}
