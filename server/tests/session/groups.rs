//! Groups over the wire: who is let in, who runs them, and what live sessions see of it.

use rill_protocol::{ClientId, Code, RoomId, U53, message::*, mux::Class};

use crate::{
    peer::{Peer, Stream},
    world::{Person, SystemEntropyBytes, World},
};

fn fresh() -> ClientId {
    ClientId(SystemEntropyBytes::fresh())
}

fn code<T>(answer: Result<T, Failed>) -> Option<Code> {
    answer.err().map(|failed| Code::from_number(failed.code).unwrap())
}

async fn create(peer: &mut Peer, access: RoomAccess, history: RoomHistory) -> RoomId {
    let (request, name, topic) = (peer.request(), "group".to_owned(), "a topic".to_owned());
    let body = CreateGroup { request, client_id: fresh(), name, topic, access, history };
    let answer: RoomAnswer = peer.ask(&body).await.unwrap();
    answer.room.id
}

async fn act(peer: &mut Peer, room: RoomId, person: &Person, action: MemberAction) -> Result<Done, Failed> {
    let (request, user) = (peer.request(), person.identity.user);
    peer.ask(&ChangeMember { request, client_id: fresh(), room, user, action }).await
}

async fn set(peer: &mut Peer, room: RoomId, setting: RoomSetting, text: &str, value: u32) -> Result<Done, Failed> {
    let change = RoomChange { setting, text: text.to_owned(), value };
    let request = peer.request();
    peer.ask(&ChangeRoom { request, client_id: fresh(), room, change }).await
}

async fn join(peer: &mut Peer, room: RoomId) -> Result<RoomAnswer, Failed> {
    let request = peer.request();
    peer.ask(&JoinRoom { request, client_id: fresh(), room }).await
}

async fn leave(peer: &mut Peer, room: RoomId) -> Result<Done, Failed> {
    let request = peer.request();
    peer.ask(&LeaveRoom { request, client_id: fresh(), room }).await
}

async fn make_link(peer: &mut Peer, room: RoomId, uses_max: u32, life_s: u32) -> Result<RoomLinkMade, Failed> {
    let request = peer.request();
    peer.ask(&MakeRoomLink { request, client_id: fresh(), room, life_s, uses_max }).await
}

async fn open_link(peer: &mut Peer, text: &str, join: bool) -> Result<RoomAnswer, Failed> {
    let request = peer.request();
    peer.ask(&OpenRoomLink { request, client_id: fresh(), text: text.to_owned(), join }).await
}

/// The next change of somebody on a lane.
async fn member_change(lane: &mut Stream) -> (u64, MemberChange) {
    let entry: EntryMemberChange = lane.expect().await;
    (entry.header.seq.get(), entry.change)
}

#[tokio::test]
async fn a_removed_member_hears_so_on_every_device_and_nothing_after() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    let room = create(&mut a, RoomAccess::Public, RoomHistory::Start).await;
    world.join(&bob, room).await;
    let (mut b, mut b2) = (world.attached(&bob).await, world.attached(&bob).await);
    for peer in [&mut b, &mut b2] {
        peer.resume(room, Default::default(), 0, 50).await;
    }
    act(&mut a, room, &bob, MemberAction::Remove).await.unwrap();
    a.post(room, "behind their back").await.unwrap();
    for peer in [&mut b, &mut b2] {
        let lane = peer.others.as_mut().unwrap();
        let (_, change) = member_change(lane).await;
        assert_eq!(
            (change.action, change.user, change.name.as_str()),
            (MemberAction::Remove, bob.identity.user, "bob")
        );
        assert!(lane.is_silent().await);
        assert_eq!(peer.control.expect::<RoomRemoved>().await.room, room);
        assert_eq!(code(peer.post(room, "still here?").await), Some(Code::NotAMember));
    }
    assert_eq!(code(set(&mut b, room, RoomSetting::Name, "mine", 0).await), Some(Code::NotAMember));
    // They come back as they came.
    join(&mut b, room).await.unwrap();
    act(&mut a, room, &bob, MemberAction::Ban).await.unwrap();
    assert_eq!(code(join(&mut b, room).await), Some(Code::BannedFromRoom));
}

#[tokio::test]
async fn a_room_by_invitation_is_none_to_strangers() {
    let world = World::new();
    let (ann, bob, eve) = (world.person("ann").await, world.person("bob").await, world.person("eve").await);
    let mut a = world.attached(&ann).await;
    let room = create(&mut a, RoomAccess::Invited, RoomHistory::Joining).await;
    a.post(room, "before").await.unwrap();
    let mut e = world.attached(&eve).await;
    let request = e.request();
    let list: RoomPage = e.ask(&ListRooms { request, after: None, limit: 10 }).await.unwrap();
    assert_eq!(list.rooms, []);
    assert_eq!(code(join(&mut e, room).await), Some(Code::NoSuchRoom));
    assert_eq!(code(e.post(room, "x").await), Some(Code::NoSuchRoom));
    let request = e.request();
    let members: Result<MemberPage, _> = e.ask(&ListMembers { request, room, after: None, limit: 10 }).await;
    assert_eq!(code(members), Some(Code::NoSuchRoom));
    assert_eq!(code(set(&mut e, room, RoomSetting::Topic, "x", 0).await), Some(Code::NoSuchRoom));
    let mut history = e.open(Class::History);
    history.send(&History {}).await;
    let seq = U53::saturating(9);
    history.send(&GetMessages { request: 3, room, direction: Direction::Before, seq, limit: 9 }).await;
    assert_eq!(history.expect::<Failed>().await.code, Code::NoSuchRoom.number());

    act(&mut a, room, &bob, MemberAction::Invite).await.unwrap();
    let mut b = world.attached(&bob).await;
    let joined = join(&mut b, room).await.unwrap().room;
    assert_eq!((joined.members, joined.joined), (2, true));
    let details: RoomDetails = b.control.expect().await;
    let [detail] = &details.rooms[..] else { panic!("{details:?}") };
    assert_eq!((detail.topic.as_str(), detail.access, detail.role), ("a topic", RoomAccess::Invited, RoomRole::Member));
    assert_eq!((detail.owner, detail.history), (ann.identity.user, RoomHistory::Joining));
    // What was said before is not theirs to see.
    let mut history = b.open(Class::History);
    history.send(&History {}).await;
    let seq = U53::saturating(100);
    history.send(&GetMessages { request: 3, room, direction: Direction::Before, seq, limit: 100 }).await;
    let page: MessagePage = history.expect().await;
    assert!(page.messages.iter().all(|message| message.kind == MessageKind::Joined), "{page:?}");

    // Only who runs the room asks others in, and sees who was asked.
    assert_eq!(code(act(&mut b, room, &eve, MemberAction::Invite).await), Some(Code::RoleNeeded));
    let request = b.request();
    let list = ListOutside { request, room, list: OutsideList::Invited, after: None, limit: 10 };
    assert_eq!(code(b.ask::<_, OutsidePage>(&list).await), Some(Code::RoleNeeded));
    act(&mut a, room, &eve, MemberAction::Invite).await.unwrap();
    let list = ListOutside { request: a.request(), ..list };
    let invited: OutsidePage = a.ask(&list).await.unwrap();
    assert!(invited.people.iter().map(|of| (of.name.as_str(), of.by_name.as_str())).eq([("eve", "ann")]));
    let request = e.request();
    let _: Done = e.ask(&DeclineInvitation { request, client_id: fresh(), room }).await.unwrap();
    assert_eq!(code(join(&mut e, room).await), Some(Code::NoSuchRoom));
}

#[tokio::test]
async fn roles_are_told_and_hold_at_once() {
    let world = World::new();
    let (ann, bob, eve) = (world.person("ann").await, world.person("bob").await, world.person("eve").await);
    let mut a = world.attached(&ann).await;
    let room = create(&mut a, RoomAccess::Public, RoomHistory::Start).await;
    world.join(&bob, room).await;
    world.join(&eve, room).await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 50).await;
    for action in [MemberAction::Promote, MemberAction::Demote, MemberAction::Remove, MemberAction::HandOver] {
        assert_eq!(code(act(&mut b, room, &eve, action).await), Some(Code::RoleNeeded), "{action:?}");
    }
    act(&mut a, room, &bob, MemberAction::Promote).await.unwrap();
    let lane = b.others.as_mut().unwrap();
    assert_eq!(member_change(lane).await.1.action, MemberAction::Promote);
    // An admin gives what they have, and no more.
    act(&mut b, room, &eve, MemberAction::Promote).await.unwrap();
    assert_eq!(code(act(&mut b, room, &eve, MemberAction::HandOver).await), Some(Code::RoleNeeded));
    assert_eq!(code(act(&mut b, room, &ann, MemberAction::Remove).await), Some(Code::RoleNeeded));
    assert_eq!(code(set(&mut b, room, RoomSetting::Archived, "", 1).await), Some(Code::RoleNeeded));
    let request = b.request();
    let page: MemberPage = b.ask(&ListMembers { request, room, after: None, limit: 10 }).await.unwrap();
    assert_eq!(page.members.len(), 3);
    let roles: MemberRoles = b.control.expect().await;
    let mut roles: Vec<_> = roles.roles.into_iter().map(|of| (of.user, u32::from(of.role))).collect();
    let (owner, admin) = (u32::from(RoomRole::Owner), u32::from(RoomRole::Admin));
    let mut expected = vec![(ann.identity.user, owner), (bob.identity.user, admin), (eve.identity.user, admin)];
    roles.sort();
    expected.sort();
    assert_eq!(roles, expected);

    assert_eq!(code(leave(&mut a, room).await), Some(Code::OwnerStays));
    act(&mut a, room, &bob, MemberAction::HandOver).await.unwrap();
    leave(&mut a, room).await.unwrap();
    set(&mut b, room, RoomSetting::Archived, "", 1).await.unwrap();
    assert_eq!(code(b.post(room, "x").await), Some(Code::RoomArchived));
}

#[tokio::test]
async fn settings_reach_live_sessions_and_later_readers() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    let room = create(&mut a, RoomAccess::Public, RoomHistory::Start).await;
    world.join(&bob, room).await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 50).await;
    for (setting, text, value) in [
        (RoomSetting::Name, "新的名字", 0),
        (RoomSetting::Topic, "", 0),
        (RoomSetting::SlowMode, "", 60_000),
        (RoomSetting::Access, "", u32::from(RoomAccess::Invited)),
    ] {
        set(&mut a, room, setting, text, value).await.unwrap();
        let told: EntryRoomChange = b.others.as_mut().unwrap().expect().await;
        assert_eq!(told.change, RoomChange { setting, text: text.to_owned(), value });
        set(&mut a, room, setting, text, value).await.expect("what is so already is no error");
    }
    b.post(room, "one").await.unwrap();
    assert_eq!(code(b.post(room, "two").await), Some(Code::SlowMode));
    a.post(room, "who runs it").await.unwrap();
    a.post(room, "does not wait").await.unwrap();
    for (setting, text, value, expected) in [
        (RoomSetting::Name, "a\u{202e}b", 0, Code::BadRoomName),
        (RoomSetting::Name, " ", 0, Code::BadRoomName),
        (RoomSetting::Topic, "a\u{2066}b", 0, Code::BadTopic),
        (RoomSetting::Topic, "a\u{200b}b", 0, Code::BadTopic),
        (RoomSetting::Topic, &"x".repeat(251), 0, Code::BadTopic),
        (RoomSetting::SlowMode, "", u32::MAX, Code::BadRequest),
        (RoomSetting::LinkMade, "", 0, Code::BadRequest),
        (RoomSetting::Access, "", 9, Code::Unsupported),
        (RoomSetting::Other(99), "", 0, Code::Unsupported),
    ] {
        assert_eq!(code(set(&mut a, room, setting, text, value).await), Some(expected), "{setting:?} {text}");
    }
    let mut history = b.open(Class::History);
    history.send(&History {}).await;
    let seq = U53::saturating(100);
    history.send(&GetMessages { request: 3, room, direction: Direction::Before, seq, limit: 100 }).await;
    let changes: MessageChanges = history.expect().await;
    assert_eq!(changes.rooms.len(), 4);
    assert_eq!(changes.rooms[0].change.text, "新的名字");
    let page: MessagePage = history.expect().await;
    let lines = page.messages.iter().filter(|message| message.kind == MessageKind::RoomChange);
    assert!(lines.map(|message| message.seq).eq(changes.rooms.iter().map(|change| change.seq)));
    // Whoever comes anew is told of it as it is.
    let mut b2 = world.connect();
    let attempt = world.attempt();
    b2.hello(world.ticket(&bob).await, attempt).await.unwrap();
    let request = b2.request();
    b2.control.send(&Attach { request, user_epoch: Default::default(), user_seq: U53::default() }).await;
    let details: RoomDetails = b2.control.expect().await;
    assert_eq!((details.rooms[0].name.as_str(), details.rooms[0].slow_mode_ms), ("新的名字", 60_000));
}

#[tokio::test]
async fn links_let_in_who_has_their_text() {
    let world = World::new();
    let (ann, bob, eve) = (world.person("ann").await, world.person("bob").await, world.person("eve").await);
    let mut a = world.attached(&ann).await;
    let room = create(&mut a, RoomAccess::Invited, RoomHistory::Start).await;
    for (uses, life_s) in [(0, 3_600), (1, 0), (1, u32::MAX), (u32::MAX, 3_600)] {
        assert_eq!(code(make_link(&mut a, room, uses, life_s).await), Some(Code::BadRequest));
    }
    let made = make_link(&mut a, room, 1, 3_600).await.unwrap();
    assert_eq!((made.link.uses, made.link.uses_max, made.link.by_name.as_str()), (0, 1, "ann"));
    let mut b = world.attached(&bob).await;
    let looked = open_link(&mut b, &made.text, false).await.unwrap().room;
    assert_eq!((looked.id, looked.name.as_str(), looked.joined), (room, "group", false));
    assert_eq!(code(join(&mut b, room).await), Some(Code::NoSuchRoom), "to look is not to come in");
    assert!(open_link(&mut b, &made.text, true).await.unwrap().room.joined);
    assert!(open_link(&mut b, &made.text, true).await.unwrap().room.joined, "who is in does not use it up");
    assert!(open_link(&mut b, &made.text, false).await.unwrap().room.joined, "nor hears that it is used up");
    let mut e = world.attached(&eve).await;
    for text in [made.text.as_str(), "", "a.b", &made.text[..30]] {
        assert_eq!(code(open_link(&mut e, text, true).await), Some(Code::BadRoomLink), "{text}");
        assert_eq!(code(open_link(&mut e, text, false).await), Some(Code::BadRoomLink), "{text}");
    }
    let another = make_link(&mut a, room, 5, 3_600).await.unwrap();
    let request = a.request();
    let links: RoomLinks = a.ask(&ListRoomLinks { request, room }).await.unwrap();
    assert!(links.links.iter().map(|link| &link.id).eq([&another.link.id]), "one is used up");
    let request = b.request();
    let revoke = RevokeRoomLink { request, client_id: fresh(), room, link: another.link.id };
    assert_eq!(code(b.ask::<_, Done>(&revoke).await), Some(Code::RoleNeeded));
    let revoke = RevokeRoomLink { request: a.request(), ..revoke };
    let _: Done = a.ask(&revoke).await.unwrap();
    assert_eq!(code(open_link(&mut e, &another.text, true).await), Some(Code::BadRoomLink));
    assert_eq!(code(make_link(&mut b, room, 1, 3_600).await), Some(Code::RoleNeeded));
}

#[tokio::test]
async fn a_retry_makes_one_room_and_one_link() {
    let world = World::new();
    let ann = world.person("ann").await;
    let mut a = world.attached(&ann).await;
    let (access, history) = (RoomAccess::Invited, RoomHistory::Start);
    let (name, topic, client_id) = ("group".to_owned(), String::new(), fresh());
    let mut body = CreateGroup { request: a.request(), client_id, name, topic, access, history };
    let first: RoomAnswer = a.ask(&body).await.unwrap();
    body.request = a.request();
    let again: RoomAnswer = a.ask(&body).await.unwrap();
    assert_eq!(first.room.id, again.room.id);
    body.access = RoomAccess::Public;
    body.request = a.request();
    assert_eq!(code(a.ask::<_, RoomAnswer>(&body).await), Some(Code::KeyReused));
    let room = first.room.id;
    let mut body = MakeRoomLink { request: a.request(), client_id: fresh(), room, life_s: 60, uses_max: 2 };
    let first: RoomLinkMade = a.ask(&body).await.unwrap();
    body.request = a.request();
    let again: RoomLinkMade = a.ask(&body).await.unwrap();
    assert_eq!((first.text, first.link), (again.text, again.link));
}
