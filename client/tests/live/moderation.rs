//! Messages that are removed, and people who are reported, over every transport.

use rill_client::{EntryKind, Event};
use rill_protocol::{
    Code,
    message::{Direction, MessageKind},
};

use super::{
    heard::{KINDS, code, next},
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
