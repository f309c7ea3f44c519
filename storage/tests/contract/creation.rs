//! Making rooms.

use crate::stage::{Kind, START_MS, client, contract, digest, epoch, new_room, room, user};
use rill_storage::model::{Access, Avatar, Body, Fact, HistoryFrom, Membership, Replay, Room, RoomKind, VisibleRange};

async fn a_new_room_has_its_two_entries_and_its_creator(kind: Kind) {
    let stage = kind.open();
    let made = stage.make_room(1).await;
    assert_eq!((made.epoch, made.entry.seq, made.replay), (epoch(101), 2, Replay::First));
    assert_eq!((made.entry.fact, made.entry.body.clone(), made.entry.posts), (Fact::Joined, Body::None, 0));

    let expected = Room {
        id: room(1),
        name: "房间 1".into(),
        creator: user(1),
        created_ms: START_MS,
        parent: None,
        members: 1,
        avatar: Avatar::default(),
        kind: RoomKind::Group,
        access: Access::Public,
        topic: String::new(),
        owner: user(1),
        history: HistoryFrom::Start,
        slow_mode_ms: 0,
        archived_ms: None,
        is_closed: false,
        created_by: digest("create"),
    };
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap(), Some(expected));
    let head = stage.store.log.head(room(1)).await.unwrap().unwrap();
    assert_eq!((head.epoch, head.seq, head.at_ms, head.posts), (epoch(101), 2, START_MS, 0));

    let entries = stage.store.log.entries(room(1), 0, 10, 1000).await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| (entry.seq, entry.fact)).collect::<Vec<_>>(),
        [(1, Fact::Created), (2, Fact::Joined)]
    );
    assert_eq!(entries[0].body, Body::Text("房间 1".into()));
    assert!(entries.iter().all(|entry| entry.author == user(1) && entry.client_id == client(1_000_001)));
    assert_eq!(entries[1], made.entry);

    let expected = Membership {
        user: user(1),
        ranges: vec![VisibleRange { from: 1, until: None }],
        joined_ms: START_MS,
        mark_seq: 0,
        is_admin: false,
    };
    assert_eq!(stage.store.rooms.membership(room(1), user(1)).await.unwrap(), Some(expected.clone()));
    assert_eq!(stage.store.rooms.members(room(1), None, 10).await.unwrap(), [expected]);
}

async fn making_it_again_gives_the_room_that_is_there(kind: Kind) {
    let stage = kind.open();
    let made = stage.make_room(1).await;
    let mut again = new_room(1);
    again.epoch = epoch(7);
    again.at_ms += 40 * crate::stage::DAY_MS;
    let same = stage.store.rooms.create(again.clone()).await.unwrap();
    assert_eq!((same.epoch, same.replay), (made.epoch, Replay::Same));
    assert_eq!(same.entry, made.entry);
    again.name = "another".into();
    again.digest = digest("another");
    let different = stage.store.rooms.create(again).await.unwrap();
    assert_eq!((different.epoch, different.replay), (made.epoch, Replay::Different));
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap().unwrap().name, "房间 1");
    assert_eq!(stage.store.log.head(room(1)).await.unwrap().unwrap().seq, 2);
}

async fn what_is_not_there_is_none(kind: Kind) {
    let stage = kind.open();
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap(), None);
    assert_eq!(stage.store.log.head(room(1)).await.unwrap(), None);
    assert_eq!(stage.store.log.entries(room(1), 0, 10, 10).await.unwrap(), []);
    let page = stage.store.log.messages(room(1), rill_storage::model::Anchor::After(0), 10, 10).await.unwrap();
    assert!(page.is_none());
    assert_eq!(stage.store.rooms.membership(room(1), user(1)).await.unwrap(), None);
    assert_eq!(stage.store.rooms.members(room(1), None, 10).await.unwrap(), []);
}

contract! {
    a_new_room_has_its_two_entries_and_its_creator
    making_it_again_gives_the_room_that_is_there
    what_is_not_there_is_none
}
