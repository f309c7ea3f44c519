//! Senders that break the rules: each hears the code that says which, and only what cannot
//! be mended ends the transfer.

use rill_client::TransportKind;
use rill_protocol::{
    id::FileDigest,
    message::{Attach, GetFile, StartUpload},
};

use crate::{
    client::{File, download, random},
    server::Server,
};

over_each! {
    an_offset_that_does_not_follow_is_mended_by_beginning_again
    more_or_fewer_bytes_than_declared_end_it
    another_digest_ends_it
    frames_out_of_place_end_the_stream
}

const LENGTH: usize = 2 << 20;

async fn an_offset_that_does_not_follow_is_mended_by_beginning_again(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, LENGTH);
    // Ahead, behind, and past the credit.
    for (from, offset) in [(100_000, 100_001), (300_000, 299_999), (0, 0)] {
        let mut sending = file.begin(&session).await.unwrap();
        if from > 0 {
            let from = from.max(sending.sent);
            sending.up_to(from as usize).await;
            sending.chunk(offset.max(from - 1) + u64::from(offset > from), random(100)).await;
        } else {
            // All that there is, at once and without waiting for credit.
            let (mut at, rest) = (sending.sent, file.bytes.clone());
            while at < rest.len() as u64 {
                let until = (at + 65_536).min(rest.len() as u64);
                if !sending.chunk(at, rest.slice(at as usize..until as usize)).await {
                    break;
                }
                at = until;
            }
            // It may have been granted meanwhile.
            if at < rest.len() as u64 {
                assert_eq!(sending.stream.refusal().await, "file_offset_wrong");
            }
            continue;
        }
        assert_eq!(sending.stream.refusal().await, "file_offset_wrong");
    }
    let mut sending = file.begin(&session).await.unwrap();
    sending.up_to(LENGTH).await;
    let uploaded = sending.end().await.unwrap();
    assert!(download(&session, room, uploaded.seq).await.unwrap() == file.bytes);
}

async fn more_or_fewer_bytes_than_declared_end_it(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let fewer = File::random(room, LENGTH);
    let mut sending = fewer.begin(&session).await.unwrap();
    sending.up_to(LENGTH - 1).await;
    let seq = sending.at.seq;
    assert_eq!(sending.end().await.unwrap_err(), "file_size_wrong");
    assert_eq!(fewer.begin(&session).await.err().unwrap(), "file_size_wrong");
    assert_eq!(download(&session, room, seq).await.unwrap_err(), "no_such_file");
    let more = File::random(room, 100);
    let mut sending = more.begin(&session).await.unwrap();
    sending.chunk(0, random(101)).await;
    assert_eq!(sending.stream.refusal().await, "file_size_wrong");
    assert_eq!(server.blob_files(), (vec![], vec![]));
}

async fn another_digest_ends_it(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, LENGTH);
    let mut sending = file.begin(&session).await.unwrap();
    sending.up_to(LENGTH).await;
    let seq = sending.at.seq;
    assert_eq!(sending.end_with(FileDigest([7; 32])).await.unwrap_err(), "file_digest_wrong");
    assert_eq!(file.begin(&session).await.err().unwrap(), "file_digest_wrong");
    assert_eq!(download(&session, room, seq).await.unwrap_err(), "no_such_file");
    assert_eq!(server.blob_files(), (vec![], vec![]));
    let metrics = server.metrics().await;
    assert!(metrics.contains(r#"rill_uploads_ended_total{outcome="file_digest_wrong"} 1"#), "{metrics}");
}

async fn frames_out_of_place_end_the_stream(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, LENGTH);
    let stray = Attach { request: 1, user_epoch: Default::default(), user_seq: Default::default() };
    let mut stream = session.open().await;
    stream.send(&rill_protocol::message::Upload {}).await;
    stream.send(&stray).await;
    assert_eq!(stream.refusal().await, "unexpected_frame");
    let mut sending = file.begin(&session).await.unwrap();
    sending.up_to(100_000).await;
    sending.stream.send(&stray).await;
    assert_eq!(sending.stream.refusal().await, "unexpected_frame");
    let mut sending = file.begin(&session).await.unwrap();
    sending.stream.send::<StartUpload>(&file.start).await;
    assert_eq!(sending.stream.refusal().await, "unexpected_frame");
    let mut stream = session.open().await;
    stream.send(&rill_protocol::message::Download {}).await;
    stream.send(&stray).await;
    assert_eq!(stream.refusal().await, "unexpected_frame");
    let get = GetFile {
        request: 2,
        room,
        seq: 1_u32.into(),
        variant: rill_protocol::message::FileVariant::Original,
        offset: 0_u32.into(),
        length: 1_u32.into(),
    };
    // The stream of downloads goes on behind a refusal.
    stream.send(&get).await;
    assert_eq!(stream.refusal().await, "no_such_file");
    // And so does the upload.
    assert!(file.begin(&session).await.is_ok());
}
