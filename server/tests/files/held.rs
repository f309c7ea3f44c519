//! The disk takes its time: what is on its way waits at the client, and chat does not wait with it.

use rill_client::TransportKind;
use rill_protocol::limits::FILE_STREAMS_MAX;
use rill_storage::blobs::Held;
use std::time::Duration;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    client::{File, is_complete},
    server::Server,
};

/// More than a server takes of all of them before it writes.
const LENGTH: usize = 3 << 20;
/// For uploads to get as far as they get.
const GETTING_ON: Duration = Duration::from_secs(2);
/// What waits for the disk waits for ever here.
const PATIENCE: Duration = Duration::from_secs(60);

async fn chat_goes_on(kind: TransportKind) {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let mut session = ann.connect(&server, kind).await;
    let room = session.create("files").await;
    let held = Held::folder(&server.blobs());
    let mut uploads = JoinSet::new();
    for _ in 0..FILE_STREAMS_MAX {
        let mut sending = File::random(room, LENGTH).begin(&session).await.unwrap();
        uploads.spawn(async move {
            sending.up_to(LENGTH).await;
            sending.end().await.unwrap()
        });
    }
    assert!(timeout(GETTING_ON, uploads.join_next()).await.is_err(), "nothing is written");
    timeout(PATIENCE, session.create("beside")).await.expect("chat waits for files");
    drop(held);
    while let Some(uploaded) = uploads.join_next().await {
        assert!(is_complete(&uploaded.unwrap().state, LENGTH));
    }
}

over_each!(chat_goes_on);
