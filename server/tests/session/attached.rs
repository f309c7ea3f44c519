//! Messages with files, as members see them: on lanes and in pages of history.

use rill_protocol::{ClientId, Code, Frame, RoomId, TransferId, U53, message::*, mux::Class};
use rill_storage::model::{self, AttachedFile, Change, CompleteFile, ContentKey, Digest, Image, Mentions, NewEntry};

use crate::{
    peer::{Peer, entry},
    world::{Person, SystemEntropyBytes, World},
};

const TRANSFER: TransferId = TransferId([7; 16]);

async fn changed(world: &World, person: &Person, room: RoomId, change: Change) -> u64 {
    let new = NewEntry {
        author: person.identity.user,
        client_id: ClientId(SystemEntropyBytes::fresh()),
        at_ms: 0,
        digest: Digest([0; 32]),
        change,
        mentions: Mentions::default(),
    };
    world.store().log.append(room, new).await.unwrap().unwrap().entry.seq
}

/// A message with a file that is on its way.
pub(crate) async fn begun(world: &World, person: &Person, room: RoomId, name: &str) -> u64 {
    let voice = model::Voice { duration_ms: 1_500, waveform: vec![0, 255] };
    let file = AttachedFile {
        transfer: TRANSFER,
        name: name.into(),
        size: 1_000,
        voice: Some(voice),
        state: model::FileState::Pending,
    };
    changed(world, person, room, Change::File { text: "看".into(), file: file.into() }).await
}

pub(crate) async fn settled(world: &World, person: &Person, room: RoomId, target: u64) -> u64 {
    let image = Image { width: 640, height: 480, animated: true, blur_hash: "LEHV6nWB2yk8".into() };
    let complete =
        CompleteFile { content: ContentKey([9; 32]), size: 900, media_type: "image/png".into(), image: Some(image) };
    changed(world, person, room, Change::SettleFile { target, state: model::FileState::Complete(complete) }).await
}

async fn failed(world: &World, person: &Person, room: RoomId, target: u64) -> u64 {
    changed(world, person, room, Change::SettleFile { target, state: model::FileState::Failed { code: 85 } }).await
}

fn info(name: &str) -> FileInfo {
    let voice = Voice { duration_ms: 1_500, waveform: vec![0, 255].into() };
    FileInfo { transfer: TRANSFER, name: name.into(), size: U53::saturating(1_000), voice: Some(voice) }
}

fn state(outcome: FileOutcome) -> FileState {
    let bytes = "application/octet-stream".to_owned();
    match outcome {
        FileOutcome::Complete => FileState {
            outcome,
            code: 0,
            size: U53::saturating(900),
            media_type: "image/png".into(),
            image: Some(ImageInfo { width: 640, height: 480, animated: true, blur_hash: "LEHV6nWB2yk8".into() }),
        },
        _ => {
            let code = if outcome == FileOutcome::Failed { 85 } else { 0 };
            FileState { outcome, code, size: U53::saturating(1_000), media_type: bytes, image: None }
        }
    }
}

/// The newest page: its frames as they come.
async fn page(peer: &Peer, room: RoomId) -> Vec<Frame> {
    let mut history = peer.open(Class::History);
    history.send(&History {}).await;
    history.send(&GetMessages { request: 7, room, direction: Direction::Before, seq: U53::MAX, limit: 50 }).await;
    history.finish();
    let mut frames = Vec::new();
    while let Some(frame) = history.next().await.unwrap() {
        frames.push(frame);
    }
    frames
}

#[tokio::test]
async fn a_file_is_seen_when_it_begins_and_when_it_is_settled() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    let target = begun(&world, &ann, room, "图.png").await;
    let lane = b.others.as_mut().unwrap();
    let posted: EntryFile = lane.expect().await;
    assert_eq!((posted.header.seq.get(), posted.header.author), (target, ann.identity.user));
    assert_eq!((posted.text.as_str(), posted.file), ("看", info("图.png")));
    settled(&world, &ann, room, target).await;
    let told: EntryFileSettled = lane.expect().await;
    assert_eq!((told.header.seq.get(), told.target.get()), (target + 1, target));
    assert_eq!(told.state, state(FileOutcome::Complete));

    // From the store they are the same.
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 50).await;
    let lane = a.others.as_mut().unwrap();
    let (again, settled): (EntryFile, EntryFileSettled) = (lane.expect().await, lane.expect().await);
    assert_eq!((again.header.seq.get(), again.file), (target, info("图.png")));
    assert_eq!((settled.header.seq.get(), settled.target, settled.state), (target + 1, told.target, told.state));
}

#[tokio::test]
async fn a_page_of_history_follows_what_is_known_of_its_files() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let a = world.attached(&ann).await;
    let frames = page(&a, room).await;
    assert_eq!(frames.len(), 1, "no file, no frame about files");

    let seqs = [
        begun(&world, &ann, room, "pending").await,
        begun(&world, &ann, room, "complete").await,
        begun(&world, &ann, room, "failed").await,
    ];
    settled(&world, &ann, room, seqs[1]).await;
    failed(&world, &ann, room, seqs[2]).await;
    let [files, page] = &page(&a, room).await[..] else { panic!("two frames") };
    let files: MessageFiles = files.decode().unwrap();
    let outcomes = [FileOutcome::Pending, FileOutcome::Complete, FileOutcome::Failed];
    let expected = seqs.into_iter().zip(["pending", "complete", "failed"]).zip(outcomes);
    let expected = expected.map(|((seq, name), outcome)| MessageFile {
        seq: U53::saturating(seq),
        file: info(name),
        state: state(outcome),
    });
    assert_eq!((files.request, files.files), (7, expected.collect()));
    let page: MessagePage = page.decode().unwrap();
    let kinds: Vec<_> = page.messages.iter().map(|message| (message.kind, message.text.as_str())).collect();
    let file = (MessageKind::File, "看");
    assert_eq!(kinds, [(MessageKind::Created, "room"), (MessageKind::Joined, ""), file, file, file]);
    assert_eq!(page.as_of.get(), seqs[2] + 2);
}

async fn listed(peer: &Peer, room: RoomId, before: u64, limit: u32) -> Result<(Vec<String>, MessagePage), Failed> {
    let mut history = peer.open(Class::History);
    history.send(&History {}).await;
    history.send(&GetRoomFiles { request: 9, room, before: U53::saturating(before), limit }).await;
    let mut names = Vec::new();
    loop {
        let frame = history.next().await.unwrap().unwrap();
        if let Some(files) = frame.decode_if::<MessageFiles>() {
            let files = files.unwrap();
            assert!(files.request == 9 && names.is_empty());
            names = files.files.into_iter().map(|file| file.file.name).collect();
        } else if let Some(failed) = frame.decode_if::<Failed>() {
            return Err(failed.unwrap());
        } else {
            return Ok((names, frame.decode().unwrap()));
        }
    }
}

#[tokio::test]
async fn the_files_of_a_room_come_in_pages_to_those_who_may_see_them() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    let a = world.attached(&ann).await;
    let (names, page) = listed(&a, room, u64::MAX, 10).await.unwrap();
    assert!(names.is_empty() && page.messages.is_empty() && page.next.is_none());
    world.join(&bob, room).await;
    let one = begun(&world, &ann, room, "one").await;
    world.post(&ann, room, "between them").await;
    world.leave(&bob, room).await;
    let two = begun(&world, &ann, room, "two").await;
    settled(&world, &ann, room, two).await;
    let b = world.attached(&bob).await;
    assert_eq!(listed(&b, room, u64::MAX, 10).await.unwrap_err().code, Code::NotAMember.number());
    world.join(&bob, room).await;
    let three = begun(&world, &ann, room, "three").await;
    failed(&world, &ann, room, three).await;

    let (names, page) = listed(&a, room, u64::MAX, 2).await.unwrap();
    let seqs: Vec<_> = page.messages.iter().map(|message| (message.seq.get(), message.kind)).collect();
    assert_eq!(
        (names, seqs),
        (vec!["two".into(), "three".into()], [two, three].map(|seq| (seq, MessageKind::File)).into())
    );
    assert_eq!((page.request, page.as_of.get(), page.next.map(U53::get)), (9, three + 1, Some(two)));
    let (names, page) = listed(&a, room, two, 2).await.unwrap();
    assert_eq!((names, page.messages[0].seq.get(), page.next), (vec!["one".into()], one, None));
    let (names, _) = listed(&b, room, u64::MAX, 10).await.unwrap();
    assert_eq!(names, ["one", "three"]);
    assert_eq!(listed(&b, RoomId([9; 16]), 5, 1).await.unwrap_err().code, Code::NoSuchRoom.number());
}

#[tokio::test]
async fn what_became_of_a_file_that_one_may_not_see_is_hidden() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let seen = begun(&world, &ann, room, "seen").await;
    world.leave(&bob, room).await;
    let unseen = begun(&world, &ann, room, "unseen").await;
    world.join(&bob, room).await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    // Both speak of what is older than the visible range: the ring cannot tell them apart.
    let first = settled(&world, &ann, room, unseen).await;
    let lane = b.others.as_mut().unwrap();
    assert_eq!(entry(lane).await, (first, "+hidden".into()));
    assert_eq!(first, 8);
    failed(&world, &ann, room, seen).await;
    assert_eq!(entry(lane).await, (first + 1, format!("+settled {seen}: Failed")));
    let own = begun(&world, &ann, room, "own").await;
    assert_eq!(entry(lane).await, (own, "+file own".into()));
    settled(&world, &ann, room, own).await;
    assert_eq!(entry(lane).await, (own + 1, format!("+settled {own}: Complete")));

    let [files, page] = &page(&b, room).await[..] else { panic!("two frames") };
    let files: MessageFiles = files.decode().unwrap();
    let names: Vec<_> = files.files.iter().map(|file| file.file.name.as_str()).collect();
    assert_eq!(names, ["seen", "own"]);
    let page: MessagePage = page.decode().unwrap();
    let kinds = page.messages.iter().filter(|message| message.kind == MessageKind::File);
    assert_eq!(kinds.map(|message| message.seq.get()).collect::<Vec<_>>(), [seen, own]);
}
