//! The address of a client's machine changes in the midst of a talk, and the client is told: over
//! QUIC the session goes on, over the others it is resumed; nothing is lost, nothing is doubled.

use rill_client::{Client, TransportKind};
use rill_protocol::RoomId;

use super::{
    reader::Reader,
    server::{Server, within},
};

const MESSAGES: usize = 40;

async fn say(client: &Client, room: RoomId, from: usize, to: usize) {
    for number in from..to {
        let receipt = client.post(room, format!("said {number}")).await.unwrap();
        within(60, receipt.posted()).await.unwrap();
    }
}

async fn move_to_another_address(kind: TransportKind, reconnects: usize) {
    let server = Server::start();
    let (mover, events) = server.client("user1", kind).await;
    let (other, others_events) = server.client("user2", TransportKind::WebSocket).await;
    let room = within(60, mover.create_room("r")).await.unwrap().id;
    within(60, other.join(room)).await.unwrap();
    let mut readers = [Reader::new(events, room), Reader::new(others_events, room)];
    say(&other, room, 0, MESSAGES).await;
    readers[0].read(MESSAGES, 60).await;
    for half in 1..3 {
        mover.rebind().await.unwrap();
        // It listens first, and speaks later: both must find the new way.
        say(&other, room, (2 * half - 1) * MESSAGES, 2 * half * MESSAGES).await;
        readers[0].read(2 * half * MESSAGES, 60).await;
        say(&mover, room, 2 * half * MESSAGES, (2 * half + 1) * MESSAGES).await;
        readers[0].read((2 * half + 1) * MESSAGES, 60).await;
    }
    for reader in &mut readers {
        let texts = reader.read(5 * MESSAGES, 60).await;
        assert!(texts.iter().eq(&(0..5 * MESSAGES).map(|number| format!("said {number}")).collect::<Vec<_>>()));
        assert_eq!(reader.bases.len(), 1, "nothing had to be skipped");
    }
    assert_eq!(readers[0].endings.len(), reconnects, "{kind}: {:?}", readers[0].endings);
    for client in [&mover, &other] {
        within(60, client.close()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quic_session_goes_on_from_another_address() {
    move_to_another_address(TransportKind::Quic, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webtransport_session_is_resumed_from_another_address() {
    move_to_another_address(TransportKind::WebTransport, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_session_is_resumed_from_another_address() {
    move_to_another_address(TransportKind::WebSocket, 2).await;
}
