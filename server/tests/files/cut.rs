//! Uploads that are cut, in whatever way, and go on from what is safe.

use rill_client::TransportKind;
use rill_protocol::{Code, message::CancelUpload};
use std::time::Duration;

use crate::{
    client::{File, download, is_complete},
    server::{Server, fresh},
};

over_each! {
    a_cut_upload_goes_on_over_another_transport
    a_restart_in_the_middle_loses_nothing_that_was_safe
    the_stream_that_came_last_goes_on
    a_cancelled_one_leaves_nothing
}

const LENGTH: usize = 12 << 20;

fn other(kind: TransportKind) -> TransportKind {
    match kind {
        TransportKind::Quic => TransportKind::WebTransport,
        TransportKind::WebTransport => TransportKind::WebSocket,
        TransportKind::WebSocket => TransportKind::Quic,
    }
}

async fn a_cut_upload_goes_on_over_another_transport(kind: TransportKind) {
    let server = Server::start().await;
    let mia = server.person("mia").await;
    let mut first = mia.connect(&server, kind).await;
    let room = first.create("files").await;
    let file = File::random(room, LENGTH);
    let (mut kind, mut safe) = (kind, 0);
    let cuts = {
        let mut cuts: Vec<usize> = (0..4).map(|_| usize::from_le_bytes(fresh()) % LENGTH).collect();
        cuts.sort_unstable();
        cuts
    };
    for (number, cut) in cuts.into_iter().enumerate() {
        let session = mia.connect(&server, kind).await;
        let mut sending = file.begin(&session).await.unwrap();
        assert!(sending.sent >= safe, "{} of {safe}", sending.sent);
        sending.up_to(cut.max(sending.sent as usize)).await;
        safe = sending.at.offset.get();
        match number % 3 {
            0 => session.connection.close(Code::Normal),
            1 => drop(sending),
            _ => sending.stream.finish(),
        }
        drop(session);
        kind = other(kind);
    }
    let session = mia.connect(&server, kind).await;
    let mut sending = file.begin(&session).await.unwrap();
    assert!(sending.sent >= safe);
    sending.up_to(LENGTH).await;
    let uploaded = sending.end().await.unwrap();
    assert!(is_complete(&uploaded.state, LENGTH));
    // Who asks again hears the same.
    assert_eq!(file.instantly(&session).await, Some(uploaded.clone()));
    assert!(download(&session, room, uploaded.seq).await.unwrap() == file.bytes);
}

async fn a_restart_in_the_middle_loses_nothing_that_was_safe(kind: TransportKind) {
    let mut server = Server::start().await;
    let mia = server.person("mia").await;
    let mut session = mia.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, LENGTH);
    let mut sending = file.begin(&session).await.unwrap();
    sending.up_to(5 << 20).await;
    // A slow sender's bytes are safe too, soon.
    sending.safe(5 << 20).await;
    let (epoch, seq) = (sending.at.epoch, sending.at.seq);
    server.stop().await;
    server.start_again().await;
    let session = mia.connect(&server, kind).await;
    let mut sending = file.begin(&session).await.unwrap();
    assert_eq!((sending.at.epoch, sending.at.seq, sending.sent), (epoch, seq, 5 << 20));
    sending.up_to(LENGTH).await;
    let uploaded = sending.end().await.unwrap();
    assert!(download(&session, room, uploaded.seq).await.unwrap() == file.bytes);
}

async fn the_stream_that_came_last_goes_on(kind: TransportKind) {
    let server = Server::start().await;
    let mia = server.person("mia").await;
    let (mut here, there) = (mia.connect(&server, kind).await, mia.connect(&server, other(kind)).await);
    let room = here.create("files").await;
    let file = File::random(room, LENGTH);
    let mut first = file.begin(&here).await.unwrap();
    first.up_to(3 << 20).await;
    let mut second = file.begin(&there).await.unwrap();
    assert_eq!(first.stream.refusal().await, "transfer_taken");
    // It has what the first had sent, but for what was less than a chunk.
    assert!(second.sent > 0 && second.sent <= 3 << 20);
    second.up_to(LENGTH).await;
    let uploaded = second.end().await.unwrap();
    assert!(download(&here, room, uploaded.seq).await.unwrap() == file.bytes);
}

async fn a_cancelled_one_leaves_nothing(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, LENGTH);
    let mut sending = file.begin(&session).await.unwrap();
    sending.up_to(3 << 20).await;
    let seq = sending.at.seq;
    sending.stream.send(&CancelUpload {}).await;
    assert_eq!(sending.stream.refusal().await, "transfer_ended");
    assert_eq!(file.begin(&session).await.err().unwrap(), "transfer_ended");
    assert_eq!(download(&session, room, seq).await.unwrap_err(), "no_such_file");
    assert_eq!(server.blob_files(), (vec![], vec![]));
}

/// Nobody goes on with it, for longer than it is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_alone_for_too_long_has_failed() {
    let mut server = Server::start().await;
    let mia = server.person("mia").await;
    let mut session = mia.connect(&server, TransportKind::Quic).await;
    let room = session.create("files").await;
    let (left, alive) = (File::random(room, LENGTH), File::random(room, LENGTH));
    let mut sending = left.begin(&session).await.unwrap();
    sending.up_to(3 << 20).await;
    sending.safe(3 << 20).await;
    let seq = sending.at.seq;
    drop(sending);
    let day = Duration::from_secs(25 * 60 * 60).as_millis() as u64;
    server.clock.ahead_ms.store(day, std::sync::atomic::Ordering::Relaxed);
    let going = alive.begin(&session).await.unwrap();
    drop((going, session));
    server.stop().await;
    server.start_again().await;
    let session = mia.connect(&server, TransportKind::Quic).await;
    // The sweep begins with the server.
    let mut tries = 0;
    while server.blob_files().0.len() > 1 {
        tries += 1;
        assert!(tries < 600, "what was left is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left.begin(&session).await.err().unwrap(), "transfer_ended");
    assert_eq!(download(&session, room, seq).await.unwrap_err(), "no_such_file");
    assert!(alive.begin(&session).await.is_ok());
}
