//! A disk that is full in the middle: the sender is told to come again, and nothing is lost.

use rill_client::TransportKind;
use rill_server::{
    config,
    files::{
        image::Format,
        service::{Begun, FileError, Upload},
    },
};
use rill_storage::blobs::BlobPlace;
use std::fs;
use tempfile::TempDir;

use crate::{
    client::{File, Reading, download, random},
    making,
    server::{Server, outcome},
    small_disk::SmallDisk,
    stopped::Bare,
};

const DISK_BYTES: u64 = 32 * 1024 * 1024;
const LENGTH: usize = 12 << 20;
/// Of which so much is there when the disk is full.
const SAFE: usize = 3 << 20;

/// Writes on, to the end or until it cannot.
async fn write(upload: &mut Upload, bytes: &bytes::Bytes) -> Result<(), FileError> {
    while upload.offset() < upload.size() {
        let from = upload.offset() as usize;
        upload.write(bytes.slice(from..bytes.len().min(from + 65_536))).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_full_disk_in_the_middle_loses_nothing_and_leaves_nothing() {
    let Some(disk) = SmallDisk::new(DISK_BYTES) else { return };
    let place = BlobPlace::Folder(disk.path().join("blobs"));
    let bare = Bare::over(config::Files::default(), place, TempDir::new().unwrap()).await;
    let bytes = random(LENGTH);
    let new = bare.told(&bytes);
    let begin = async || match bare.files.begin(bare.user, new.clone()).await {
        Ok(Begun::Going(upload)) => Ok(upload),
        Ok(Begun::Settled(_)) => panic!("bytes are wanted"),
        Err(error) => Err(error),
    };
    let mut upload = begin().await.unwrap();
    let (_, seq) = upload.message();
    upload.write(bytes.slice(..SAFE)).await.unwrap();
    upload.suspend().await.unwrap();

    let mut upload = begin().await.unwrap();
    disk.fill();
    let full = match write(&mut upload, &bytes).await {
        Ok(()) => upload.finish(*blake3::hash(&bytes).as_bytes()).await.expect_err("there is no room"),
        Err(error) => {
            assert!(!error.ends_transfer());
            drop(upload.suspend().await);
            error
        }
    };
    assert_eq!(full.code().name(), "storage_full");
    // Neither does who comes again too soon end it, nor does a sweep.
    assert_eq!(begin().await.err().unwrap().code().name(), "storage_full");
    bare.sweep_after(60_000).await;
    assert_eq!(bare.files.begin(bare.user, bare.told(&bytes)).await.err().unwrap().code().name(), "storage_full");
    disk.make_space();
    let mut upload = begin().await.unwrap();
    assert!(upload.offset() >= SAFE as u64, "{}", upload.offset());
    assert_eq!(upload.message().1, seq);
    write(&mut upload, &bytes).await.unwrap();
    upload.finish(*blake3::hash(&bytes).as_bytes()).await.unwrap();
    assert!(bare.read(seq).await.unwrap() == bytes);
    assert_eq!(fs::read_dir(disk.path().join("blobs/staging")).unwrap().count(), 0);
}

/// Of the place of blobs alone: chat has room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_hears_that_the_disk_is_full_and_goes_on_when_it_is_not() {
    let Some(disk) = SmallDisk::new(DISK_BYTES) else { return };
    let blobs = disk.path().join("blobs");
    let server = Server::start_with(&[&format!("blobs.folder={}", blobs.display())]).await;
    let mia = server.person("mia").await;
    let mut session = mia.connect(&server, TransportKind::Quic).await;
    let room = session.create("files").await;
    let (file, other) = (File::random(room, LENGTH), File::random(room, LENGTH));
    let mut sending = file.begin(&session).await.unwrap();
    sending.up_to(SAFE).await;
    sending.safe(SAFE as u64).await;
    let seq = sending.at.seq;
    disk.fill();
    assert_eq!(sending.refused().await, "storage_full");
    for refused in [&file, &other] {
        assert_eq!(refused.begin(&session).await.err().as_deref(), Some("storage_full"));
    }
    // Nothing is taken for whole, and what was safe is.
    assert_eq!(outcome(server.ask(&mia, room, seq)).await, "425 file_not_ready");
    let read = Reading::open(&session).await.get(room, seq, 0..SAFE as u64).await.unwrap();
    assert!(read[..] == file.bytes[..SAFE]);
    let picture = making::encoded(making::picture(60, 40), Format::Png);
    let of_mia = format!("users/{}/avatar", mia.login.user.id);
    let seen = async |path| outcome(server.request(&mia, reqwest::Method::GET, path)).await;
    assert_eq!(server.set_avatar(&mia, picture.clone().into()).await, "507 storage_full");
    assert_eq!(server.add_emoji(&mia, "ok", picture.clone().into()).await, "507 storage_full");
    assert_eq!((seen(&of_mia).await, seen("emoji/ok").await), ("404 not_found".into(), "404 not_found".into()));
    session.create("chat goes on").await;
    // The one that has begun, and nothing else.
    let lies = || -> usize {
        let folders = fs::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        folders.map(|folder| fs::read_dir(folder).unwrap().count()).sum()
    };
    assert_eq!(lies(), 1);

    disk.make_space();
    let mut sending = file.begin(&session).await.unwrap();
    assert!(sending.sent >= SAFE as u64, "{}", sending.sent);
    assert_eq!(sending.at.seq, seq, "the same message");
    sending.up_to(LENGTH).await;
    sending.end().await.unwrap();
    assert!(download(&session, room, seq).await.unwrap() == file.bytes);
    assert_eq!(server.set_avatar(&mia, picture.clone().into()).await, "200");
    assert_eq!(server.add_emoji(&mia, "ok", picture.into()).await, "201");
    // The file, the avatar in two sizes, the emoji.
    assert_eq!(lies(), 4);
}
