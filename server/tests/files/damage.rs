//! Blobs that are not as they were, and a sweep that mends what a stop left.

use bytes::Bytes;
use reqwest::Method;
use rill_client::TransportKind;
use rill_protocol::{RoomId, U53};
use rill_server::{
    config,
    files::{image::Format, service::FileError},
};
use rill_storage::{
    blobs::{BlobPlace, S3Place},
    model::{FileState, TransferState},
};
use serde_json::Value;
use std::{fs, path::PathBuf};
use tempfile::TempDir;

use crate::{
    client::{File, Reading, download, random},
    making,
    server::{Server, Session, outcome},
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

/// The same as members meet it: a file, an avatar, an emoji.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_is_away_is_said_and_nothing_is_seen_of_what_was_sent() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("blobs.s3_endpoint=http://{nobody}");
    let key = ["blobs.s3_bucket=files", "blobs.s3_access_key_id=key", "blobs.s3_secret_access_key=secret"];
    let server = Server::start_with(&[&[endpoint.as_str()][..], &key].concat()).await;
    let mia = server.person("mia").await;
    let mut session = mia.connect(&server, TransportKind::Quic).await;
    let room = session.create("files").await;
    let file = File::random(room, 100);
    let picture: Bytes = making::encoded(making::picture(60, 40), Format::Png).into();
    let (begun, avatar, emoji) = tokio::join!(
        file.begin(&session),
        server.set_avatar(&mia, picture.clone()),
        server.add_emoji(&mia, "ok", picture),
    );
    assert_eq!(begun.err().as_deref(), Some("store_failed"));
    assert_eq!((&*avatar, &*emoji), ("503 store_failed", "503 store_failed"));
    // It can be gone on with, and is no file before that.
    let path = format!("rooms/{room}/files");
    let listed: Value = server.request(&mia, Method::GET, &path).send().await.unwrap().json().await.unwrap();
    let seq = listed["messages"][0]["seq"].as_u64().unwrap();
    assert_eq!(listed["messages"][0]["file"]["state"], "pending");
    assert_eq!(download(&session, room, U53::saturating(seq)).await.unwrap_err(), "file_not_ready");
    for path in [format!("users/{}/avatar", mia.login.user.id), "emoji/ok".into()] {
        assert_eq!(outcome(server.request(&mia, Method::GET, &path)).await, "404 not_found");
    }
}

/// What was made of an image, or is an avatar or an emoji, can be gone too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_that_are_gone_or_damaged_have_a_code_and_can_be_set_anew() {
    let server = Server::start().await;
    let mia = server.person("mia").await;
    let mut session = mia.connect(&server, TransportKind::Quic).await;
    let room = session.create("files").await;
    let picture = |side| Bytes::from(making::encoded(making::picture(side, side), Format::Bmp));
    let seq = File::new(room, "photo.bmp", picture(600)).upload(&session).await.seq;
    assert_eq!(server.set_avatar(&mia, picture(300)).await, "200");
    assert_eq!(server.add_emoji(&mia, "ok", picture(40)).await, "201");
    let of_mia = format!("users/{}/avatar", mia.login.user.id);
    let of_message = format!("rooms/{room}/files/{}", seq.get());
    let paths = [
        of_message.clone(),
        format!("{of_message}/preview"),
        format!("{of_message}/thumbnail"),
        of_mia.clone(),
        format!("{of_mia}/small"),
        "emoji/ok".into(),
    ];
    let are = async |expected: &str| {
        for path in &paths {
            assert_eq!(outcome(server.request(&mia, Method::GET, path)).await, expected, "{path}");
        }
    };
    are("200").await;
    let kept: Vec<_> = server.blob_files().1.into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
    for (bytes, path) in &kept {
        let mut damaged = bytes.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        fs::write(path, damaged).unwrap();
    }
    are("500 file_damaged").await;
    kept.iter().for_each(|(_, path)| fs::remove_file(path).unwrap());
    are("500 file_damaged").await;
    // Whoever sets another one is not held up by what is gone.
    assert_eq!(server.set_avatar(&mia, picture(200)).await, "200");
    assert_eq!(outcome(server.request(&mia, Method::DELETE, "emoji/ok")).await, "204");
    assert_eq!(server.add_emoji(&mia, "ok", picture(40)).await, "201");
    for path in &paths[3..] {
        assert_eq!(outcome(server.request(&mia, Method::GET, path)).await, "200", "{path}");
    }
    assert_eq!(server.blob_files().1.len(), 3);
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
