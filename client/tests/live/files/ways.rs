//! Up and down on every transport, and what the room sees of it.

use rill_client::{
    Client, Error, Event, Events, TransportKind,
    files::{Download, Phase, RoomFiles, Throttle, Upload},
};
use rill_protocol::{
    Code, FileDigest, RoomId,
    message::{Direction, FileOutcome},
};
use std::fs;

use super::{
    super::server::{Server, within},
    Files, digest, done, reached, sent,
};

const KINDS: [TransportKind; 3] = [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket];

/// Reads events until the file of a message is settled; what became of it.
async fn settled(events: &mut Events, files: &mut RoomFiles, seq: u64) -> (FileOutcome, u32) {
    loop {
        if let Some(file) = files.get(seq).filter(|file| file.state.outcome != FileOutcome::Pending) {
            return (file.state.outcome, file.state.code);
        }
        if let Event::Entry(entry) = within(60, events.next()).await.expect("it lives") {
            files.entry(&entry);
        }
    }
}

async fn pair(server: &Server) -> (RoomId, (Client, Events), (Client, Events)) {
    let one = server.client("user1", TransportKind::Quic).await;
    let room = within(60, one.0.create_room("r")).await.unwrap().id;
    let two = server.client("user2", TransportKind::WebSocket).await;
    within(60, two.0.join(room)).await.unwrap();
    (room, one, two)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_up_and_down_on_every_transport_and_is_a_message() {
    let (server, files) = (Server::start(), Files::new());
    let (room, (one, _events), (two, mut events)) = pair(&server).await;
    let mut known = RoomFiles::default();
    // One byte less, as many and one more than chunks and blocks hold; nothing at all.
    for (number, size) in [0, 1, 65_535, 65_536, 65_537, 512 * 1024, 3_000_000].into_iter().enumerate() {
        let kind = KINDS[number % KINDS.len()];
        let (sender, _sender_events) = server.client("user1", kind).await;
        let path = files.random(&format!("文件 {number}"), size);
        let handle = sender.upload(Upload::new(room, &path).text("look")).await.unwrap();
        let uploaded = done(&handle).await;
        assert_eq!((handle.progress().phase, handle.progress().durable_bytes), (Phase::Over, size as u64));
        assert_eq!((uploaded.state.outcome, uploaded.state.size.get()), (FileOutcome::Complete, size as u64));
        assert_eq!(settled(&mut events, &mut known, uploaded.seq).await, (FileOutcome::Complete, 0));
        let said = known.get(uploaded.seq).unwrap();
        assert_eq!((said.file.name.as_str(), said.file.size.get()), (format!("文件 {number}").as_str(), size as u64));

        let page = within(60, two.history(room, Direction::After, uploaded.seq - 1, 1)).await.unwrap();
        assert_eq!((page.messages[0].text.as_str(), page.files.len()), ("look", 1));
        assert_eq!(page.files[0].state, uploaded.state);
        for kind in KINDS {
            let (reader, _reader_events) = server.client("user2", kind).await;
            let into = files.path(&format!("{number} by {kind}"));
            let expected = FileDigest(*digest(&path).as_bytes());
            let handle = reader.download(Download::new(room, uploaded.seq, &into).digest(expected));
            let file = within(60, handle.done()).await.unwrap();
            assert_eq!((digest(&into), file.size_bytes), (digest(&path), size as u64), "{kind}, {size}");
        }
    }
    assert!(one.uploads().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_the_user_may_read_already_need_not_travel() {
    let (server, files) = (Server::start(), Files::new());
    let (room, (one, _events), _) = pair(&server).await;
    let first = sent(&one, room, &files.random("a", 2_000_000)).await;
    fs::copy(files.path("a"), files.path("b")).unwrap();
    // So slow that the bytes could not travel in time.
    let again = Upload::new(room, files.path("b")).throttle(Throttle::new(1_000));
    let second = done(&one.upload(again).await.unwrap()).await;
    assert!(second.seq > first.seq);
    let into = files.path("c");
    within(60, one.download(Download::new(room, second.seq, &into)).done()).await.unwrap();
    assert_eq!(digest(&into), digest(&files.path("a")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_an_upload_fails_its_message() {
    let (server, files) = (Server::start(), Files::new());
    let (room, (one, _events), (_two, mut events)) = pair(&server).await;
    let mut known = RoomFiles::default();
    // Half a minute, which is not waited for.
    let slowly = |path| Upload::new(room, path).throttle(Throttle::new(1 << 20));
    const LONG: usize = 30_000_000;

    let handle = one.upload(slowly(files.random("cancelled", LONG))).await.unwrap();
    let at = reached(handle.watch(), 1).await;
    handle.pause();
    let mut progress = handle.watch();
    within(60, progress.wait_for(|progress| progress.phase == Phase::Paused)).await.unwrap();
    handle.resume();
    within(60, progress.wait_for(|progress| progress.phase == Phase::Moving)).await.unwrap();
    handle.cancel();
    assert!(matches!(within(60, handle.done()).await, Err(Error::Cancelled)));
    let (outcome, _) = settled(&mut events, &mut known, at.seq.unwrap()).await;
    assert_eq!(outcome, FileOutcome::Failed);

    let path = files.random("changed", LONG);
    let handle = one.upload(slowly(path.clone())).await.unwrap();
    let at = reached(handle.watch(), 1).await;
    fs::write(&path, "something else").unwrap();
    assert!(matches!(within(60, handle.done()).await, Err(Error::FileChanged(_))));
    let (outcome, _) = settled(&mut events, &mut known, at.seq.unwrap()).await;
    assert_eq!(outcome, FileOutcome::Failed);
    assert!(one.uploads().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_code() {
    let (server, files) = (Server::start(), Files::new());
    let (room, (one, _events), (two, _two_events)) = pair(&server).await;
    let (stranger, _stranger_events) = server.client("user3", TransportKind::WebTransport).await;
    let path = files.random("f", 1_000);
    let code = |error: Error| match error {
        Error::Refused(failure) => failure.known().unwrap(),
        other => panic!("{other}"),
    };
    let refused = stranger.upload(Upload::new(room, &path)).await.unwrap();
    assert_eq!(code(within(60, refused.done()).await.unwrap_err()), Code::NotAMember);
    let refused = one.upload(Upload::new(room, &path).name("")).await.unwrap();
    assert_eq!(code(within(60, refused.done()).await.unwrap_err()), Code::BadFileName);
    let file = sent(&one, room, &path).await;
    for (client, seq) in [(&stranger, file.seq), (&two, file.seq + 100), (&two, 1)] {
        let got = client.download(Download::new(room, seq, files.path("nothing")));
        assert_eq!(code(within(60, got.done()).await.unwrap_err()), Code::NoSuchFile);
        assert!(!files.path("nothing").exists());
    }
    let wrong = two.download(Download::new(room, file.seq, files.path("wrong")).digest(FileDigest([1; 32])));
    assert!(matches!(within(60, wrong.done()).await, Err(Error::DigestWrong(_))));
    assert!(matches!(one.upload(Upload::new(room, files.path("none"))).await, Err(Error::File { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_wait_in_line_and_a_file_is_read_while_it_is_written() {
    let (server, files) = (Server::start(), Files::new());
    let (room, (one, _events), (two, _two_events)) = pair(&server).await;
    let paths: Vec<_> = (0..10).map(|number| files.random(&number.to_string(), 400_000)).collect();
    let mut handles = Vec::new();
    // All together eight seconds: the last waits in line while it is asked for again.
    let throttle = Throttle::new(500_000);
    for path in &paths {
        handles.push(one.upload(Upload::new(room, path).throttle(throttle.clone())).await.unwrap());
    }
    // The same file to the same room is the same upload.
    let same = one.upload(Upload::new(room, &paths[9])).await.unwrap();
    assert_eq!(same.transfer, handles[9].transfer);
    let first = reached(handles[0].watch(), 1).await.seq.unwrap();
    let early = two.download(Download::new(room, first, files.path("early")));
    for handle in &handles {
        done(handle).await;
    }
    within(60, early.done()).await.unwrap();
    assert_eq!(digest(&files.path("early")), digest(&paths[0]));

    let mut downloads = Vec::new();
    for handle in &handles {
        let seq = handle.progress().seq.unwrap();
        downloads.push(two.download(Download::new(room, seq, files.path(&format!("{seq} back")))));
    }
    for ((handle, download), path) in handles.iter().zip(downloads).zip(&paths) {
        within(60, download.done()).await.unwrap();
        let seq = handle.progress().seq.unwrap();
        assert_eq!(digest(&files.path(&format!("{seq} back"))), digest(path));
    }
    assert!(fs::read_dir(files.path("")).unwrap().all(|entry| entry.unwrap().path().extension().is_none()), "a part");
}
