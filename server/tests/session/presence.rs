//! Who is there.

use rill_protocol::{Code, message::*};

use crate::world::World;

#[tokio::test]
async fn watchers_see_people_come_and_go() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    let request = a.request();
    a.control.send(&WatchPresence { request, users: vec![bob.identity.user, bob.identity.user] }).await;
    let state = async |a: &mut crate::peer::Peer| {
        let presence: Presence = a.control.expect().await;
        assert_eq!(presence.slots.len(), 1);
        (presence.slots[0].state, presence.slots[0].version)
    };
    let (offline, v0) = state(&mut a).await;
    let b1 = world.attached(&bob).await;
    let (online, v1) = state(&mut a).await;
    assert_eq!((offline, online), (PresenceState::Offline, PresenceState::Online));
    assert!(v1 > v0);

    // A second device changes nothing; the last one to go does.
    let b2 = world.attached(&bob).await;
    b1.client.close(Code::Normal, "");
    assert!(a.control.is_silent().await);
    b2.client.close(Code::Normal, "");
    let (gone, v2) = state(&mut a).await;
    assert_eq!(gone, PresenceState::Offline);
    assert!(v2 > v1);
}

#[tokio::test]
async fn members_are_listed_with_their_presence() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let mut a = world.attached(&ann).await;
    let request = a.request();
    let page: MemberPage = a.ask(&ListMembers { request, room, after: None, limit: 10 }).await.unwrap();
    let mut members: Vec<_> = page.members.iter().map(|member| (member.name.as_str(), member.online)).collect();
    members.sort_unstable();
    assert_eq!(members, [("ann", true), ("bob", false)]);

    let request = a.request();
    let users = vec![bob.identity.user, Default::default()];
    let users: Users = a.ask(&GetUsers { request, users }).await.unwrap();
    assert_eq!(users.users, [UserInfo { id: bob.identity.user, name: "bob".into() }]);
}
