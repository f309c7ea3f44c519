//! Groups as an application runs them: roles, invitations, links and settings, over every
//! transport.

use rill_client::{EntryKind, Event, Events, NewGroup};
use rill_protocol::{
    Code, RoomId, UserId,
    message::{
        MemberAction, OutsideList, RoomAccess, RoomChange, RoomDetail, RoomHistory, RoomKind, RoomRole, RoomSetting,
    },
};

use super::{
    heard::{KINDS, code, next, post},
    server::Server,
};

async fn invited(events: &mut Events, room: RoomId) -> String {
    next(events, |event| match event {
        Event::Invited { room: of, by_name, .. } if of.id == room => Some(by_name),
        _ => None,
    })
    .await
}

async fn detail(events: &mut Events, room: RoomId) -> RoomDetail {
    next(events, |event| match event {
        Event::RoomDetails(details) => details.into_iter().find(|detail| detail.room == room),
        _ => None,
    })
    .await
}

/// The next change of a setting, as an entry of the room.
async fn changed(events: &mut Events, room: RoomId, wanted: RoomSetting) -> RoomChange {
    next(events, |event| match event {
        Event::Entry(entry) if entry.room == room => match entry.kind {
            EntryKind::RoomChange(change) if change.setting == wanted => Some(change),
            _ => None,
        },
        _ => None,
    })
    .await
}

/// The next time that something is done to somebody.
async fn done_to(events: &mut Events, room: RoomId, who: UserId, wanted: MemberAction) {
    next(events, |event| match event {
        Event::Entry(entry) if entry.room == room => match entry.kind {
            EntryKind::MemberChange(change) => (change.user == who && change.action == wanted).then_some(()),
            _ => None,
        },
        _ => None,
    })
    .await;
}

fn group(name: String) -> NewGroup {
    NewGroup { name, topic: "a topic".into(), access: RoomAccess::Invited, history: RoomHistory::Start }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_invited_decline_come_in_and_run_the_group_over_every_transport() {
    let server = Server::start();
    for kind in KINDS {
        let (ann, mut anns) = server.client("user1", kind).await;
        let (bob, mut bobs) = server.client("user2", kind).await;
        let (ann_is, bob_is) = (ann.user().unwrap(), bob.user().unwrap());
        let made = ann.create_group(group(format!("run {kind}"))).await.unwrap();
        let room = made.id;
        let of = detail(&mut anns, room).await;
        assert_eq!(
            (of.kind, of.role, of.owner, of.topic.as_str()),
            (RoomKind::Group, RoomRole::Owner, ann_is, "a topic")
        );

        assert_eq!(code(bob.join(room).await), Code::NoSuchRoom.number());
        ann.change_member(room, bob_is, MemberAction::Invite).await.unwrap();
        assert_eq!(invited(&mut bobs, room).await, "user1");
        let outside = ann.outside(room, OutsideList::Invited, None, 10).await.unwrap();
        assert_eq!((outside.people[0].user, outside.people[0].by, outside.more), (bob_is, ann_is, false));
        bob.decline(room).await.unwrap();
        next(&mut bobs, |event| matches!(event, Event::InvitationGone(of) if of == room).then_some(())).await;
        done_to(&mut anns, room, bob_is, MemberAction::Uninvite).await;
        assert_eq!(ann.outside(room, OutsideList::Invited, None, 10).await.unwrap().people, []);
        ann.change_member(room, bob_is, MemberAction::Invite).await.unwrap();
        invited(&mut bobs, room).await;
        assert_eq!(bob.join(room).await.unwrap().members, 2);

        // A member runs nothing; an admin does.
        assert_eq!(code(bob.change_room(room, RoomSetting::Name, "x", 0).await), Code::RoleNeeded.number());
        assert_eq!(code(bob.make_room_link(room, 1, 600).await), Code::RoleNeeded.number());
        ann.change_member(room, bob_is, MemberAction::Promote).await.unwrap();
        bob.change_room(room, RoomSetting::Name, "改名", 0).await.unwrap();
        assert_eq!(changed(&mut anns, room, RoomSetting::Name).await.text, "改名");
        let roles = async {
            ann.members(room, None, 10).await.unwrap();
            next(&mut anns, |event| match event {
                Event::MemberRoles(roles) => Some(roles),
                _ => None,
            })
            .await
        };
        let mut roles: Vec<_> = roles.await.into_iter().map(|of| (of.user, of.role)).collect();
        roles.sort_unstable_by_key(|(user, _)| *user != ann_is);
        assert_eq!(roles, [(ann_is, RoomRole::Owner), (bob_is, RoomRole::Admin)]);

        // Whoever owns it stays until somebody else does.
        assert_eq!(code(ann.leave(room).await), Code::OwnerStays.number());
        assert_eq!(code(bob.change_member(room, ann_is, MemberAction::Remove).await), Code::RoleNeeded.number());
        ann.change_member(room, bob_is, MemberAction::HandOver).await.unwrap();
        done_to(&mut bobs, room, bob_is, MemberAction::HandOver).await;
        bob.change_room(room, RoomSetting::Archived, "", 1).await.unwrap();
        assert_eq!(code(post(&ann, room, "x").await), Code::RoomArchived.number());
        bob.change_room(room, RoomSetting::Archived, "", 0).await.unwrap();
        post(&ann, room, "open again").await.unwrap();
        ann.leave(room).await.unwrap();
        next(&mut anns, |event| matches!(event, Event::RoomRemoved(of) if of == room).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_in_and_who_is_banned_stays_out_over_every_transport() {
    let server = Server::start();
    for kind in KINDS {
        let (ann, mut anns) = server.client("user1", kind).await;
        let (bob, mut bobs) = server.client("user2", kind).await;
        let (eve, mut eves) = server.client("user3", kind).await;
        let (bob_is, eve_is) = (bob.user().unwrap(), eve.user().unwrap());
        let name = format!("links {kind}");
        let room = ann.create_group(group(name.clone())).await.unwrap().id;
        post(&ann, room, "before").await.unwrap();
        assert_eq!(code(ann.make_room_link(room, 0, 600).await), Code::BadRequest.number());
        let made = ann.make_room_link(room, 1, 600).await.unwrap();
        let links = ann.room_links(room).await.unwrap();
        assert_eq!((links.len(), &links[0].id, links[0].uses), (1, &made.link.id, 0));

        let looked = bob.open_room_link(&made.text, false).await.unwrap();
        assert_eq!((looked.name.as_str(), looked.joined), (name.as_str(), false));
        assert!(bob.open_room_link(&made.text, true).await.unwrap().joined);
        next(&mut bobs, |event| match event {
            Event::Entry(entry) if entry.room == room => {
                matches!(entry.kind, EntryKind::Posted { text } if text == "before").then_some(())
            }
            _ => None,
        })
        .await;
        assert_eq!(code(eve.open_room_link(&made.text, true).await), Code::BadRoomLink.number(), "it is used up");
        let taken_back = ann.make_room_link(room, 5, 600).await.unwrap();
        ann.revoke_room_link(room, &taken_back.link.id).await.unwrap();
        assert_eq!(code(eve.open_room_link(&taken_back.text, false).await), Code::BadRoomLink.number());
        changed(&mut anns, room, RoomSetting::LinkGone).await;

        ann.change_room(room, RoomSetting::Access, "", RoomAccess::Public.into()).await.unwrap();
        eve.join(room).await.unwrap();
        ann.change_member(room, eve_is, MemberAction::Ban).await.unwrap();
        next(&mut eves, |event| matches!(event, Event::RoomRemoved(of) if of == room).then_some(())).await;
        assert_eq!(code(eve.join(room).await), Code::BannedFromRoom.number());
        assert_eq!(code(post(&eve, room, "x").await), Code::NotAMember.number());
        let banned = ann.outside(room, OutsideList::Banned, None, 10).await.unwrap().people;
        assert_eq!(banned.iter().map(|of| of.user).collect::<Vec<_>>(), [eve_is]);
        ann.change_member(room, eve_is, MemberAction::Unban).await.unwrap();
        eve.join(room).await.unwrap();

        ann.change_room(room, RoomSetting::SlowMode, "", 3_600_000).await.unwrap();
        changed(&mut bobs, room, RoomSetting::SlowMode).await;
        ann.change_member(room, bob_is, MemberAction::Remove).await.unwrap();
        next(&mut bobs, |event| matches!(event, Event::RoomRemoved(of) if of == room).then_some(())).await;
        assert_eq!(code(post(&bob, room, "x").await), Code::NotAMember.number());
    }
}
