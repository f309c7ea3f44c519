//! Chats of two, and what has arrived in them, over every transport.

use rill_client::{EntryKind, Event, Events, TransportKind};
use rill_protocol::{
    Code, RoomId,
    message::{RoomDetail, RoomKind, RoomSetting},
};

use super::{
    heard::{KINDS, code, next, post},
    server::Server,
};

/// What a chat is, as soon as it is told and holds.
async fn detail(events: &mut Events, room: RoomId, holds: impl Fn(&RoomDetail) -> bool) -> RoomDetail {
    next(events, |event| match event {
        Event::RoomDetails(details) => details.into_iter().find(|detail| detail.room == room && holds(detail)),
        _ => None,
    })
    .await
}

/// Until the other one has it.
async fn arrived(events: &mut Events, room: RoomId, seq: u64) {
    next(events, |event| match event {
        Event::Delivered(rooms) => rooms.iter().any(|of| of.room == room && of.seq.get() >= seq).then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_talk_alone_and_know_what_has_arrived_over_every_transport() {
    let server = Server::start();
    let mut room = None;
    for kind in KINDS {
        let (ann, mut anns) = server.client("user1", kind).await;
        let (bob, mut bobs) = server.client("user2", kind).await;
        let (ann_is, bob_is) = (ann.user().unwrap(), bob.user().unwrap());
        let (here, there) = tokio::join!(ann.open_private_chat(bob_is), bob.open_private_chat(ann_is));
        let (here, there) = (here.unwrap(), there.unwrap());
        assert_eq!((here.id, here.name.as_str(), there.name.as_str()), (there.id, "user2", "user1"));
        let chat = *room.get_or_insert(here.id);
        assert_eq!(chat, here.id, "it is the same one over every transport");
        for (events, other) in [(&mut anns, bob_is), (&mut bobs, ann_is)] {
            let of = detail(events, chat, |_| true).await;
            assert_eq!((of.kind, of.with, of.closed), (RoomKind::Private, Some(other), false));
        }
        let seq = post(&ann, chat, "only you").await.unwrap();
        next(&mut bobs, |event| match event {
            Event::Entry(entry) if entry.room == chat && entry.seq == seq => Some(entry.kind),
            _ => None,
        })
        .await;
        // Nobody says so: the client does by itself.
        arrived(&mut anns, chat, seq).await;
        // Also to a device that comes later.
        let (_phone, mut phone) = server.client("user1", kind).await;
        arrived(&mut phone, chat, seq).await;

        assert_eq!(code(ann.leave(chat).await), Code::PrivateChat.number());
        assert_eq!(code(bob.change_room(chat, RoomSetting::Name, "x", 0).await), Code::PrivateChat.number());
        let (eve, _eves) = server.client("user3", kind).await;
        assert_eq!(code(eve.join(chat).await), Code::NoSuchRoom.number());
        assert!(eve.rooms(None, 100).await.unwrap().rooms.iter().all(|room| room.id != chat));

        bob.set_block(ann_is, true).await.unwrap();
        detail(&mut anns, chat, |of| of.closed).await;
        assert_eq!(code(post(&ann, chat, "are you there?").await), Code::RoomClosed.number());
        bob.set_block(ann_is, false).await.unwrap();
        detail(&mut anns, chat, |of| !of.closed).await;
        post(&ann, chat, "again").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_somebody_was_away_has_arrived_when_they_come_also_after_a_restart() {
    let mut server = Server::start();
    let (ann, mut anns) = server.client("user1", TransportKind::Quic).await;
    let bob_is = ann.find_people("user2", None, 5).await.unwrap().people.remove(0).user;
    let chat = ann.open_private_chat(bob_is).await.unwrap().id;
    let seq = post(&ann, chat, "for later").await.unwrap();
    let (bob, mut bobs) = server.client("user2", TransportKind::WebSocket).await;
    arrived(&mut anns, chat, seq).await;
    bob.close().await;
    while bobs.next().await.is_some() {}
    server.stop();
    server.start_again();
    // Nobody else is there, and it is known still.
    let (_ann, mut again) = server.client("user1", TransportKind::WebSocket).await;
    arrived(&mut again, chat, seq).await;
    let entry = next(&mut again, |event| match event {
        Event::Entry(entry) if entry.room == chat && entry.seq == seq => Some(entry.kind),
        _ => None,
    });
    assert_eq!(entry.await, EntryKind::Posted { text: "for later".into() });
}
