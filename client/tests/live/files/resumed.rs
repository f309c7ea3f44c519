//! Transfers that outlive a server, a program and a transport.

use rill_client::{
    Config, TransportKind,
    files::{Download, Phase, Throttle, Upload},
};

use super::{
    super::server::{Server, within},
    Files, again, digest, done, reached, sent,
};

const KINDS: [TransportKind; 3] = [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket];
const SIZE: usize = 3_000_000;
const SLOWLY: u64 = 4_000_000;
/// What must be cut in the middle: from the first of its seconds on, the cut has the others.
const LONG: usize = 16_000_000;
const A_SECOND: u64 = 1_000_000;
/// So that the rest is still seen to go.
const THE_REST: u64 = 8_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_goes_on_by_itself_when_the_server_is_back() {
    let (mut server, files) = (Server::start(), Files::new());
    for kind in KINDS {
        let (client, _events) = server.client("user1", kind).await;
        let room = within(60, client.create_room(kind.as_str())).await.unwrap().id;
        let path = files.random(&format!("{kind}"), SIZE);
        let upload = Upload::new(room, &path).throttle(Throttle::new(SLOWLY));
        let handle = client.upload(upload).await.unwrap();
        let seq = reached(handle.watch(), SIZE as u64 / 3).await.seq;
        tokio::task::block_in_place(|| server.kill());
        server.start_again();
        let file = done(&handle).await;
        assert_eq!(Some(file.seq), seq, "the same message");

        let into = files.path(&format!("{kind} back"));
        let download = Download::new(room, file.seq, &into).throttle(Throttle::new(SLOWLY));
        let handle = client.download(download);
        reached(handle.watch(), SIZE as u64 / 3).await;
        tokio::task::block_in_place(|| server.kill());
        server.start_again();
        within(120, handle.done()).await.unwrap();
        assert_eq!(digest(&into), digest(&path), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_process_goes_on_where_the_last_one_was_on_another_transport() {
    let (server, files) = (Server::start(), Files::new());
    let config = |kind| Config {
        outbox: Some(files.path("outbox.json")),
        resumed_throttle: Some(Throttle::new(THE_REST)),
        ..server.config("user1", kind)
    };
    for (number, kind) in KINDS.into_iter().enumerate() {
        let (client, _events) = again(&config(kind)).await;
        let room = within(60, client.create_room(kind.as_str())).await.unwrap().id;
        let path = files.random(kind.as_str(), LONG);
        let handle = client.upload(Upload::new(room, &path).throttle(Throttle::new(A_SECOND))).await.unwrap();
        let before = reached(handle.watch(), A_SECOND).await;
        within(60, client.close()).await;
        assert!(within(60, handle.done()).await.is_err(), "it did not come so far");
        drop(client);

        let (client, _events) = again(&config(KINDS[(number + 1) % KINDS.len()])).await;
        let [second] = &client.uploads()[..] else { panic!("{:?}", client.uploads()) };
        assert_eq!((second.transfer, second.name.as_str()), (handle.transfer, kind.as_str()));
        // The first word of the server: what it has.
        let mut progress = second.watch();
        let has_begun = |now: &rill_client::files::Progress| matches!(now.phase, Phase::Moving | Phase::Over);
        let first = *within(60, progress.wait_for(has_begun)).await.unwrap();
        assert!(first.durable_bytes >= before.durable_bytes && first.seq == before.seq, "{first:?}, {before:?}");
        let file = done(second).await;
        assert_eq!(Some(file.seq), before.seq, "the same message");
        let into = files.path("back");
        within(60, client.download(Download::new(room, file.seq, &into)).done()).await.unwrap();
        assert_eq!(digest(&into), digest(&path));
        assert!(client.uploads().is_empty());
        within(60, client.close()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_in_the_next_process_and_a_part_of_another_file_is_left_alone() {
    let (server, files) = (Server::start(), Files::new());
    let (client, _events) = server.client("user1", TransportKind::WebSocket).await;
    let room = within(60, client.create_room("r")).await.unwrap().id;
    let (a, b) = (files.random("a", LONG), files.random("b", SIZE));
    let (first, second) = (sent(&client, room, &a).await, sent(&client, room, &b).await);
    let into = files.path("back");
    let slowly = Download::new(room, first.seq, &into).throttle(Throttle::new(A_SECOND));
    let handle = client.download(slowly);
    let before = reached(handle.watch(), A_SECOND).await;
    within(60, client.close()).await;
    assert!(within(60, handle.done()).await.is_err());

    let (client, _events) = server.client("user1", TransportKind::Quic).await;
    let other = client.download(Download::new(room, second.seq, &into));
    within(60, other.done()).await.unwrap();
    assert_eq!(digest(&into), digest(&b));
    let handle = client.download(Download::new(room, first.seq, &into));
    let mut progress = handle.watch();
    let first_word = *within(60, progress.wait_for(|now| now.durable_bytes > 0)).await.unwrap();
    assert!(first_word.durable_bytes >= before.durable_bytes, "{first_word:?}, {before:?}");
    within(60, handle.done()).await.unwrap();
    assert_eq!(digest(&into), digest(&a));
}
