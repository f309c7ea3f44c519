//! Blobs that are not as they were, and a sweep that mends what a stop left.

use rill_client::TransportKind;
use rill_protocol::{RoomId, U53};
use rill_server::{config, files::service::FileError};
use rill_storage::{
    blobs::{BlobPlace, S3Place},
    model::{FileState, TransferState},
};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

use crate::{
    client::{File, Reading, download, random},
    server::{Server, Session},
    stopped::Bare,
};

async fn stored() -> (Server, Session, RoomId, U53, PathBuf, File) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, TransportKind::Quic).await;
    let room = session.create("files").await;
    let file = File::random(room, 1 << 20);
    let seq = file.upload(&session).await.seq;
    let (_, whole) = server.blob_files();
    let [path] = &whole[..] else { panic!("{whole:?}") };
    (server, session, room, seq, path.clone(), file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_blob_has_a_code() {
    let (_server, session, room, seq, path, _) = stored().await;
    fs::remove_file(path).unwrap();
    assert_eq!(download(&session, room, seq).await.unwrap_err(), "file_damaged");
}

/// Nobody answers at that address.
#[tokio::test]
async fn a_bucket_that_is_away_has_a_code_and_nothing_is_lost() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = S3Place {
        bucket: "files".into(),
        endpoint: Some(format!("http://{nobody}")),
        region: "us-east-1".into(),
        access_key_id: "key".into(),
        secret_access_key: "secret".into(),
    };
    let bare = Bare::over(config::Files::default(), BlobPlace::S3(place), TempDir::new().unwrap()).await;
    let new = bare.told(&random(100));
    let error = bare.files.begin(bare.user, new.clone()).await.err().unwrap();
    assert_eq!((error.code().name(), error.ends_transfer()), ("store_failed", false));
    let row = bare.store.transfers.get(bare.user, new.transfer).await.unwrap().unwrap();
    assert_eq!(row.state, TransferState::Open);
    let (_, seq) = row.message.unwrap();
    assert_eq!(bare.attached(seq).await.state, FileState::Pending);
    assert!(matches!(bare.read(seq).await, Err(FileError::NotReady)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_blob_gives_nothing_that_is_wrong() {
    let (_server, session, room, seq, path, file) = stored().await;
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(download(&session, room, seq).await.unwrap_err(), "file_damaged");
    // What is whole can be read.
    let mut reading = Reading::open(&session).await;
    assert_eq!(reading.get(room, seq, 0..1_000).await.unwrap(), file.bytes.slice(..1_000));
}
