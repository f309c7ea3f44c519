//! What is refused before a byte is sent.

use rill_client::TransportKind;
use rill_protocol::{
    ClientId, RoomId,
    message::{CancelUpload, FileUse},
};

use crate::{
    client::{File, download, random},
    server::{Server, fresh},
};

over_each! {
    what_cannot_be_taken_is_refused_at_once
}

async fn what_cannot_be_taken_is_refused_at_once(kind: TransportKind) {
    let set = ["files.size_mib_max=1", "files.refused_types=.exe,video/*", "files.under_way_per_user=2"];
    let server = Server::start_with(&set).await;
    let (mia, noa) = (server.person("mia").await, server.person("noa").await);
    let (mut session, other) = (mia.connect(&server, kind).await, noa.connect(&server, kind).await);
    let room = session.create("files").await;
    let changed = |change: &dyn Fn(&mut File)| {
        let mut file = File::random(room, 100);
        change(&mut file);
        file
    };
    let refused = async |session, change: &dyn Fn(&mut File)| changed(change).begin(session).await.err();
    let check = async |change: &dyn Fn(&mut File), expected: &str| {
        assert_eq!(refused(&session, change).await.as_deref(), Some(expected));
    };
    check(&|file| file.start.size = (1_u32 << 20 | 1).into(), "file_too_large").await;
    check(&|file| file.start.name = "Setup.EXE".into(), "file_type_refused").await;
    check(&|file| file.start.media_type = "video/mp4".into(), "file_type_refused").await;
    check(&|file| file.start.name = String::new(), "bad_file_name").await;
    check(&|file| file.start.name = "x".repeat(256), "bad_file_name").await;
    check(&|file| file.start.text = "x".repeat(16_385), "text_too_long").await;
    check(&|file| file.start.room = RoomId(fresh()), "no_such_room").await;
    check(&|file| file.start.file_use = FileUse::Other(9), "unsupported").await;
    assert_eq!(refused(&other, &|_| {}).await.as_deref(), Some("not_a_member"));
    // A client id that stands for another message.
    let first = changed(&|_| {});
    let going = first.begin(&session).await.unwrap();
    let client_id: ClientId = first.start.client_id;
    check(&move |file| file.start.client_id = client_id, "key_reused").await;
    let transfer = first.start.transfer;
    check(
        &move |file| {
            file.start.transfer = transfer;
            file.start.size = 99_u32.into();
        },
        "key_reused",
    )
    .await;
    // Somebody else's transfer is another one under the same number.
    assert_eq!(first.begin(&other).await.err().as_deref(), Some("not_a_member"));
    let mut there = noa.connect(&server, kind).await;
    there.join(room).await;
    let others = File { bytes: random(100), ..first.clone() };
    let theirs = others.upload(&there).await;
    assert_ne!(theirs.seq, going.at.seq);
    assert!(download(&session, room, theirs.seq).await.unwrap() == others.bytes);
    assert_eq!(first.begin(&session).await.unwrap().at.seq, going.at.seq);
    let second = changed(&|_| {}).begin(&session).await.unwrap();
    check(&|_| {}, "too_many_transfers").await;
    // Of all that nothing was kept but the two that go on.
    assert_eq!(server.blob_files().0.len(), 2);
    drop((going, second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_none_hands_out_what_it_has() {
    let mut server = Server::start().await;
    let mia = server.person("mia").await;
    let mut session = mia.connect(&server, TransportKind::Quic).await;
    let room = session.create("files").await;
    let file = File::random(room, 100);
    let uploaded = file.upload(&session).await;
    server.stop().await;
    server.set("files.enabled=false");
    server.start_again().await;
    let session = mia.connect(&server, TransportKind::Quic).await;
    assert_eq!(File::random(room, 100).begin(&session).await.err().as_deref(), Some("unsupported"));
    assert!(download(&session, room, uploaded.seq).await.unwrap() == file.bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_holds_enough_takes_no_more() {
    let server = Server::start_with(&["files.kept_mib=1"]).await;
    let mut session = server.person("mia").await.connect(&server, TransportKind::Quic).await;
    let room = session.create("files").await;
    File::random(room, 600 << 10).upload(&session).await;
    assert_eq!(File::random(room, 600 << 10).begin(&session).await.err().as_deref(), Some("storage_full"));
    File::random(room, 300 << 10).upload(&session).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_leaves_its_room_to_others() {
    let server = Server::start_with(&["files.kept_mib=1"]).await;
    let mut session = server.person("mia").await.connect(&server, TransportKind::Quic).await;
    let room = session.create("files").await;
    for _ in 0..3 {
        let mut given_up = File::random(room, 600 << 10).begin(&session).await.unwrap();
        assert_eq!(File::random(room, 600 << 10).begin(&session).await.err().as_deref(), Some("storage_full"));
        given_up.stream.send(&CancelUpload {}).await;
        assert_eq!(given_up.stream.refusal().await, "transfer_ended");
    }
    let file = File::random(room, 300 << 10);
    file.upload(&session).await;
    // The same once more takes no room.
    for _ in 0..3 {
        file.again(room).instantly(&session).await.unwrap();
    }
    File::random(room, 600 << 10).upload(&session).await;
}
