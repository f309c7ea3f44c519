//! A store that is older than its log was: clients are told that the epoch is another one,
//! over every transport, and go on in it.

use rill_client::{Event, Events, TailCause, TransportKind};
use rill_protocol::RoomId;
use std::{fs, path::Path};

use super::server::{Server, within};

/// Everything of a store but its record of how far its logs had come.
const FOLDERS: [&str; 3] = ["sled", "fjall", "journal"];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn replace(from: &Path, to: &Path) {
    for folder in FOLDERS.map(Path::new) {
        let _ = fs::remove_dir_all(to.join(folder));
        if from.join(folder).exists() {
            copy(&from.join(folder), &to.join(folder));
        }
    }
}

/// Why the next tail of the room begins.
async fn next_tail(events: &mut Events, room: RoomId) -> TailCause {
    within(60, async {
        loop {
            if let Event::Tail { room: of, cause, .. } = events.next().await.expect("it lives")
                && of == room
            {
                return cause;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_put_back_is_another_one_and_everybody_is_told() {
    let mut server = Server::start();
    let kinds = [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket];
    let (mut clients, mut room) = (Vec::new(), None);
    for (who, kind) in ["user1", "user2", "user3"].into_iter().zip(kinds) {
        let (client, mut events) = server.client(who, kind).await;
        let room = match room {
            Some(room) => within(60, client.join(room)).await.unwrap().id,
            None => *room.insert(within(60, client.create_room("r")).await.unwrap().id),
        };
        assert_eq!(next_tail(&mut events, room).await, TailCause::Started);
        clients.push((client, events, room));
    }
    let older = tempfile::tempdir().unwrap();
    tokio::task::block_in_place(|| server.stop());
    replace(&server.data(), older.path());
    server.start_again();
    let (writer, _, room) = &clients[0];
    let room = *room;
    let lost = within(60, writer.post(room, "lost").await.unwrap().posted()).await.unwrap();
    tokio::task::block_in_place(|| server.stop());
    replace(older.path(), &server.data());
    server.start_again();
    for (_, events, room) in &mut clients {
        assert_eq!(next_tail(events, *room).await, TailCause::EpochChanged);
    }
    let (writer, ..) = &clients[0];
    let next = within(60, writer.post(room, "in another log").await.unwrap().posted()).await.unwrap();
    assert_ne!(next.epoch, lost.epoch);
    assert_eq!(next.seq, lost.seq, "the place of what was lost");
}
