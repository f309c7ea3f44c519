//! Avatars and emoji as sessions hear of them: with the answers that name somebody, and when they
//! change, at whatever node.

use rill_protocol::{ClientId, U53, UserId, message::*, mux::Class};
use rill_storage::{
    blobs::BlobName,
    model::{self, Change, ContentKey, Digest, Emoji, EmojiId, Mentions, NewEntry, Picture, PictureFormat, Rendering},
};

use crate::{
    peer::Peer,
    world::{Person, SystemEntropyBytes, World},
};

pub(crate) fn picture(number: u8) -> Picture {
    let of = Rendering { format: PictureFormat::Png, size: 10 };
    Picture { content: ContentKey([number; 32]), blob: BlobName([number; 32]), large: of, small: Some(of) }
}

/// Sets somebody's avatar at one node; what it is then.
async fn set(world: &World, person: &Person, picture: Option<Picture>) -> model::Avatar {
    let (users, user) = (&world.store().users, person.identity.user);
    let before = users.profile(user).await.unwrap().unwrap().avatar;
    users.set_avatar(user, picture, before.version, 1_000).await.unwrap().unwrap()
}

fn of(user: &Person, avatar: model::Avatar) -> UserAvatar {
    let version = U53::saturating(avatar.version);
    UserAvatar { user: user.identity.user, avatar: Avatar { version, is_set: avatar.picture.is_some() } }
}

async fn watch(peer: &mut Peer, users: Vec<UserId>) {
    let request = peer.request();
    peer.control.send(&WatchPresence { request, users }).await;
}

#[tokio::test]
async fn whoever_shows_somebody_hears_of_their_avatar() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&bob, "room").await;
    world.join(&ann, room).await;
    let mut a = world.attached(&ann).await;
    let first = set(&world, &bob, Some(picture(1))).await;
    let expected = UserAvatars { avatars: vec![of(&bob, first)] };
    // Before the answers that name him; who never had one is not in it.
    let request = a.request();
    a.control.send(&GetUsers { request, users: vec![bob.identity.user, ann.identity.user] }).await;
    assert_eq!(a.control.expect::<UserAvatars>().await, expected);
    assert_eq!(a.control.expect::<Users>().await.users.len(), 2);
    let request = a.request();
    a.control.send(&ListMembers { request, room, after: None, limit: 10 }).await;
    assert_eq!(a.control.expect::<UserAvatars>().await, expected);
    a.control.expect::<MemberPage>().await;

    watch(&mut a, vec![bob.identity.user]).await;
    a.control.expect::<Done>().await;
    a.control.expect::<Presence>().await;
    assert_eq!(a.control.expect::<UserAvatars>().await, expected);
    let none = set(&world, &bob, None).await;
    assert!(none.version > first.version);
    assert_eq!(a.control.expect::<UserAvatars>().await, UserAvatars { avatars: vec![of(&bob, none)] });
    // What else changes of the account is none of theirs.
    assert!(world.store().users.set_role(bob.identity.user, model::Role::Member).await.unwrap());
    assert!(a.control.is_silent().await);

    // One's own is heard of on every device, and when one comes.
    let own = set(&world, &ann, Some(picture(2))).await;
    assert_eq!(a.control.expect::<UserAvatars>().await, UserAvatars { avatars: vec![of(&ann, own)] });
    let mut other = world.connect();
    let (ticket, attempt) = (world.ticket(&ann).await, world.attempt());
    other.hello(ticket, attempt).await.unwrap();
    other.control.send(&Attach { request: 1, user_epoch: Default::default(), user_seq: U53::default() }).await;
    other.control.expect::<Attached>().await;
    assert_eq!(other.control.expect::<UserAvatars>().await, UserAvatars { avatars: vec![of(&ann, own)] });
}

/// Sets the avatar of a room at one node; the seq of its entry.
pub(crate) async fn change(
    world: &World,
    person: &Person,
    room: rill_protocol::RoomId,
    picture: Option<Picture>,
) -> u64 {
    let replaces = world.store().rooms.get(room).await.unwrap().unwrap().avatar.version;
    let entry = NewEntry {
        author: person.identity.user,
        client_id: ClientId(SystemEntropyBytes::fresh()),
        at_ms: 0,
        digest: Digest([0; 32]),
        change: Change::Avatar { picture, replaces },
        mentions: Mentions::default(),
    };
    world.store().log.append(room, entry).await.unwrap().unwrap().entry.seq
}

#[tokio::test]
async fn a_rooms_avatar_comes_with_its_log_and_before_what_names_it() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    let mut lane = a.lane(LaneClass::Others, Class::LaneOthers).await;
    let resumed = a.resume(room, Default::default(), 0, 0).await;
    assert_eq!(resumed.rooms.len(), 1);
    let seq = change(&world, &ann, room, Some(picture(1))).await;
    let now = world.store().rooms.get(room).await.unwrap().unwrap().avatar;
    let told = Avatar { version: U53::saturating(now.version), is_set: true };
    lane.expect::<RoomHandle>().await;
    let entry: EntryAvatar = lane.expect().await;
    assert_eq!((entry.header.seq.get(), &entry.avatar), (seq, &told));

    let avatars = RoomAvatars { avatars: vec![RoomAvatar { room, avatar: told }] };
    let request = a.request();
    a.control.send(&ListRooms { request, after: None, limit: 10 }).await;
    assert_eq!(a.control.expect::<RoomAvatars>().await, avatars);
    a.control.expect::<RoomPage>().await;
    // Whose log goes on elsewhere may have stepped over it.
    let cursor = Cursor { room, epoch: Default::default(), seq: U53::default(), tail: 0 };
    let request = a.request();
    a.control.send(&Resume { request, cursors: vec![cursor] }).await;
    assert_eq!(a.control.expect::<RoomAvatars>().await, avatars);
    a.control.expect::<Resumed>().await;

    let mut history = a.open(Class::History);
    history.send(&History {}).await;
    let ask = GetMessages { request: 1, room, direction: Direction::Before, seq: U53::MAX, limit: 1 };
    history.send(&ask).await;
    let page: MessagePage = history.expect().await;
    assert_eq!((page.messages[0].kind, page.messages[0].seq.get()), (MessageKind::Avatar, seq));
}

fn emoji(number: u8) -> Emoji {
    Emoji {
        id: EmojiId([number; 16]),
        name: format!("emoji_{number}"),
        picture: picture(number),
        width: 8,
        height: 8,
        animated: false,
        source: Digest([0; 32]),
        added_by: UserId::default(),
        added_ms: 5_000,
        version: 0,
    }
}

#[tokio::test]
async fn everybody_hears_that_the_emoji_have_changed() {
    let world = World::new();
    let ann = world.person("ann").await;
    let mut a = world.attached(&ann).await;
    world.store().emoji.add(emoji(1)).await.unwrap();
    assert_eq!(a.control.expect::<EmojiVersion>().await.version.get(), 5_000);
    world.store().emoji.remove(emoji(1).id, emoji(1).picture.content, 0).await.unwrap();
    assert_eq!(a.control.expect::<EmojiVersion>().await.version.get(), 5_001);
    let mut other = world.connect();
    let (ticket, attempt) = (world.ticket(&ann).await, world.attempt());
    other.hello(ticket, attempt).await.unwrap();
    other.control.send(&Attach { request: 1, user_epoch: Default::default(), user_seq: U53::default() }).await;
    other.control.expect::<Attached>().await;
    assert_eq!(other.control.expect::<EmojiVersion>().await.version.get(), 5_001);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_at_one_node_is_heard_at_the_other() {
    let server = rill_redis_process::Server::start(&rill_redis_process::Options::default()).unwrap();
    let nodes = crate::nodes_on_redis::Nodes::on(&[server.url()]).await;
    let [here, there] = &nodes.nodes[..] else { unreachable!("two nodes") };
    let (ann, bob) = (here.person("ann").await, there.person("bob").await);
    let mut b = there.attached(&bob).await;
    watch(&mut b, vec![ann.identity.user]).await;
    b.control.expect::<Done>().await;
    for number in 1..4 {
        let now = set(here, &ann, Some(picture(number))).await;
        loop {
            // What was there before may come first, and her presence.
            let frame = b.control.next_whenever().await.unwrap().unwrap();
            let told = frame.decode_if::<UserAvatars>().map(Result::unwrap);
            if told == Some(UserAvatars { avatars: vec![of(&ann, now)] }) {
                break;
            }
        }
        here.store().emoji.add(emoji(number)).await.unwrap();
        let version = here.store().emoji.set().await.unwrap().version;
        loop {
            let frame = b.control.next_whenever().await.unwrap().unwrap();
            let told = frame.decode_if::<EmojiVersion>().map(Result::unwrap);
            if told.is_some_and(|told| told.version.get() == version) {
                break;
            }
        }
    }
    nodes.close().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_answer_holds_up_nothing_else() {
    let server = rill_redis_process::Server::start(&rill_redis_process::Options::default()).unwrap();
    let nodes = crate::nodes_on_redis::Nodes::on(&[server.url()]).await;
    let [here, there] = &nodes.nodes[..] else { unreachable!("two nodes") };
    let (ann, bob) = (here.person("ann").await, there.person("bob").await);
    let now = set(here, &ann, Some(picture(1))).await;
    let mut b = there.attached(&bob).await;
    server.pause().unwrap();
    watch(&mut b, vec![ann.identity.user]).await;
    b.control.expect::<Done>().await;
    // It is being asked for ann, for seconds.
    for nonce in 0..3 {
        b.control.send(&Ping { nonce }).await;
        let soon = std::time::Duration::from_secs(2);
        let pong = tokio::time::timeout(soon, b.control.expect::<Pong>()).await;
        assert_eq!(pong.expect("other answers do not wait").nonce, nonce);
    }
    server.resume().unwrap();
    loop {
        let frame = b.control.next_whenever().await.unwrap().unwrap();
        if let Some(told) = frame.decode_if::<UserAvatars>() {
            assert_eq!(told.unwrap(), UserAvatars { avatars: vec![of(&ann, now)] });
            break;
        }
    }
    nodes.close().await;
}
