//! A file of which no byte travels: only for who may read the same bytes already.

use bytes::Bytes;
use rill_client::TransportKind;
use rill_protocol::message::FileVariant;
use rill_server::files::service::limits::INSTANT_LOOK_MS;
use std::time::{Duration, Instant};

use crate::{
    client::{File, Reading, download, is_complete},
    server::Server,
};

over_each! {
    who_may_read_the_bytes_sends_none
    who_may_not_finds_out_nothing
    what_somebody_else_calls_the_bytes_is_told_to_nobody
}

async fn who_may_read_the_bytes_sends_none(kind: TransportKind) {
    let server = Server::start().await;
    let (mia, noa) = (server.person("mia").await, server.person("noa").await);
    let (mut sender, mut reader) = (mia.connect(&server, kind).await, noa.connect(&server, kind).await);
    let room = sender.create("files").await;
    reader.join(room).await;
    let other_room = reader.create("elsewhere").await;
    let file = File::random(room, 100_000);
    file.upload(&sender).await;
    let again = file.again(other_room);
    let uploaded = again.instantly(&reader).await.expect("she may read it");
    assert!(is_complete(&uploaded.state, 100_000));
    assert!(download(&reader, other_room, uploaded.seq).await.unwrap() == file.bytes);
    assert_eq!(again.instantly(&reader).await, Some(uploaded));
    assert_eq!(server.blob_files().1.len(), 1, "they are stored once");
    assert!(server.metrics().await.contains(r#"rill_uploads_ended_total{outcome="instant"} 1"#));
}

async fn who_may_not_finds_out_nothing(kind: TransportKind) {
    let server = Server::start().await;
    let (mia, noa) = (server.person("mia").await, server.person("noa").await);
    let (mut sender, mut prober) = (mia.connect(&server, kind).await, noa.connect(&server, kind).await);
    let room = sender.create("files").await;
    prober.join(room).await;
    let own = prober.create("own").await;
    let file = File::random(room, 100_000);
    file.upload(&sender).await;
    prober.leave(room).await;
    // As for bytes that nobody has: it is asked for all of them, and no sooner.
    let unknown = File::random(own, 100_000).again(own);
    let begun = Instant::now();
    unknown.begin(&prober).await.expect("bytes are wanted");
    assert!(begun.elapsed() >= Duration::from_millis(INSTANT_LOOK_MS), "{:?}", begun.elapsed());
    let again = file.again(own);
    let begun = Instant::now();
    let mut sending = again.begin(&prober).await.expect("bytes are wanted");
    assert!(begun.elapsed() >= Duration::from_millis(INSTANT_LOOK_MS), "{:?}", begun.elapsed());
    assert_eq!(sending.sent, 0);
    sending.up_to(100_000).await;
    let uploaded = sending.end().await.unwrap();
    assert!(is_complete(&uploaded.state, 100_000));
    assert!(download(&prober, own, uploaded.seq).await.unwrap() == file.bytes);
}

async fn what_somebody_else_calls_the_bytes_is_told_to_nobody(kind: TransportKind) {
    let server = Server::start().await;
    let (mia, noa) = (server.person("mia").await, server.person("noa").await);
    let (mut first, mut second) = (mia.connect(&server, kind).await, noa.connect(&server, kind).await);
    let room = first.create("files").await;
    let own = second.create("own").await;
    let text = Bytes::from_static(b"some words that both have");
    let (words, data) = (File::new(room, "words.txt", text.clone()), File::new(own, "words.bin", text.clone()));
    assert_eq!(words.upload(&first).await.state.media_type, "text/plain; charset=utf-8");
    let uploaded = data.upload(&second).await;
    assert_eq!(uploaded.state.media_type, "application/octet-stream");
    let mut reading = Reading::open(&second).await;
    reading.ask(own, uploaded.seq, FileVariant::Original, 0..9).await;
    assert_eq!(reading.start().await.unwrap().media_type, "application/octet-stream");
    // Nor is what one calls them oneself, in another place.
    let mut again = data.again(room);
    again.start.name = "words.bin".into();
    assert_eq!(again.instantly(&first).await.unwrap().state.media_type, "application/octet-stream");
}
