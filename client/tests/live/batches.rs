//! Batches over every transport, and over a kill of the server in their midst.

use rill_client::TransportKind;
use rill_protocol::{Code, limits};

use super::{
    reader::Reader,
    server::{Server, within},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_in_the_log_once_and_as_one_whatever_happens_to_the_server() {
    let mut server = Server::start();
    let (reading, events) = server.client("user2", TransportKind::WebSocket).await;
    let room = within(60, reading.create_room("r")).await.unwrap().id;
    let mut reader = Reader::new(events, room);
    let mut writers = Vec::new();
    for kind in [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket] {
        let (client, events) = server.client("user1", kind).await;
        within(60, client.join(room)).await.unwrap();
        writers.push((kind, client, events));
    }
    let mut receipts = Vec::new();
    for (kind, client, _) in &writers {
        for round in 0..5 {
            let texts = (0..limits::BATCH_POSTS_MAX).map(|number| format!("{kind} {round} {number}"));
            receipts.push(client.post_batch(room, texts).await.unwrap());
        }
    }
    reader.read(limits::BATCH_POSTS_MAX, 60).await;
    server.kill();
    server.start_again();
    for receipt in receipts {
        let ids = receipt.client_ids.clone();
        let posted = within(60, receipt.posted()).await.unwrap();
        assert!(posted.iter().map(|posted| posted.client_id).eq(ids));
        assert!(posted.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq), "{posted:?}");
    }
    let all = 3 * 5 * limits::BATCH_POSTS_MAX;
    let texts = reader.read(all, 60).await;
    for (kind, ..) in &writers {
        let said = texts.iter().filter(|text| text.starts_with(kind.as_str()));
        let expected = (0..5).flat_map(|round| (0..limits::BATCH_POSTS_MAX).map(move |number| (round, number)));
        assert!(said.eq(&expected.map(|(round, number)| format!("{kind} {round} {number}")).collect::<Vec<_>>()));
    }
    reader.read_nothing_more(100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_cannot_be_is_not_taken() {
    let server = Server::start();
    let (client, _events) = server.client("user1", TransportKind::Quic).await;
    let room = within(60, client.create_room("r")).await.unwrap().id;
    let many = vec!["x"; limits::BATCH_POSTS_MAX + 1];
    let long = vec!["x".repeat(limits::TEXT_BYTES_MAX - 100); 2];
    let half = vec!["x".repeat(limits::TEXT_BYTES_MAX); 2];
    for (texts, code) in [
        (vec![], Code::EmptyText),
        (vec!["one".to_owned(), String::new()], Code::EmptyText),
        (many.into_iter().map(str::to_owned).collect(), Code::TooMany),
        (half, Code::TooMany),
    ] {
        let rill_client::Error::Refused(failure) = client.post_batch(room, texts).await.unwrap_err() else {
            panic!("not refused as {code}")
        };
        assert_eq!(failure.known(), Some(code));
    }
    assert_eq!(within(60, client.post_batch(room, long).await.unwrap().posted()).await.unwrap().len(), 2);
    assert!(client.flush(std::time::Duration::from_secs(60)).await);
}
