//! Who reads what, and until when.

use rill_client::TransportKind;
use rill_protocol::{Kind, limits::FILE_CHUNK_BYTES_MAX, message::FileVariant};
use std::time::Duration;

use crate::{
    client::{File, Reading, download, random},
    server::Server,
};

over_each! {
    ranges_are_what_they_say
    what_is_safe_is_read_while_it_comes
    what_is_all_there_and_not_finished_is_not_handed_out_as_whole
    what_pages_show_is_not_read_before_it_was_checked
    who_is_gone_reads_no_further
    a_reader_who_stops_holds_up_nobody
    who_turns_away_was_not_refused
}

async fn ranges_are_what_they_say(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, 300_000);
    let seq = file.upload(&session).await.seq;
    let mut reading = Reading::open(&session).await;
    for range in [0..0, 0..1, 65_535..65_537, 131_072..200_000, 299_999..300_000, 299_999..400_000, 300_000..300_001] {
        let expected = file.bytes.slice(range.start as usize..(range.end as usize).min(300_000));
        assert!(reading.get(room, seq, range.clone()).await.unwrap() == expected, "{range:?}");
    }
    assert_eq!(reading.get(room, seq, 300_001..300_002).await.unwrap_err(), "bad_range");
    reading.ask(room, seq, FileVariant::Thumbnail, 0..10).await;
    assert_eq!(reading.start().await.unwrap_err(), "no_such_file");
    assert_eq!(reading.get(room, 1_u32.into(), 0..10).await.unwrap_err(), "no_such_file");
    assert_eq!(reading.get(room, 99_u32.into(), 0..10).await.unwrap_err(), "no_such_file");
    // The stream still answers.
    assert_eq!(reading.get(room, seq, 0..10).await.unwrap(), file.bytes.slice(..10));
}

async fn what_is_safe_is_read_while_it_comes(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, 4 << 20);
    let mut sending = file.begin(&session).await.unwrap();
    let seq = sending.at.seq;
    assert_eq!(download(&session, room, seq).await.unwrap_err(), "file_not_ready");
    sending.up_to(2 << 20).await;
    sending.safe(2 << 20).await;
    // How far it is is noted soon after.
    let mut reading = Reading::open(&session).await;
    let read = loop {
        match reading.get(room, seq, 0..u64::from(u32::MAX)).await {
            Ok(bytes) if bytes.len() == 2 << 20 => break bytes,
            Ok(_) => {}
            Err(code) => assert_eq!(code, "file_not_ready"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(read == file.bytes.slice(..2 << 20));
    assert_eq!(reading.get(room, seq, (3 << 20)..(4 << 20)).await.unwrap_err(), "file_not_ready");
    sending.up_to(4 << 20).await;
    sending.end().await.unwrap();
    assert!(reading.get(room, seq, 0..u64::from(u32::MAX)).await.unwrap() == file.bytes);
}

async fn what_is_all_there_and_not_finished_is_not_handed_out_as_whole(kind: TransportKind) {
    let server = Server::start().await;
    let (mia, noa) = (server.person("mia").await, server.person("noa").await);
    let (mut session, mut other) = (mia.connect(&server, kind).await, noa.connect(&server, kind).await);
    let room = session.create("files").await;
    let file = File::random(room, 300_000);
    file.upload(&session).await;
    // The same bytes, of somebody who may not know that they are there.
    let own = other.create("own").await;
    let again = File { start: File::random(own, 300_000).start, ..file };
    let mut sending = again.begin(&other).await.unwrap();
    sending.up_to(300_000).await;
    sending.safe(300_000).await;
    let seq = sending.at.seq;
    // How far it is is noted soon after.
    let part = loop {
        let part = server.ask(&noa, own, seq).header("range", "bytes=0-299999").send().await.unwrap();
        if part.headers().get("content-range").is_some_and(|range| range == "bytes 0-299999/300000") {
            break part;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((part.status().as_u16(), &part.headers()["cache-control"]), (206, &"no-store".parse().unwrap()));
    let whole = server.ask(&noa, own, seq).send().await.unwrap();
    assert_eq!(whole.status().as_u16(), 425);
    sending.end().await.unwrap();
    let whole = server.ask(&noa, own, seq).send().await.unwrap();
    assert_eq!(
        (whole.status().as_u16(), &whole.headers()["cache-control"]),
        (200, &"private, no-cache".parse().unwrap())
    );
    assert_eq!(whole.headers()["etag"], part.headers()["etag"], "it does not tell that there was another");
}

async fn what_pages_show_is_not_read_before_it_was_checked(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let mut secret = random(1 << 20).to_vec();
    secret[..3].copy_from_slice(b"\xff\xd8\xff");
    let pretending = File::new(room, "data.bin", secret.into());
    let mut declared = File::random(room, 1 << 20);
    declared.start.media_type = "image/png".into();
    let named = File::new(room, "photo.JPG", random(1 << 20));
    for file in [pretending, declared, named] {
        let mut sending = file.begin(&session).await.unwrap();
        sending.up_to(1 << 19).await;
        sending.safe(1 << 19).await;
        // Who goes on finds noted how far it is.
        sending.stream.finish();
        let again = file.begin(&session).await.unwrap();
        assert!(again.sent >= 1 << 19, "{}", again.sent);
        assert_eq!(download(&session, room, again.at.seq).await.unwrap_err(), "file_not_ready");
    }
}

async fn who_is_gone_reads_no_further(kind: TransportKind) {
    let server = Server::start().await;
    let (mia, noa) = (server.person("mia").await, server.person("noa").await);
    let (mut sender, mut reader) = (mia.connect(&server, kind).await, noa.connect(&server, kind).await);
    let room = sender.create("files").await;
    assert_eq!(download(&reader, room, 1_u32.into()).await.unwrap_err(), "no_such_file");
    let file = File::random(room, 24 << 20);
    let seq = file.upload(&sender).await.seq;
    assert_eq!(download(&reader, room, seq).await.unwrap_err(), "no_such_file");
    reader.join(room).await;
    let mut reading = Reading::open(&reader).await;
    reading.ask(room, seq, FileVariant::Original, 0..u64::from(u32::MAX)).await;
    let start = reading.start().await.unwrap();
    assert_eq!(start.length.get(), 24 << 20);
    // What waits in the transports still comes; then the rest is refused.
    reader.leave(room).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(reading.bytes(0, start.length.get()).await.unwrap_err(), "no_such_file");
    assert_eq!(download(&reader, room, seq).await.unwrap_err(), "no_such_file");
}

async fn a_reader_who_stops_holds_up_nobody(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, 16 << 20);
    let seq = file.upload(&session).await.seq;
    let mut stopped = Vec::new();
    for _ in 0..2 {
        let mut reading = Reading::open(&session).await;
        reading.ask(room, seq, FileVariant::Original, 0..u64::from(u32::MAX)).await;
        assert_eq!(reading.stream.next().await.unwrap().unwrap().known(), Some(Kind::FileStart));
        stopped.push(reading);
    }
    // Until the windows are full.
    tokio::time::sleep(Duration::from_millis(300)).await;
    session.create("another").await;
    File::random(room, 2 * FILE_CHUNK_BYTES_MAX).upload(&session).await;
    // And the one who stopped goes on.
    for mut reading in stopped {
        assert!(reading.bytes(0, 16 << 20).await.unwrap() == file.bytes);
    }
}

async fn who_turns_away_was_not_refused(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let seq = File::random(room, 16 << 20).upload(&session).await.seq;
    let mut reading = Reading::open(&session).await;
    reading.ask(room, seq, FileVariant::Original, 0..u64::from(u32::MAX)).await;
    reading.start().await.unwrap();
    drop(reading);
    // Behind it comes the end of another, and of all.
    download(&session, room, seq).await.unwrap();
    drop(session);
    let metrics = loop {
        let metrics = server.metrics().await;
        let is_over = |line: &str| line.starts_with("rill_connections{") && line.ends_with(" 0");
        if metrics.lines().any(is_over) {
            break metrics;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(!metrics.contains(r#"code="normal""#), "{metrics}");
}
