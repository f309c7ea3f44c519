//! Files that are sent and read in one go.

use rill_client::TransportKind;
use rill_protocol::{U53, message::FileVariant};

use crate::{
    client::{File, Reading, download, is_complete},
    server::Server,
};

over_each! {
    what_was_sent_is_read
    several_go_side_by_side
}

async fn what_was_sent_is_read(kind: TransportKind) {
    let server = Server::start().await;
    let (mia, noa) = (server.person("mia").await, server.person("noa").await);
    let (mut sender, mut reader) = (mia.connect(&server, kind).await, noa.connect(&server, kind).await);
    let room = sender.create("files").await;
    reader.join(room).await;
    // None, one, the edges of a chunk, and several parts.
    for length in [0, 1, 65_535, 65_536, 65_537, 9 << 20] {
        let file = File::random(room, length);
        let uploaded = file.upload(&sender).await;
        assert!(is_complete(&uploaded.state, length), "{uploaded:?}");
        let bytes = download(&reader, room, uploaded.seq).await.unwrap();
        assert!(bytes == file.bytes, "{length}");
    }
    let (staged, whole) = server.blob_files();
    assert_eq!((staged.len(), whole.len()), (0, 6));
    let metrics = server.metrics().await;
    assert!(metrics.contains(r#"rill_uploads_ended_total{outcome="done"} 6"#), "{metrics}");
    assert!(metrics.contains("rill_uploads 0"), "{metrics}");
}

/// Also as one, in one stream of downloads.
async fn several_go_side_by_side(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let files: Vec<File> = (0..6).map(|_| File::random(room, 3 << 20)).collect();
    let sent = futures_util::future::join_all(files.iter().map(|file| file.upload(&session))).await;
    let mut reading = Reading::open(&session).await;
    for uploaded in &sent {
        reading.ask(room, uploaded.seq, FileVariant::Original, 0..U53::MAX.get()).await;
    }
    for file in &files {
        let start = reading.start().await.unwrap();
        assert_eq!((start.size, start.length), (file.start.size, file.start.size));
        let bytes = reading.bytes(0, start.length.get()).await.unwrap();
        assert!(bytes == file.bytes);
    }
}
