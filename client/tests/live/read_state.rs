//! Marks, counts, mentions, receipts, drafts and preferences, over every transport.

use rill_client::{Client, EntryKind, Event, Events, PreferencesChange, TransportKind};
use rill_protocol::{
    Code, RoomId,
    message::{Notify, ReadState},
};

use super::{
    heard::{KINDS, code, next, post},
    server::Server,
};

/// The next state of a room that holds.
async fn state(events: &mut Events, room: RoomId, holds: impl Fn(&ReadState) -> bool) -> ReadState {
    next(events, |event| match event {
        Event::Read(states) => states.into_iter().find(|state| state.room == room && holds(state)),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_knows_how_far_its_user_has_read_over_every_transport() {
    let server = Server::start();
    for kind in KINDS {
        let (ann, _ann_events) = server.client("user1", kind).await;
        let (bob, _bob_events) = server.client("user2", kind).await;
        let (_phone, mut phone) = server.client("user2", kind).await;
        let room = ann.create_room(format!("read {kind}")).await.unwrap().id;
        bob.join(room).await.unwrap();
        let who = bob.user().unwrap();
        let joined = next(&mut phone, |event| match event {
            Event::Entry(entry) if entry.room == room && entry.author == who && entry.kind == EntryKind::Joined => {
                Some(entry.seq)
            }
            _ => None,
        })
        .await;
        post(&ann, room, "one").await.unwrap();
        post(&ann, room, "two, @user2").await.unwrap();
        let last = post(&ann, room, "three @user3 @nobody").await.unwrap();

        let named = state(&mut phone, room, |state| state.mentions == 1).await;
        assert!(named.unread >= 2 && named.mark.get() <= joined, "{kind}: {named:?}");
        let read = bob.mark_read(room, last).await.unwrap();
        assert_eq!((read.mark.get(), read.unread, read.mentions), (last, 0, 0), "{kind}");
        let told = state(&mut phone, room, |state| state.version == read.version).await;
        assert_eq!(told, read, "{kind}");

        let back = bob.mark_unread(room, last - 1).await.unwrap();
        assert_eq!((back.mark.get(), back.unread, back.mentions), (last - 2, 2, 1), "{kind}");
        assert_eq!(state(&mut phone, room, |state| state.version == back.version).await, back, "{kind}");
        // A device that comes is told before anything else of the room.
        let (_late, mut late) = Client::connect(server.config("user2", kind)).await.unwrap();
        assert_eq!(state(&mut late, room, |_| true).await, back, "{kind}");
        // Who says something has read everything.
        let own = post(&bob, room, "four").await.unwrap();
        assert_eq!(bob.mark_read(room, last).await.unwrap().mark.get(), own, "{kind}");

        // user3 is no member, and was not named.
        let (eve, _eve_events) = server.client("user3", kind).await;
        assert_eq!(code(eve.mark_read(room, 1).await), Code::NotAMember.number());
        eve.join(room).await.unwrap();
        let back = eve.mark_unread(room, 1).await.unwrap();
        assert_eq!((back.unread, back.mentions), (4, 0), "{kind}");
        assert_eq!(code(eve.mark_read(room, own + 100).await), Code::NoSuchMark.number());
        eve.leave(room).await.unwrap();
        assert_eq!(code(eve.mark_read(room, own).await), Code::NotAMember.number());
        assert_eq!(code(eve.set_draft(room, "x").await), Code::NotAMember.number());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_hear_how_far_somebody_has_read_unless_they_hide_it() {
    let server = Server::start();
    let (ann, mut heard) = server.client("user1", TransportKind::Quic).await;
    let (bob, _bob_events) = server.client("user2", TransportKind::WebSocket).await;
    let room = ann.create_room("receipts").await.unwrap().id;
    bob.join(room).await.unwrap();
    let (bob_id, seq) = (bob.user().unwrap(), post(&ann, room, "read this").await.unwrap());
    bob.mark_read(room, seq).await.unwrap();

    ann.view(Some(room)).await.unwrap();
    let receipt = |wanted: u64| {
        move |event| match event {
            Event::Receipts { room: of, receipts } if of == room => {
                receipts.into_iter().find(|receipt| receipt.user == bob_id && receipt.seq.get() == wanted)
            }
            _ => None,
        }
    };
    next(&mut heard, receipt(seq)).await;
    let newer = post(&ann, room, "and this").await.unwrap();
    bob.mark_read(room, newer).await.unwrap();
    next(&mut heard, receipt(newer)).await;
    // What is unread again stays read for others.
    bob.mark_unread(room, seq).await.unwrap();
    let page = ann.receipts(room, None, 100).await.unwrap();
    assert_eq!(page.receipts.iter().map(|one| (one.user, one.seq.get())).collect::<Vec<_>>(), [(bob_id, newer)]);

    bob.hide_receipts(true).await.unwrap();
    assert_eq!(ann.receipts(room, None, 100).await.unwrap().receipts, []);
    bob.hide_receipts(false).await.unwrap();
    assert_eq!(ann.receipts(room, None, 100).await.unwrap().receipts.len(), 1);
    let (eve, _eve_events) = server.client("user3", TransportKind::Quic).await;
    assert_eq!(code(eve.receipts(room, None, 100).await), Code::NotAMember.number());
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_preferences_follow_the_user() {
    let server = Server::start();
    let (desk, _desk_events) = server.client("user1", TransportKind::Quic).await;
    let (_phone, mut phone) = server.client("user1", TransportKind::WebSocket).await;
    let room = desk.create_room("wishes").await.unwrap().id;
    let change = PreferencesChange { notify: Some(Notify::Mentions), pinned: Some(true), archived: None };
    desk.set_room_preferences(room, change).await.unwrap();
    let long = "溪".repeat(5_000);
    desk.set_draft(room, &long).await.unwrap();
    desk.hide_receipts(true).await.unwrap();
    let wishes = |event| match event {
        Event::RoomPreferences { room: of, notify, pinned, archived } if of == room => Some((notify, pinned, archived)),
        _ => None,
    };
    let draft = |event| match event {
        Event::Draft { room: of, text } if of == room => Some(text),
        _ => None,
    };
    assert_eq!(next(&mut phone, wishes).await, (Notify::Mentions, true, false));
    assert_eq!(next(&mut phone, draft).await, long);
    assert!(
        next(&mut phone, |event| match event {
            Event::ReceiptsHidden(hidden) => Some(hidden),
            _ => None,
        })
        .await
    );
    // Also of a device that has never been there.
    let (_new, mut new) = Client::connect(server.config("user1", TransportKind::WebTransport)).await.unwrap();
    assert_eq!(next(&mut new, wishes).await, (Notify::Mentions, true, false));
    assert_eq!(next(&mut new, draft).await, long);

    assert_eq!(code(desk.set_draft(room, "x".repeat(16_385)).await), Code::TextTooLong.number());
    desk.set_draft(room, "").await.unwrap();
    assert_eq!(next(&mut phone, draft).await, "");
    desk.leave(room).await.unwrap();
    assert_eq!(code(desk.set_room_preferences(room, change).await), Code::NotAMember.number());
}
