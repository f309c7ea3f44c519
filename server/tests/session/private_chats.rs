//! Chats of two over the wire: opened, closed by a block, shown to nobody else, and what has
//! arrived in them.

use rill_protocol::{ClientId, Code, RoomId, U53, UserId, message::*, mux::Class};
use rill_storage::model::UserFact;
use std::collections::BTreeSet;

use crate::{
    peer::{Peer, SILENCE, entry},
    world::{Person, SystemEntropyBytes, World},
};

fn fresh() -> ClientId {
    ClientId(SystemEntropyBytes::fresh())
}

fn code<T>(answer: Result<T, Failed>) -> Option<Code> {
    answer.err().map(|failed| Code::from_number(failed.code).unwrap())
}

pub(crate) async fn open(peer: &mut Peer, other: UserId) -> Result<RoomInfo, Failed> {
    let request = peer.request();
    let answer: Result<RoomAnswer, Failed> = peer.ask(&OpenPrivateChat { request, user: other }).await;
    answer.map(|answer| answer.room)
}

async fn block(peer: &mut Peer, other: &Person, is_blocked: bool) {
    let request = peer.request();
    let _: Done = peer.ask(&SetBlock { request, user: other.identity.user, is_blocked }).await.unwrap();
}

pub(crate) async fn tell_delivered(peer: &mut Peer, room: RoomId, seq: u64) {
    let rooms = vec![DeliveredSeq { room, seq: U53::saturating(seq) }];
    peer.control.send(&TellDelivered { rooms }).await;
}

/// The latest that a peer is told of a chat, which has to be one.
pub(crate) async fn delivered(peer: &mut Peer) -> (RoomId, u64) {
    let told: Delivered = peer.control.expect().await;
    let [DeliveredSeq { room, seq }] = told.rooms[..] else { panic!("{told:?}") };
    (room, seq.get())
}

/// Until it says so much: what is on its way may come before it.
pub(crate) async fn delivered_up_to(peer: &mut Peer, seq: u64) {
    while delivered(peer).await.1 < seq {}
}

/// What comes in front of the answer to a `Resume` of the room: whether it is closed, and what
/// has arrived.
async fn resumed(peer: &mut Peer, room: RoomId) -> (RoomDetail, Option<u64>) {
    let request = peer.request();
    let cursor = Cursor { room, epoch: Default::default(), seq: U53::default(), tail: 50 };
    peer.control.send(&Resume { request, cursors: vec![cursor] }).await;
    let (mut detail, mut arrived) = (None, None);
    loop {
        let frame = peer.control.next().await.unwrap().unwrap();
        if let Some(details) = frame.decode_if::<RoomDetails>() {
            detail = details.unwrap().rooms.pop();
        } else if let Some(delivered) = frame.decode_if::<Delivered>() {
            arrived = delivered.unwrap().rooms.pop().map(|of| of.seq.get());
        } else if frame.decode_if::<Resumed>().is_some() {
            return (detail.expect("a private chat is always told"), arrived);
        }
    }
}

/// Ann and Bob, each with a device that follows their chat.
struct Two {
    people: [Person; 2],
    peers: [Peer; 2],
    room: RoomId,
}

impl Two {
    async fn of(world: &World) -> Self {
        let people = [world.person("ann").await, world.person("bob").await];
        let mut peers = [world.attached(&people[0]).await, world.attached(&people[1]).await];
        let room = open(&mut peers[0], people[1].identity.user).await.unwrap().id;
        for peer in &mut peers {
            resumed(peer, room).await;
            for seq in 1..=3 {
                assert_eq!(entry(peer.others.as_mut().unwrap()).await.0, seq);
            }
        }
        Self { people, peers, room }
    }
}

#[tokio::test]
async fn a_chat_is_told_to_both_with_the_other_one() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    let opened = open(&mut a, bob.identity.user).await.unwrap();
    assert_eq!((opened.name.as_str(), opened.members, opened.joined), ("bob", 2, true));
    let added: RoomAdded = b.control.expect().await;
    assert_eq!((added.room.id, added.room.name.as_str()), (opened.id, "ann"));
    for (peer, other) in [(&mut a, &bob), (&mut b, &ann)] {
        let details: RoomDetails = peer.control.expect().await;
        let [detail] = &details.rooms[..] else { panic!("{details:?}") };
        assert_eq!((detail.kind, detail.with), (RoomKind::Private, Some(other.identity.user)));
        assert_eq!((detail.name.as_str(), detail.owner, detail.role), ("", UserId::default(), RoomRole::Member));
        assert!(!detail.closed && detail.access == RoomAccess::Invited);
        assert_eq!(open(peer, other.identity.user).await.unwrap().id, opened.id, "it is the same one again");
    }
    assert_eq!(code(open(&mut a, ann.identity.user).await), Some(Code::Oneself));
    assert_eq!(code(open(&mut a, UserId([9; 16])).await), Some(Code::NoSuchUser));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn opened_by_both_at_once_a_thousand_times_each_pair_has_one_room() {
    const PEOPLE: usize = 46;
    let world = World::new();
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(world.person(&format!("person{number}")).await.identity.user);
    }
    let mut rooms = BTreeSet::new();
    for (at, one) in people.iter().copied().enumerate() {
        for other in people[at + 1..].iter().copied() {
            let opened = [(one, other), (other, one)].map(|(user, other)| {
                let services = world.services.clone();
                world.run(async move { services.domain.rooms.open_private(user, other).await.unwrap().room.id })
            });
            let [first, second] = opened;
            let (first, second) = (first.await.unwrap(), second.await.unwrap());
            assert_eq!(first, second);
            assert!(rooms.insert(first), "no other pair has it");
            assert_eq!(world.store().log.head(first).await.unwrap().unwrap().seq, 3);
        }
    }
    assert!(rooms.len() > 1_000);
    for user in people {
        let (_, entries) = world.store().user_log.snapshot(user).await.unwrap().unwrap();
        let added = entries.iter().filter(|entry| matches!(entry.fact, UserFact::RoomAdded(_))).count();
        assert_eq!(added, PEOPLE - 1);
    }
}

/// What somebody asks of a room that nobody runs.
async fn govern(peer: &mut Peer, room: RoomId, third: UserId) -> Vec<(String, Option<Code>)> {
    let mut told = Vec::new();
    for setting in [
        RoomSetting::Name,
        RoomSetting::Topic,
        RoomSetting::Access,
        RoomSetting::History,
        RoomSetting::SlowMode,
        RoomSetting::Archived,
    ] {
        let change = RoomChange { setting, text: "x".to_owned(), value: 1 };
        let body = ChangeRoom { request: peer.request(), client_id: fresh(), room, change };
        told.push((format!("{setting:?}"), code(peer.ask::<_, Done>(&body).await)));
    }
    for action in [
        MemberAction::Invite,
        MemberAction::Uninvite,
        MemberAction::Remove,
        MemberAction::Ban,
        MemberAction::Unban,
        MemberAction::Promote,
        MemberAction::Demote,
        MemberAction::HandOver,
    ] {
        let body = ChangeMember { request: peer.request(), client_id: fresh(), room, user: third, action };
        told.push((format!("{action:?}"), code(peer.ask::<_, Done>(&body).await)));
    }
    for list in [OutsideList::Invited, OutsideList::Banned] {
        let body = ListOutside { request: peer.request(), room, list, after: None, limit: 9 };
        told.push((format!("{list:?}"), code(peer.ask::<_, OutsidePage>(&body).await)));
    }
    let body = MakeRoomLink { request: peer.request(), client_id: fresh(), room, life_s: 600, uses_max: 1 };
    told.push(("MakeRoomLink".to_owned(), code(peer.ask::<_, RoomLinkMade>(&body).await)));
    let body = ListRoomLinks { request: peer.request(), room };
    told.push(("ListRoomLinks".to_owned(), code(peer.ask::<_, RoomLinks>(&body).await)));
    let link = RoomId([7; 16]).to_string();
    let body = RevokeRoomLink { request: peer.request(), client_id: fresh(), room, link };
    told.push(("RevokeRoomLink".to_owned(), code(peer.ask::<_, Done>(&body).await)));
    let body = DeclineInvitation { request: peer.request(), client_id: fresh(), room };
    told.push(("DeclineInvitation".to_owned(), code(peer.ask::<_, Done>(&body).await)));
    let body = LeaveRoom { request: peer.request(), client_id: fresh(), room };
    told.push(("LeaveRoom".to_owned(), code(peer.ask::<_, Done>(&body).await)));
    told
}

#[tokio::test]
async fn nobody_runs_or_leaves_it_and_to_strangers_it_is_none() {
    let world = World::new();
    let Two { mut peers, room, .. } = Two::of(&world).await;
    // Of those who come first one is the server's administrator: a second one, who is not.
    let eve = world.person("eve").await;
    let mut e = world.attached(&eve).await;
    for peer in &mut peers {
        for (what, refused) in govern(peer, room, eve.identity.user).await {
            assert_eq!(refused, Some(Code::PrivateChat), "{what}");
        }
    }
    for (what, refused) in govern(&mut e, room, eve.identity.user).await {
        assert_eq!(refused, Some(Code::NoSuchRoom), "{what} by a stranger");
    }
    assert_eq!(world.store().log.head(room).await.unwrap().unwrap().seq, 3, "nothing of it is in the log");
}

#[tokio::test]
async fn nobody_else_ever_sees_anything_of_it() {
    let world = World::new();
    let Two { mut peers, room, .. } = Two::of(&world).await;
    peers[0].post(room, "between us").await.unwrap();
    let eve = world.person("eve").await;
    let mut e = world.attached(&eve).await;
    let request = e.request();
    let list: RoomPage = e.ask(&ListRooms { request, after: None, limit: 10 }).await.unwrap();
    assert_eq!(list.rooms, []);
    let request = e.request();
    let joined: Result<RoomAnswer, _> = e.ask(&JoinRoom { request, client_id: fresh(), room }).await;
    assert_eq!(code(joined), Some(Code::NoSuchRoom));
    assert_eq!(code(e.post(room, "x").await), Some(Code::NoSuchRoom));
    let request = e.request();
    let members: Result<MemberPage, _> = e.ask(&ListMembers { request, room, after: None, limit: 9 }).await;
    assert_eq!(code(members), Some(Code::NoSuchRoom));
    let request = e.request();
    let receipts: Result<ReceiptPage, _> = e.ask(&GetReceipts { request, room, after: None, limit: 9 }).await;
    assert_eq!(code(receipts), Some(Code::NoSuchRoom));
    let request = e.request();
    let marked: Result<Marked, _> = e.ask(&MarkRead { request, room, seq: U53::saturating(1) }).await;
    assert_eq!(code(marked), Some(Code::NoSuchRoom));
    let outcome = e.resume(room, Default::default(), 0, 50).await.rooms[0].outcome;
    assert_eq!(outcome, Outcome::Gone);
    let mut history = e.open(Class::History);
    history.send(&History {}).await;
    let seq = U53::saturating(9);
    history.send(&GetMessages { request: 3, room, direction: Direction::Before, seq, limit: 9 }).await;
    assert_eq!(history.expect::<Failed>().await.code, Code::NoSuchRoom.number());
    history.send(&GetRoomFiles { request: 4, room, before: seq, limit: 9 }).await;
    assert_eq!(history.expect::<Failed>().await.code, Code::NoSuchRoom.number());
    // Nothing of theirs is noted either.
    tell_delivered(&mut e, room, 4).await;
    e.control.send(&Typing { room, user: eve.identity.user, is_typing: true }).await;
    let nothing = peers[1].control.heard().await;
    assert!(nothing.iter().all(|frame| frame.decode_if::<Delivered>().is_none()), "{nothing:?}");
    assert!(e.others.as_mut().unwrap().is_silent().await);
}

#[tokio::test]
async fn a_block_closes_it_at_once_for_both_and_says_no_more_than_that() {
    let world = World::new();
    let Two { people: [ann, bob], peers: [mut a, mut b], room } = Two::of(&world).await;
    let (mut desk, client_id) = (world.attached(&bob).await, fresh());
    resumed(&mut desk, room).await;
    let first = a.post_as(room, client_id, "before").await.unwrap();
    block(&mut b, &ann, true).await;
    for peer in [&mut a, &mut b, &mut desk] {
        let details: RoomDetails = peer.control.expect().await;
        assert!(matches!(&details.rooms[..], [of] if of.room == room && of.closed), "{details:?}");
        let refused = peer.post(room, "x").await.unwrap_err();
        assert_eq!(refused.code, Code::RoomClosed.number());
        assert!(!refused.detail.contains("block"), "{}", refused.detail);
        let request = peer.request();
        let posts = vec![BatchPost { client_id: fresh(), text: "x".to_owned() }];
        let batch: Result<AcceptedBatch, _> = peer.ask(&PostBatch { request, room, posts }).await;
        assert_eq!(code(batch), Some(Code::RoomClosed));
    }
    let again = a.post_as(room, client_id, "before").await.unwrap();
    assert_eq!((again.seq, again.replay), (first.seq, Replay::Same), "what was accepted stays so");
    // What was said can be read, and the chat be opened, also from the beginning.
    assert_eq!(open(&mut a, bob.identity.user).await.unwrap().id, room);
    let mut later = world.attached(&ann).await;
    assert!(resumed(&mut later, room).await.0.closed);

    // Both block each other: it is open when neither does.
    block(&mut a, &bob, true).await;
    block(&mut b, &ann, false).await;
    assert_eq!(code(b.post(room, "x").await), Some(Code::RoomClosed));
    block(&mut a, &bob, false).await;
    for peer in [&mut a, &mut b, &mut desk, &mut later] {
        loop {
            let details: RoomDetails = peer.control.expect().await;
            if details.rooms.iter().all(|of| !of.closed) {
                break;
            }
        }
        peer.post(room, "again").await.unwrap();
    }
}

#[tokio::test]
async fn who_is_blocked_opens_no_chat_and_is_not_told_why() {
    let world = World::new();
    let (ann, bob, gone) = (world.person("ann").await, world.person("bob").await, world.person("gone").await);
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    block(&mut b, &ann, true).await;
    let refused = open(&mut a, bob.identity.user).await.unwrap_err();
    world.store().users.set_disabled(gone.identity.user, Some(1)).await.unwrap();
    let of_the_disabled = open(&mut a, gone.identity.user).await.unwrap_err();
    assert_eq!((refused.code, &refused.detail), (of_the_disabled.code, &of_the_disabled.detail));
    assert_eq!(refused.code, Code::CannotBeReached.number());
    assert!(!Code::CannotBeReached.sentence().contains("block"));
    assert_eq!(code(open(&mut b, ann.identity.user).await), Some(Code::CannotBeReached));
    block(&mut b, &ann, false).await;
    open(&mut a, bob.identity.user).await.unwrap();
}

#[tokio::test]
async fn what_a_crash_left_of_a_block_is_mended_when_they_come_again() {
    let world = World::new();
    let Two { people: [ann, bob], peers: [mut a, b], room } = Two::of(&world).await;
    let (people, now_ms) = (&world.store().people, 1_790_000_000_000);
    people.block(bob.identity.user, ann.identity.user, now_ms).await.unwrap();
    a.post(room, "nobody followed it").await.unwrap();
    b.client.close(Code::Normal, "");
    let mut b = world.attached(&bob).await;
    assert_eq!(code(a.post(room, "x").await), Some(Code::RoomClosed));
    assert_eq!(people.untold(bob.identity.user).await.unwrap(), []);
    // Half taken back: the chat is open, and the block still there.
    people.told(bob.identity.user, ann.identity.user, false).await.unwrap();
    world.store().rooms.close(room, bob.identity.user, false).await.unwrap();
    world.attached(&bob).await;
    assert_eq!(code(a.post(room, "x").await), Some(Code::RoomClosed));
    // Taken back, and not opened: whoever looks again finds it open.
    people.unblock(bob.identity.user, ann.identity.user).await.unwrap();
    open(&mut b, ann.identity.user).await.unwrap();
    a.post(room, "open").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn opening_and_blocking_at_once_ends_as_the_block_says() {
    let world = World::new();
    let ann = world.person("ann").await.identity.user;
    for number in 0..30 {
        let bob = world.person(&format!("bob{number}")).await.identity.user;
        let [opening, blocking] = [true, false].map(|opens| {
            let services = world.services.clone();
            world.run(async move {
                let domain = &services.domain;
                match opens {
                    true => domain.rooms.open_private(ann, bob).await.map(drop),
                    false if number % 2 == 0 => domain.blocks.set(bob, ann, true).await,
                    false => match domain.blocks.set(bob, ann, true).await {
                        Ok(()) => domain.blocks.set(bob, ann, false).await,
                        error => error,
                    },
                }
            })
        });
        let (opened, blocked) = (opening.await.unwrap(), blocking.await.unwrap());
        blocked.unwrap();
        let is_blocked = number % 2 == 0;
        if opened.is_ok() {
            let room = world.services.domain.rooms.open_private(ann, bob).await.unwrap().room;
            let posted = world.services.domain.messages.post(ann, room.id, fresh(), "x").await;
            assert_eq!(posted.is_err(), is_blocked, "{number}: {posted:?}");
        }
    }
}

#[tokio::test]
async fn what_arrives_is_told_to_every_device_of_the_other_one_and_again_when_they_come() {
    let world = World::new();
    let Two { people: [ann, bob], peers: [mut a, mut b], room } = Two::of(&world).await;
    let mut phone = world.attached(&ann).await;
    resumed(&mut phone, room).await;
    for number in 4..=6 {
        a.post(room, &number.to_string()).await.unwrap();
    }
    // Together, and late.
    for seq in [4, 6, 5] {
        tell_delivered(&mut b, room, seq).await;
    }
    for peer in [&mut a, &mut phone] {
        delivered_up_to(peer, 6).await;
    }
    // The log has no such entry.
    tell_delivered(&mut b, room, 900).await;
    assert_eq!(b.control.heard().await.iter().filter(|frame| frame.decode_if::<Delivered>().is_some()).count(), 0);
    let mut desk = world.attached(&ann).await;
    assert_eq!(resumed(&mut desk, room).await.1, Some(6));
    // Reading says so too, and whoever hides that still has it.
    let request = b.request();
    let _: Done = b.ask(&HideReceipts { request, client_id: fresh(), hidden: true }).await.unwrap();
    a.post(room, "7").await.unwrap();
    let request = b.request();
    let _: Marked = b.ask(&MarkRead { request, room, seq: U53::saturating(7) }).await.unwrap();
    delivered_up_to(&mut a, 7).await;
    let request = a.request();
    let page: ReceiptPage = a.ask(&GetReceipts { request, room, after: None, limit: 9 }).await.unwrap();
    assert_eq!(page.receipts, []);
    // Who blocks somebody tells them nothing of it.
    a.post(room, "8").await.unwrap();
    block(&mut b, &ann, true).await;
    tell_delivered(&mut b, room, 8).await;
    let mut again = world.attached(&ann).await;
    assert_eq!(resumed(&mut again, room).await.1, None);
    while world.store().marks.arrival(room, bob.identity.user).await.unwrap() < Some(8) {
        tokio::time::sleep(SILENCE / 10).await;
    }
    let told = a.control.heard().await;
    assert!(told.iter().all(|frame| frame.decode_if::<Delivered>().is_none()), "{told:?}");
}

#[tokio::test]
async fn what_is_said_of_too_many_rooms_or_of_groups_harms_nobody() {
    let world = World::new();
    let Two { people: [_, bob], peers: [mut a, mut b], room } = Two::of(&world).await;
    let group = world.room(&bob, "group").await;
    a.post(room, "4").await.unwrap();
    let mut rooms: Vec<_> =
        (0..2_000).map(|_| DeliveredSeq { room: RoomId(SystemEntropyBytes::fresh()), seq: U53::MAX }).collect();
    rooms.truncate(700);
    b.control.send(&TellDelivered { rooms }).await;
    tell_delivered(&mut b, group, 2).await;
    tell_delivered(&mut b, room, 4).await;
    delivered_up_to(&mut a, 4).await;
    assert_eq!(world.store().marks.arrival(group, bob.identity.user).await.unwrap(), None);
}

#[tokio::test]
async fn unread_and_mentions_are_counted_there() {
    let world = World::new();
    let Two { people: [_, bob], peers: [mut a, b], room } = Two::of(&world).await;
    drop(b);
    a.post(room, "hello").await.unwrap();
    a.post(room, "@bob are you there? @all").await.unwrap();
    let reading = world.services.domain.marks.reading(bob.identity.user, room).await.unwrap().unwrap();
    assert_eq!((reading.unread, reading.mentions), (2, 1));
}

#[tokio::test]
async fn who_writes_and_what_was_read_is_not_shown_to_the_blocked() {
    let world = World::new();
    let Two { people: [ann, _], peers: [mut a, mut b], room } = Two::of(&world).await;
    a.control.send(&View { room: Some(room), have_seq: U53::saturating(3) }).await;
    a.post(room, "4").await.unwrap();
    block(&mut b, &ann, true).await;
    let details: RoomDetails = a.control.expect().await;
    assert!(details.rooms[0].closed);
    a.control.heard().await;
    let request = b.request();
    let _: Marked = b.ask(&MarkRead { request, room, seq: U53::saturating(4) }).await.unwrap();
    crate::typing::say(&b, room, true);
    assert!(crate::typing::hears_nothing(&a).await);
    let told = a.control.heard().await;
    let is_of_them = |frame: &rill_protocol::Frame| {
        frame.decode_if::<Receipts>().is_some_and(|told| !told.unwrap().receipts.is_empty())
            || frame.decode_if::<Delivered>().is_some()
    };
    assert!(!told.iter().any(is_of_them), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_devices_that_do_not_agree_about_a_block_end_as_its_row_says() {
    let world = World::new();
    let ann = world.person("ann").await.identity.user;
    let bob = world.person("bob").await.identity.user;
    let room = world.services.domain.rooms.open_private(ann, bob).await.unwrap().room.id;
    let people = &world.store().people;
    for number in 0..200 {
        // From a block, and from none.
        world.services.domain.blocks.set(bob, ann, number % 2 == 0).await.unwrap();
        let changes = [true, false].map(|is_blocked| {
            let services = world.services.clone();
            world.run(async move { services.domain.blocks.set(bob, ann, is_blocked).await })
        });
        for change in changes {
            change.await.unwrap().unwrap();
        }
        let is_blocked = people.blocks(bob, ann).await.unwrap();
        assert_eq!(people.blocked_by(ann, None, 9).await.unwrap().contains(&bob), is_blocked, "{number}");
        assert_eq!(world.store().rooms.get(room).await.unwrap().unwrap().is_closed, is_blocked, "{number}");
    }
}
