//! Messages and rooms that go while their files come in or are read: whoever goes on hears why with
//! their next step, nothing is posted a second time, and nothing is left of what had come.

use rill_client::TransportKind;
use rill_protocol::{
    ClientId, RoomId, TransferId, U53,
    message::{CancelUpload, DeleteRoom, Done, FileVariant, RemoveMessage},
};
use std::{sync::atomic::Ordering, time::Duration};

use crate::{
    client::{File, Reading, Sending, download, is_complete},
    server::{Server, Session, fresh, outcome},
    stopped::MINUTE_MS,
};

over_each! {
    an_upload_ends_with_its_room
    an_upload_that_waits_ends_with_its_room
    a_download_ends_with_its_room
    an_upload_ends_with_its_message
    an_upload_that_waits_ends_with_its_message
    who_asks_again_after_a_removal_posts_nothing
}

const LENGTH: usize = 6 << 20;
const PART: usize = 3 << 20;
/// Of what one user may have under way or keep: one file of that length fits, and no two.
const QUOTAS: [&str; 2] = ["files.under_way_mib_per_user=8", "files.kept_mib_per_user=8"];
/// More than a connection holds of what nobody reads.
const LARGE: usize = 24 << 20;
/// For what is done behind an answer, on a busy machine.
const TRIES: usize = 1_200;
const BETWEEN: Duration = Duration::from_millis(50);

async fn delete(session: &mut Session, room: RoomId) {
    session.control.send(&DeleteRoom { request: 3, client_id: ClientId(fresh()), room }).await;
    session.control.expect::<Done>().await;
}

async fn remove(session: &mut Session, room: RoomId, seq: U53) {
    session.control.send(&RemoveMessage { request: 4, client_id: ClientId(fresh()), room, seq }).await;
    session.control.expect::<Done>().await;
}

/// So much of a file is safe.
async fn sent(session: &Session, file: &File, bytes: usize) -> Sending {
    let mut sending = file.begin(session).await.unwrap();
    sending.up_to(bytes).await;
    sending.safe(bytes as u64).await;
    sending
}

/// Nothing lies anywhere, and there is room for as much as before.
async fn nothing_is_left(server: &Server, session: &mut Session) {
    assert_eq!(server.blob_files(), (vec![], vec![]));
    let room = session.create("another").await;
    let uploaded = File::random(room, LENGTH).upload(session).await;
    assert!(is_complete(&uploaded.state, LENGTH));
}

/// The sweep begins with the server, for which so much time has passed.
async fn restarted(server: &mut Server, ms: u64) {
    server.stop().await;
    server.clock.ahead_ms.fetch_add(ms, Ordering::Relaxed);
    server.start_again().await;
}

async fn is_swept(server: &Server) {
    for _ in 0..TRIES {
        if server.blob_files() == (vec![], vec![]) {
            return;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    panic!("{:?} is still there", server.blob_files());
}

async fn an_upload_ends_with_its_room(kind: TransportKind) {
    let server = Server::start_with(&QUOTAS).await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    for step in 0..3 {
        let room = session.create("files").await;
        let file = File::random(room, LENGTH);
        let mut sending = sent(&session, &file, if step == 1 { LENGTH } else { PART }).await;
        delete(&mut session, room).await;
        let code = match step {
            0 => sending.refused().await,
            1 => sending.end().await.unwrap_err(),
            _ => {
                // Who takes it back hears that it is so.
                sending.stream.send(&CancelUpload {}).await;
                assert_eq!(sending.stream.refusal().await, "transfer_ended");
                "room_deleted".into()
            }
        };
        assert_eq!(code, "room_deleted", "step {step}");
        assert_eq!(file.begin(&session).await.err().unwrap(), "room_deleted");
        assert_eq!(server.blob_files(), (vec![], vec![]));
    }
    nothing_is_left(&server, &mut session).await;
}

async fn an_upload_that_waits_ends_with_its_room(kind: TransportKind) {
    let mut server = Server::start_with(&QUOTAS).await;
    let mia = server.person("mia").await;
    let mut session = mia.connect(&server, kind).await;
    // Its client comes back.
    let room = session.create("files").await;
    let file = File::random(room, LENGTH);
    drop(sent(&session, &file, PART).await);
    delete(&mut session, room).await;
    assert_eq!(file.begin(&session).await.err().unwrap(), "room_deleted");
    assert_eq!(server.blob_files(), (vec![], vec![]));
    // And does not.
    let room = session.create("files").await;
    drop(sent(&session, &File::random(room, LENGTH), PART).await);
    delete(&mut session, room).await;
    drop(session);
    restarted(&mut server, 15 * MINUTE_MS).await;
    is_swept(&server).await;
    let mut session = mia.connect(&server, kind).await;
    nothing_is_left(&server, &mut session).await;
}

async fn a_download_ends_with_its_room(kind: TransportKind) {
    let mut server = Server::start_with(&["files.kept_mib_per_user=30"]).await;
    let (mia, noa) = (server.person("mia").await, server.person("noa").await);
    let (mut owner, mut reader) = (mia.connect(&server, kind).await, noa.connect(&server, kind).await);
    let room = owner.create("files").await;
    let seq = File::random(room, LARGE).upload(&owner).await.seq;
    reader.join(room).await;
    let mut reading = Reading::open(&reader).await;
    reading.ask(room, seq, FileVariant::Original, 0..LARGE as u64).await;
    assert_eq!(reading.start().await.unwrap().length.get(), LARGE as u64);
    let mut answer = server.ask_encrypted(&noa, room, seq).header("range", "bytes=1-").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 206);
    delete(&mut owner, room).await;
    // What waits in the transports still comes; then it is looked at who may read.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(reading.bytes(0, LARGE as u64).await.unwrap_err(), "room_deleted");
    let mut bytes = 1;
    while let Ok(Some(piece)) = answer.chunk().await {
        bytes += piece.len();
    }
    assert!(bytes < LARGE, "the answer is cut off");
    let rest = server.ask_encrypted(&noa, room, seq).header("range", format!("bytes={bytes}-"));
    assert_eq!(outcome(rest).await, "410 room_deleted");
    assert_eq!(download(&reader, room, seq).await.unwrap_err(), "room_deleted");
    // Its sender keeps it no more, once it is erased.
    let room = owner.create("another").await;
    let again = File::random(room, LARGE);
    let mut refusals = 0;
    let mut sending = loop {
        match again.begin(&owner).await {
            Ok(sending) => break sending,
            Err(code) => assert_eq!(code, "quota_exceeded"),
        }
        refusals += 1;
        assert!(refusals < TRIES, "what was erased is still kept");
        tokio::time::sleep(BETWEEN).await;
    };
    sending.stream.send(&CancelUpload {}).await;
    assert_eq!(sending.stream.refusal().await, "transfer_ended");
    drop((owner, reader));
    restarted(&mut server, 0).await;
    is_swept(&server).await;
}

async fn an_upload_ends_with_its_message(kind: TransportKind) {
    let server = Server::start_with(&QUOTAS).await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    for is_all_sent in [false, true] {
        let room = session.create("files").await;
        let file = File::random(room, LENGTH);
        let sending = sent(&session, &file, if is_all_sent { LENGTH } else { PART }).await;
        let seq = sending.at.seq;
        remove(&mut session, room, seq).await;
        let code = if is_all_sent { sending.end().await.unwrap_err() } else { sending.refused().await };
        assert_eq!(code, "message_removed");
        assert_eq!(file.begin(&session).await.err().unwrap(), "message_removed");
        assert_eq!(download(&session, room, seq).await.unwrap_err(), "no_such_file");
        assert_eq!(server.blob_files().0, [] as [std::path::PathBuf; 0]);
        // Behind the removal: nothing was posted a second time.
        assert_eq!(File::random(room, 10).upload(&session).await.seq.get(), seq.get() + 2);
    }
}

async fn an_upload_that_waits_ends_with_its_message(kind: TransportKind) {
    let server = Server::start_with(&QUOTAS).await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, LENGTH);
    let mut sending = sent(&session, &file, PART).await;
    let seq = sending.at.seq;
    sending.stream.finish();
    while let Ok(Some(_)) = sending.stream.next().await {}
    remove(&mut session, room, seq).await;
    assert_eq!(server.blob_files(), (vec![], vec![]));
    for _ in 0..2 {
        assert_eq!(file.begin(&session).await.err().unwrap(), "message_removed");
    }
    nothing_is_left(&server, &mut session).await;
}

/// The answer that the file is there was lost, and somebody has removed its message since.
async fn who_asks_again_after_a_removal_posts_nothing(kind: TransportKind) {
    let mut server = Server::start_with(&QUOTAS).await;
    let mia = server.person("mia").await;
    let mut session = mia.connect(&server, kind).await;
    let room = session.create("files").await;
    let file = File::random(room, LENGTH);
    let seq = file.upload(&session).await.seq;
    remove(&mut session, room, seq).await;
    // With its transfer, and as one whose transfer is not known any more.
    let mut unknown = file.clone();
    unknown.start.transfer = TransferId(fresh());
    for _ in 0..2 {
        assert_eq!(file.begin(&session).await.err().unwrap(), "message_removed");
        assert_eq!(unknown.begin(&session).await.err().unwrap(), "message_removed");
    }
    drop(session);
    restarted(&mut server, 0).await;
    let session = mia.connect(&server, kind).await;
    assert_eq!(file.begin(&session).await.err().unwrap(), "message_removed");
    assert_eq!(unknown.begin(&session).await.err().unwrap(), "message_removed");
    // A client id that stands for something else is still told so.
    let other = File::random(room, 10);
    let kept = other.upload(&session).await.seq;
    assert_eq!(kept.get(), seq.get() + 3, "behind what it became, and the removal");
    let mut reused = other.clone();
    reused.start.transfer = TransferId(fresh());
    assert_eq!(reused.begin(&session).await.err().unwrap(), "key_reused");
    assert!(is_complete(&File::random(room, LENGTH).upload(&session).await.state, LENGTH), "nothing is kept of it");
}
