//! Messages and rooms that are removed, and people who are reported, over every transport.

use rill_client::{EntryKind, Event};
use rill_protocol::{
    Code,
    message::{Direction, MessageKind},
};

use super::{
    heard::{KINDS, code, next, post},
    server::Server,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_from_every_device_over_every_transport() {
    let server = Server::start();
    for kind in KINDS {
        let (ann, _ann_events) = server.client("user1", kind).await;
        let (bob, mut heard) = server.client("user2", kind).await;
        let room = ann.create_room(format!("removing {kind}")).await.unwrap().id;
        bob.join(room).await.unwrap();
        let slip = ann.post(room, "a slip").await.unwrap().posted().await.unwrap().seq;
        assert_eq!(code(bob.remove_message(room, slip).await), Code::RoleNeeded.number(), "{kind}");
        assert_eq!(code(bob.remove_message(room, slip + 9).await), Code::NoSuchMessage.number(), "{kind}");
        let author = ann.user().unwrap();
        bob.report(author, Some((room, slip)), "rude").await.unwrap();
        assert_eq!(code(bob.report(author, None, "").await), Code::BadReason.number(), "{kind}");
        ann.remove_message(room, slip).await.unwrap();
        ann.remove_message(room, slip).await.unwrap();
        let gone = next(&mut heard, |event| match event {
            Event::Entry(entry) if entry.room == room => match entry.kind {
                EntryKind::Deleted { target } => Some(target),
                _ => None,
            },
            _ => None,
        });
        assert_eq!(gone.await, slip, "{kind}");
        let page = bob.history(room, Direction::After, slip - 1, 10).await.unwrap();
        let lines: Vec<_> = page.messages.iter().map(|message| (message.kind, message.text.as_str())).collect();
        assert_eq!(lines, [(MessageKind::Erased, "")], "{kind}");
        assert_eq!(code(bob.report(author, Some((room, slip)), "rude").await), Code::NoSuchMessage.number(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_room_goes_from_every_device_over_every_transport() {
    let server = Server::start();
    for kind in KINDS {
        let (ann, mut own) = server.client("user1", kind).await;
        let (bob, mut heard) = server.client("user2", kind).await;
        let room = ann.create_room(format!("deleting {kind}")).await.unwrap().id;
        bob.join(room).await.unwrap();
        ann.post(room, "soon gone").await.unwrap().posted().await.unwrap();
        assert_eq!(code(bob.delete_room(room).await), Code::RoleNeeded.number(), "{kind}");
        ann.delete_room(room).await.unwrap();
        ann.delete_room(room).await.unwrap();
        for events in [&mut own, &mut heard] {
            let is_deletion = |event| match event {
                Event::Entry(entry) if entry.room == room && entry.kind == EntryKind::RoomDeleted => Some(()),
                _ => None,
            };
            next(events, is_deletion).await;
            next(events, |event| matches!(event, Event::RoomRemoved(gone) if gone == room).then_some(())).await;
        }
        for client in [&ann, &bob] {
            let deleted = Code::RoomDeleted.number();
            assert_eq!(code(post(client, room, "late").await), deleted, "{kind}");
            assert_eq!(code(client.history(room, Direction::Before, u64::MAX >> 11, 10).await), deleted, "{kind}");
            assert_eq!(code(client.members(room, None, 10).await), deleted, "{kind}");
            assert_eq!(code(client.join(room).await), deleted, "{kind}");
        }
        let listed = bob.rooms(None, 100).await.unwrap();
        assert!(listed.rooms.iter().all(|info| info.id != room), "{kind}");
    }
}
