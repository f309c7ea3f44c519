//! The server is asked to end in the midst of a talk, and started again: everybody is told,
//! and goes on by themselves; nothing is lost, nothing is doubled.

use rill_client::{Client, TransportKind};
use rill_protocol::RoomId;
use std::collections::HashSet;
use tokio::task::JoinSet;

use super::{
    reader::Reader,
    server::{Server, within},
};

const MESSAGES: usize = 150;

/// Says one thing after the other, each when the one before is on disk: there is always one
/// under way.
async fn talk(client: Client, room: RoomId, who: &'static str, from: usize, to: usize) {
    for number in from..to {
        let receipt = client.post(room, format!("{who} {number}")).await.unwrap();
        receipt.posted().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_talk_goes_on_over_a_server_that_is_asked_to_end() {
    let mut server = Server::start();
    let kinds = [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket];
    let (mut clients, mut readers, mut room) = (Vec::new(), Vec::new(), None);
    for (who, kind) in ["user1", "user2", "user3"].into_iter().zip(kinds) {
        let (client, events) = server.client(who, kind).await;
        let room = match room {
            Some(room) => within(60, client.join(room)).await.unwrap().id,
            None => *room.insert(within(60, client.create_room("r")).await.unwrap().id),
        };
        readers.push(Reader::new(events, room));
        clients.push((who, client, room));
    }
    let mut talking = JoinSet::new();
    for (who, client, room) in &clients {
        talking.spawn(talk(client.clone(), *room, who, 0, MESSAGES));
    }
    readers[0].read(MESSAGES / 2, 60).await;
    let status = tokio::task::block_in_place(|| server.stop());
    assert!(status.success(), "{status}");
    server.start_again();
    within(120, async { while talking.join_next().await.transpose().unwrap().is_some() {} }).await;
    for reader in &mut readers {
        let texts = reader.read(3 * MESSAGES, 60).await;
        assert_eq!(texts.iter().collect::<HashSet<_>>().len(), 3 * MESSAGES, "each once");
        for (who, ..) in &clients {
            let said = texts.iter().filter(|text| text.starts_with(who));
            assert!(said.eq(&(0..MESSAGES).map(|number| format!("{who} {number}")).collect::<Vec<_>>()), "{texts:?}");
        }
        reader.was_told_goodbye();
        reader.read_nothing_more(100).await;
        assert_eq!(reader.bases.len(), 1, "nothing had to be skipped");
    }
    assert!(readers.windows(2).all(|pair| pair[0].texts == pair[1].texts), "one order for everybody");
    let closing = clients.iter().map(|(_, client, _)| client.close());
    within(60, async { futures_util::future::join_all(closing).await }).await;
}
