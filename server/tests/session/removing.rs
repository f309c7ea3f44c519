//! Messages that go, as those see it who are connected, and those who come later.

use rill_protocol::{ClientId, Code, RoomId, U53, message::*, mux::Class};
use rill_server::domain::{accounts::Actor, removing::Remover, sweep::sweep};
use rill_storage::model::{MemberAct, Setting};

use crate::{
    attached::{begun, settled},
    peer::Peer,
    world::{Person, SystemEntropyBytes, World},
};

fn fresh() -> ClientId {
    ClientId(SystemEntropyBytes::fresh())
}

async fn remove(peer: &mut Peer, room: RoomId, seq: u64, client_id: ClientId) -> Result<(), Code> {
    let request = peer.request();
    let body = RemoveMessage { request, client_id, room, seq: U53::saturating(seq) };
    let answer: Result<Done, Failed> = peer.ask(&body).await;
    answer.map(drop).map_err(|failed| Code::from_number(failed.code).unwrap())
}

/// Seqs and kinds of the newest page, and its files.
async fn page(peer: &Peer, room: RoomId) -> (Vec<(u64, MessageKind, String)>, Vec<u64>) {
    let mut history = peer.open(Class::History);
    history.send(&History {}).await;
    history.send(&GetMessages { request: 7, room, direction: Direction::Before, seq: U53::MAX, limit: 50 }).await;
    history.finish();
    let (mut lines, mut files) = (Vec::new(), Vec::new());
    while let Some(frame) = history.next().await.unwrap() {
        if let Some(page) = frame.decode_if::<MessagePage>() {
            lines = page.unwrap().messages.into_iter().map(|line| (line.seq.get(), line.kind, line.text)).collect();
        } else if let Some(found) = frame.decode_if::<MessageFiles>() {
            files = found.unwrap().files.into_iter().map(|file| file.seq.get()).collect();
        }
    }
    (lines, files)
}

async fn counts(world: &World, person: &Person, room: RoomId) -> (u32, u32) {
    let reading = world.services.domain.marks.reading(person.identity.user, room).await.unwrap().unwrap();
    (reading.unread, reading.mentions)
}

#[tokio::test]
async fn a_message_that_is_removed_is_gone_for_whoever_is_there_and_whoever_comes() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    b.resume(room, Default::default(), 0, 0).await;
    let target = a.post(room, "@bob, a slip").await.unwrap().seq.get();
    a.post(room, "stays").await.unwrap();
    let lane = b.others.as_mut().unwrap();
    assert_eq!(lane.expect::<EntryPosted>().await.text, "@bob, a slip");
    assert_eq!(counts(&world, &bob, room).await, (2, 1));

    let client_id = fresh();
    remove(&mut a, room, target, client_id).await.unwrap();
    let told: EntryDeleted = lane.expect().await;
    assert_eq!((told.target.get(), told.header.author, told.header.seq.get()), (target, ann.identity.user, target + 2));
    assert_eq!(counts(&world, &bob, room).await, (2, 0), "as many posts, and nobody is named");
    // Again, by a retry and by somebody who did not know: no second entry.
    remove(&mut a, room, target, client_id).await.unwrap();
    remove(&mut a, room, target, fresh()).await.unwrap();
    let head = world.store().log.head(room).await.unwrap().unwrap();
    assert_eq!((head.seq, head.posts), (target + 2, 2));

    let (lines, _) = page(&b, room).await;
    let newest: Vec<_> = lines.into_iter().skip_while(|line| line.0 < target).collect();
    let expected = [(target, MessageKind::Erased, String::new()), (target + 1, MessageKind::Text, "stays".to_owned())];
    assert_eq!(newest, expected, "that it was removed is no line");
    // Who reads the log later, also while its newest entries are kept encoded.
    let mut later = world.attached(&bob).await;
    later.resume(room, Default::default(), 0, 50).await;
    let lane = later.others.as_mut().unwrap();
    let erased: EntryErased = lane.expect().await;
    assert_eq!((erased.header.seq.get(), erased.header.author), (target, ann.identity.user));
    assert_eq!(lane.expect::<EntryPosted>().await.text, "stays");
    assert_eq!(lane.expect::<EntryDeleted>().await.target.get(), target);
    assert!(world.store().rooms.pending(10).await.unwrap().is_empty(), "nothing is left to do");
}

#[tokio::test]
async fn who_may_remove_what() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let (eve, out) = (world.person("eve").await, world.person("out").await);
    let room = world.room(&bob, "room").await;
    for person in [&eve, &ann] {
        world.join(person, room).await;
    }
    let mut peers = Vec::new();
    for person in [&ann, &bob, &eve, &out] {
        peers.push(world.attached(person).await);
    }
    let [a, b, e, o] = &mut peers[..] else { unreachable!() };
    let of_bob = b.post(room, "the owner's").await.unwrap().seq.get();
    let of_eve = e.post(room, "a member's").await.unwrap().seq.get();
    let another = e.post(room, "another").await.unwrap().seq.get();
    assert_eq!(remove(e, room, of_bob, fresh()).await, Err(Code::RoleNeeded));
    assert_eq!(remove(o, room, of_bob, fresh()).await, Err(Code::NotAMember));
    assert_eq!(remove(a, room, of_eve, fresh()).await, Err(Code::RoleNeeded), "a role at the server is none here");
    for seq in [0, 1, 2, 99, U53::MAX.get()] {
        assert_eq!(remove(b, room, seq, fresh()).await, Err(Code::NoSuchMessage), "{seq}");
    }
    assert_eq!(remove(b, RoomId([9; 16]), 1, fresh()).await, Err(Code::NoSuchRoom));
    remove(b, room, of_eve, fresh()).await.unwrap();
    remove(e, room, another, fresh()).await.unwrap();
    let rooms = &world.services.domain.rooms;
    rooms.change_member(bob.identity.user, fresh(), room, (eve.identity.user, MemberAct::Promote)).await.unwrap();
    remove(e, room, of_bob, fresh()).await.unwrap();
    // In an archived room too.
    let last = b.post(room, "last").await.unwrap().seq.get();
    rooms.set(bob.identity.user, fresh(), room, Setting::Archived(true)).await.unwrap();
    remove(b, room, last, fresh()).await.unwrap();
    let key = fresh();
    rooms.set(bob.identity.user, key, room, Setting::Archived(false)).await.unwrap();
    let late = b.post(room, "late").await.unwrap().seq.get();
    assert_eq!(remove(b, room, late, key).await, Err(Code::KeyReused));
}

#[tokio::test]
async fn an_administrator_of_the_server_need_be_no_member() {
    let world = World::new();
    // The first account is an administrator's.
    let (admin, bob) = (world.person("admin").await, world.person("bob").await);
    let room = world.room(&bob, "room").await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    let first = b.post(room, "one").await.unwrap().seq.get();
    let second = b.post(room, "two").await.unwrap().seq.get();
    for (actor, seq) in [(Actor::Administrator(admin.identity.clone()), first), (Actor::Operator, second)] {
        let remover = Remover::Administrator(actor);
        for _ in 0..2 {
            world.services.remove_message(remover.clone(), (room, seq)).await.unwrap();
        }
        let told: EntryDeleted = b.others.as_mut().unwrap().expect().await;
        assert_eq!(told.target.get(), seq);
    }
    assert_eq!(world.store().log.head(room).await.unwrap().unwrap().seq, second + 2);
    assert_eq!(world.services.domain.rooms.view(bob.identity.user, room).await.unwrap().room.members, 1);
}

#[tokio::test]
async fn what_is_about_a_message_that_one_may_not_see_is_hidden() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    world.leave(&bob, room).await;
    let mut a = world.attached(&ann).await;
    let unseen = a.post(room, "while bob was away").await.unwrap().seq.get();
    world.join(&bob, room).await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    assert_eq!(remove(&mut b, room, unseen, fresh()).await, Err(Code::NoSuchMessage));
    remove(&mut a, room, unseen, fresh()).await.unwrap();
    let frame = b.others.as_mut().unwrap().next().await.unwrap().unwrap();
    let frame = match frame.decode_if::<RoomHandle>() {
        Some(_) => b.others.as_mut().unwrap().next().await.unwrap().unwrap(),
        None => frame,
    };
    let hidden = frame.decode_if::<EntryHidden>().expect("nothing is said of it").unwrap();
    assert_eq!(hidden.header.seq.get(), unseen + 2);
}

#[tokio::test]
async fn what_a_stop_cut_off_is_done_by_the_sweep() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let target = begun(&world, &ann, room, "secret.png").await;
    settled(&world, &ann, room, target).await;
    let remover = Remover::Member(ann.identity.user, fresh());
    // The log says so, and then nothing more happens.
    let due = world.services.domain.messages.remove(&remover, (room, target)).await.unwrap().unwrap();
    let store = world.store();
    assert_eq!(store.rooms.pending(10).await.unwrap().len(), 1);
    assert!(store.log.erased(room, target).await.unwrap().unwrap().file.is_some());
    assert_eq!(sweep(store).await.unwrap(), 1);
    assert!(store.log.erased(room, target).await.unwrap().unwrap().file.is_none());
    assert!(store.rooms.pending(10).await.unwrap().is_empty());
    // Late, and again.
    world.services.domain.messages.removed(&due).await.unwrap();
}

#[tokio::test]
async fn the_file_of_a_message_goes_with_it() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let target = begun(&world, &ann, room, "secret.png").await;
    settled(&world, &ann, room, target).await;
    let mut a = world.attached(&ann).await;
    assert_eq!(page(&a, room).await.1, [target]);
    remove(&mut a, room, target, fresh()).await.unwrap();
    let (lines, files) = page(&a, room).await;
    assert!(files.is_empty());
    assert_eq!(lines.last().unwrap(), &(target, MessageKind::Erased, String::new()));
    let listed = world.services.domain.messages.files(ann.identity.user, room, u64::MAX >> 11, 10).await.unwrap();
    assert!(listed.messages.is_empty());
    a.resume(room, Default::default(), 0, 50).await;
    let lane = a.others.as_mut().unwrap();
    assert_eq!(lane.expect::<EntryErased>().await.header.seq.get(), target);
    let told: EntryFileSettled = lane.expect().await;
    assert_eq!((told.state.outcome, told.state.size.get(), told.state.image), (FileOutcome::Failed, 0, None));
}
