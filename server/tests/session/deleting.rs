//! Rooms that are deleted, as those see it who are connected, and those who come later.

use futures_util::poll;
use rill_protocol::{ClientId, Code, Epoch, Kind, RoomId, U53, message::*, mux::Class};
use rill_server::{
    domain::{
        DomainError,
        accounts::Actor,
        removing::Remover,
        sweep::{sweep, sweep_at_start},
    },
    transport::Priority,
};
use rill_storage::model::{Access, Fact, MemberAct, Pending, Setting, UserFact};
use std::pin::pin;

use crate::{
    attached::{begun, settled},
    nodes::Nodes,
    peer::Peer,
    world::{Person, SystemEntropyBytes, World},
};

fn fresh() -> ClientId {
    ClientId(SystemEntropyBytes::fresh())
}

fn code<T>(answer: Result<T, Failed>) -> Option<Code> {
    answer.err().and_then(|failed| Code::from_number(failed.code))
}

async fn delete(peer: &mut Peer, room: RoomId) -> Option<Code> {
    let body = DeleteRoom { request: peer.request(), client_id: fresh(), room };
    code(peer.ask::<_, Done>(&body).await)
}

/// With what a page of history is refused.
async fn history(peer: &Peer, room: RoomId) -> Option<Code> {
    let mut history = peer.open(Class::History);
    history.send(&History {}).await;
    history.send(&GetMessages { request: 7, room, direction: Direction::Before, seq: U53::MAX, limit: 50 }).await;
    history.finish();
    Code::from_number(history.expect::<Failed>().await.code)
}

/// Everything that names the room is answered so.
async fn refused(peer: &mut Peer, room: RoomId) {
    let deleted = Some(Code::RoomDeleted);
    assert_eq!(code(peer.post(room, "late").await), deleted);
    let (request, client_id) = (peer.request(), fresh());
    assert_eq!(code(peer.ask::<_, RoomAnswer>(&JoinRoom { request, client_id, room }).await), deleted);
    let request = peer.request();
    assert_eq!(code(peer.ask::<_, Done>(&LeaveRoom { request, client_id, room }).await), deleted);
    let request = peer.request();
    let members = ListMembers { request, room, after: None, limit: 10 };
    assert_eq!(code(peer.ask::<_, MemberPage>(&members).await), deleted);
    let request = peer.request();
    assert_eq!(code(peer.ask::<_, Marked>(&MarkRead { request, room, seq: U53::from(1) }).await), deleted);
    assert_eq!(history(peer, room).await, deleted);
    let resumed = peer.resume(room, Epoch::default(), 0, 50).await;
    assert_eq!(resumed.rooms.iter().map(|room| room.outcome).collect::<Vec<_>>(), [Outcome::Gone]);
}

/// Until what follows the deletion is done.
async fn is_erased(world: &World, room: RoomId) {
    while !world.store().rooms.pending(10).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.store().rooms.remains(room, 10).await.unwrap(), None);
}

#[tokio::test]
async fn every_device_of_every_member_loses_it_at_once() {
    let world = World::new();
    let (ann, bob, eve) = (world.person("ann").await, world.person("bob").await, world.person("eve").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let rooms = &world.services.domain.rooms;
    rooms.change_member(ann.identity.user, fresh(), room, (eve.identity.user, MemberAct::Invite)).await.unwrap();
    let mut peers = Vec::new();
    for person in [&ann, &ann, &bob, &bob] {
        let mut peer = world.attached(person).await;
        let head = world.store().log.head(room).await.unwrap().unwrap();
        peer.resume(room, head.epoch, head.seq, 0).await;
        peers.push(peer);
    }
    let mut e = world.attached(&eve).await;
    assert_eq!(delete(&mut peers[0], room).await, None);
    for peer in &mut peers {
        let lane = peer.others.as_mut().unwrap();
        let told: EntryRoomDeleted = lane.expect().await;
        assert_eq!(told.header.author, ann.identity.user);
        assert!(lane.is_silent().await);
        assert_eq!(peer.control.expect::<RoomRemoved>().await.room, room);
        refused(peer, room).await;
    }
    assert_eq!(e.control.expect::<InvitationGone>().await.room, room);
    refused(&mut e, room).await;
    // Once more, by a retry and by somebody who did not know.
    assert_eq!(delete(&mut peers[1], room).await, None);
    is_erased(&world, room).await;
    refused(&mut peers[0], room).await;
    let request = e.request();
    let list: RoomPage = e.ask(&ListRooms { request, after: None, limit: 10 }).await.unwrap();
    assert_eq!(list.rooms, []);
    let (_, listed) = {
        let mut late = world.connect();
        late.hello(world.ticket(&bob).await, world.attempt()).await.unwrap();
        late.attach().await
    };
    assert_eq!(listed, []);
}

#[tokio::test]
async fn who_may_delete_what() {
    let world = World::new();
    // The first account is an administrator's, which is no role in a room.
    let (root, ann) = (world.person("root").await, world.person("ann").await);
    let (bob, eve, out) = (world.person("bob").await, world.person("eve").await, world.person("out").await);
    let room = world.room(&ann, "room").await;
    for person in [&root, &bob, &eve] {
        world.join(person, room).await;
    }
    let rooms = &world.services.domain.rooms;
    rooms.change_member(ann.identity.user, fresh(), room, (bob.identity.user, MemberAct::Promote)).await.unwrap();
    for (person, expected) in
        [(&root, Code::RoleNeeded), (&bob, Code::RoleNeeded), (&eve, Code::RoleNeeded), (&out, Code::NotAMember)]
    {
        let mut peer = world.attached(person).await;
        assert_eq!(delete(&mut peer, room).await, Some(expected));
    }
    let mut o = world.attached(&out).await;
    assert_eq!(delete(&mut o, RoomId([9; 16])).await, Some(Code::NoSuchRoom));
    rooms.set(ann.identity.user, fresh(), room, Setting::Access(Access::Invited)).await.unwrap();
    assert_eq!(delete(&mut o, room).await, Some(Code::NoSuchRoom), "a stranger does not hear that there is one");

    let chat = rooms.open_private(ann.identity.user, bob.identity.user).await.unwrap().room.id;
    let mut a = world.attached(&ann).await;
    assert_eq!(delete(&mut a, chat).await, Some(Code::PrivateChat));
    assert_eq!(delete(&mut o, chat).await, Some(Code::NoSuchRoom));
    for actor in [Actor::Administrator(root.identity.clone()), Actor::Operator] {
        let refused = world.services.delete_room_as(actor.clone(), chat).await;
        assert!(matches!(refused, Err(DomainError::PrivateChat)), "{refused:?}");
        let refused = world.services.delete_room(Remover::Administrator(actor), chat).await;
        assert!(matches!(refused, Err(DomainError::RoleNeeded)), "{refused:?}");
    }
    a.post(room, "still here").await.unwrap();
    a.post(chat, "and here").await.unwrap();
    world.services.delete_room_as(Actor::Operator, room).await.unwrap();
    refused(&mut a, room).await;
}

#[tokio::test]
async fn a_device_that_had_not_read_all_hears_that_alone() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let (mut b, gate) = world.gated(&bob).await;
    let head = world.store().log.head(room).await.unwrap().unwrap();
    b.resume(room, head.epoch, head.seq, 0).await;
    gate.shut(Priority::LaneOthers);
    // One is on its way, and those behind it lie in the ring.
    world.post(&ann, room, "under way").await;
    gate.stopped().await;
    for _ in 0..20 {
        world.post(&ann, room, "unread").await;
    }
    let mut a = world.attached(&ann).await;
    assert_eq!(delete(&mut a, room).await, None);
    gate.open();
    let heard = b.others.as_mut().unwrap().heard().await;
    let posts = heard.iter().filter(|frame| frame.known() == Some(Kind::EntryPosted)).count();
    assert!(posts <= 1, "{posts} of what was deleted");
    assert_eq!(heard.last().and_then(|frame| frame.known()), Some(Kind::EntryRoomDeleted), "{heard:?}");
    assert_eq!(b.control.expect::<RoomRemoved>().await.room, room);
}

#[tokio::test]
async fn those_at_another_node_lose_it_too() {
    let nodes = Nodes::new().await;
    let [here, there] = &nodes.nodes;
    let (ann, bob) = (here.person("ann").await, there.person("bob").await);
    let room = here.room(&ann, "room").await;
    there.join(&bob, room).await;
    let (mut a, mut b) = (here.attached(&ann).await, there.attached(&bob).await);
    let head = here.store().log.head(room).await.unwrap().unwrap();
    for peer in [&mut a, &mut b] {
        peer.resume(room, head.epoch, head.seq, 0).await;
    }
    assert_eq!(delete(&mut a, room).await, None);
    for peer in [&mut a, &mut b] {
        let lane = peer.others.as_mut().unwrap();
        let told: EntryRoomDeleted = lane.expect().await;
        assert_eq!(told.header.seq.get(), head.seq + 1);
        assert!(lane.is_silent().await);
        assert_eq!(peer.control.expect::<RoomRemoved>().await.room, room);
        refused(peer, room).await;
    }
}

/// Two members, and one who is invited.
async fn people(world: &World) -> [Person; 3] {
    [world.person("ann").await, world.person("bob").await, world.person("eve").await]
}

/// A room of theirs with files; deleted, and then nothing more happens.
async fn cut_off(world: &World, [ann, bob, eve]: &[Person; 3]) -> (RoomId, Pending) {
    let room = world.room(ann, "room").await;
    world.join(bob, room).await;
    let rooms = &world.services.domain.rooms;
    rooms.change_member(ann.identity.user, fresh(), room, (eve.identity.user, MemberAct::Invite)).await.unwrap();
    let target = begun(world, ann, room, "secret.png").await;
    settled(world, ann, room, target).await;
    begun(world, bob, room, "on its way.png").await;
    let remover = Remover::Member(ann.identity.user, fresh());
    (room, rooms.delete(&remover, room).await.unwrap().unwrap())
}

async fn knows(world: &World, person: &Person, room: RoomId) -> bool {
    let (_, known) = world.store().user_log.snapshot(person.identity.user).await.unwrap().unwrap();
    known.iter().any(|entry| match entry.fact {
        UserFact::RoomAdded(known) | UserFact::Invited { room: known, .. } => known == room,
        _ => false,
    })
}

#[tokio::test]
async fn what_a_stop_cut_off_is_done_by_the_sweep_and_seen_by_nobody_until_then() {
    let world = World::new();
    let people = people(&world).await;
    let (room, due) = cut_off(&world, &people).await;
    let store = world.store();
    // At a start nobody waits for it.
    sweep_at_start(store).await.unwrap();
    let left = store.rooms.pending(10).await.unwrap();
    assert!(left.iter().map(|due| due.fact).eq([Fact::RoomDeleted]), "{left:?}");
    for person in &people {
        assert!(knows(&world, person, room).await, "it is not told yet");
        let mut peer = world.connect();
        peer.hello(world.ticket(person).await, world.attempt()).await.unwrap();
        let (_, listed) = peer.attach().await;
        assert_eq!(listed, [], "and not shown");
        refused(&mut peer, room).await;
    }
    assert_eq!(sweep(store).await.unwrap(), 1);
    is_erased(&world, room).await;
    for person in &people {
        assert!(!knows(&world, person, room).await);
    }
    // Late, and again.
    world.services.domain.rooms.deleted(&due).await.unwrap();
    assert_eq!(sweep(store).await.unwrap(), 0);
    assert!(store.rooms.is_deleted(room).await.unwrap());
}

/// Cut off after so many steps, ever more of them.
#[tokio::test]
async fn a_stop_anywhere_leaves_nothing_that_the_sweep_does_not_find() {
    let world = World::new();
    let people = people(&world).await;
    let mut steps = 0;
    loop {
        let (room, due) = cut_off(&world, &people).await;
        let is_done = {
            let mut erasing = pin!(world.services.domain.rooms.deleted(&due));
            let mut is_done = false;
            for _ in 0..steps {
                is_done = is_done || poll!(&mut erasing).is_ready();
                tokio::task::yield_now().await;
            }
            is_done
        };
        sweep(world.store()).await.unwrap();
        is_erased(&world, room).await;
        for person in &people {
            assert!(!knows(&world, person, room).await, "{steps} steps");
        }
        if is_done {
            return;
        }
        steps = steps * 3 / 2 + 1;
    }
}

#[tokio::test]
async fn posts_of_the_same_moment_stand_before_it_or_are_refused() {
    let world = World::new();
    let (root, ann, bob) = (world.person("root").await, world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let post =
        |person: &Person, text: &str| world.services.domain.messages.post(person.identity.user, room, fresh(), text);
    let before: Vec<_> = (0..5).map(|_| post(&bob, "before")).collect();
    let (rooms, owner) = (&world.services.domain.rooms, Remover::Member(ann.identity.user, fresh()));
    let administrator = Remover::Administrator(Actor::Administrator(root.identity.clone()));
    let (one, other) = tokio::join!(rooms.delete(&owner, room), rooms.delete(&administrator, room));
    let after: Vec<_> = (0..5).map(|_| post(&ann, "after")).collect();
    let made: Vec<_> = [one, other].into_iter().filter_map(|outcome| outcome.unwrap()).collect();
    assert_eq!(made.len(), 1, "one of them has deleted it, and to the other it was so already");
    for post in before {
        assert!(post.await.unwrap().entry.seq < made[0].seq);
    }
    for post in after {
        assert!(matches!(post.await, Err(DomainError::RoomDeleted)));
    }
    assert_eq!(world.store().log.head(room).await.unwrap().map(|head| head.seq), Some(made[0].seq));
}
