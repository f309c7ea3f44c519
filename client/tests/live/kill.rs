//! The server is killed in the middle of a conversation and started again: everybody
//! goes on by themselves, nothing is lost, nothing is doubled.

use rill_client::{Client, TransportKind};
use rill_protocol::RoomId;
use std::collections::HashSet;

use super::{
    reader::Reader,
    server::{Server, within},
};

/// QUIC hears of a killed server by silence, so this is more than its idle timeout.
const COMEBACK_S: u64 = 60;

async fn say(client: &Client, room: RoomId, texts: &[String]) {
    for text in texts {
        client.post(room, text.clone()).await.expect("it is taken");
    }
}

fn numbered(who: &str, from: usize, to: usize) -> Vec<String> {
    (from..to).map(|number| format!("{who} {number}")).collect()
}

/// Each of `who`'s messages once, and in the order in which they were said.
fn check_order(texts: &[String], who: &str, count: usize) {
    let said: Vec<&String> = texts.iter().filter(|text| text.starts_with(who)).collect();
    let expected = numbered(who, 0, count);
    assert_eq!(said, expected.iter().collect::<Vec<_>>());
}

async fn survive(first: TransportKind, second: TransportKind, third: TransportKind) {
    let mut server = Server::start();
    let (one, events_one) = server.client("user1", first).await;
    let (two, events_two) = server.client("user2", second).await;
    let (three, events_three) = server.client("user3", third).await;
    let room = within(60, one.create_room("技术交流")).await.expect("a room");
    for guest in [&two, &three] {
        let joined = within(60, guest.join(room.id)).await.expect("joined");
        assert!(joined.joined);
    }
    let mut readers = [events_one, events_two, events_three].map(|events| Reader::new(events, room.id));

    say(&one, room.id, &numbered("one", 0, 20)).await;
    say(&two, room.id, &numbered("two", 0, 20)).await;
    for reader in &mut readers {
        reader.read(40, 60).await;
    }
    // More is under way at the moment of the kill, and more is said while nobody listens.
    say(&one, room.id, &numbered("one", 20, 60)).await;
    server.kill();
    say(&two, room.id, &numbered("two", 20, 60)).await;
    server.start_again();
    for reader in &mut readers {
        reader.read(120, COMEBACK_S).await;
    }
    say(&one, room.id, &numbered("one", 60, 70)).await;
    say(&two, room.id, &numbered("two", 60, 70)).await;
    for reader in &mut readers {
        let texts = reader.read(140, 60).await;
        assert_eq!(texts.iter().collect::<HashSet<_>>().len(), 140, "each once");
        check_order(texts, "one", 70);
        check_order(texts, "two", 70);
    }
    assert_eq!(readers[0].texts, readers[2].texts, "one order for everybody");
    for reader in &mut readers {
        reader.read_nothing_more(200).await;
        assert_eq!(reader.bases.len(), 1, "nothing had to be skipped");
    }
    assert_eq!((one.queued(), two.queued()), (0, 0));
    within(60, async { tokio::join!(one.close(), two.close(), three.close()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_survives_a_kill_over_quic() {
    survive(TransportKind::Quic, TransportKind::Quic, TransportKind::Quic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_survives_a_kill_over_webtransport() {
    survive(TransportKind::WebTransport, TransportKind::WebTransport, TransportKind::WebTransport).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_survives_a_kill_over_websocket() {
    survive(TransportKind::WebSocket, TransportKind::WebSocket, TransportKind::WebSocket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_survives_a_kill_over_all_of_them() {
    survive(TransportKind::WebTransport, TransportKind::WebSocket, TransportKind::Quic).await;
}
