//! Logs longer than what Redis keeps of them: the old part lies in blobs, and nobody who
//! reads can tell.

use futures_util::{StreamExt as _, stream};
use rill_redis_process::{Options, Server};
use rill_storage::{
    blobs::{BlobPlace, Blobs},
    limits::SEGMENT_ENTRIES,
    model::{Anchor, Body, Change, Entry, Fact, Message, NewEntry, Reach, Replay, Rule},
    redis::{self, ArchiveOptions, OpenStore, RedisOptions, Unattended},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    rooms::{ROOM, begin, post},
    stage::until,
};

/// Of each room, in Redis.
pub(crate) const KEEP_ENTRIES: u64 = 300;
pub(crate) const POSTS: u64 = 1_500;

async fn node(addresses: &[String], folder: Option<&Path>) -> OpenStore {
    node_at(addresses, folder.map(|folder| BlobPlace::Folder(folder.to_owned()))).await
}

pub(crate) async fn node_at(addresses: &[String], place: Option<BlobPlace>) -> OpenStore {
    let archive =
        place.map(|place| ArchiveOptions { blobs: Blobs::open(&place).unwrap(), keep_entries: Some(KEEP_ENTRIES) });
    let options = RedisOptions { archive, ..crate::stage::options(addresses) };
    let opened = redis::open(options, None).await.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    opened
}

/// Some longer than a row, some than a part of one.
fn text(number: u64) -> String {
    match number % 50 {
        0 => format!("{number} {}", "长".repeat(5_000)),
        1 => format!("{number} {}", "x".repeat(4_095)),
        _ => format!("{number} hello"),
    }
}

pub(crate) async fn say(node: &OpenStore, numbers: std::ops::Range<u64>) {
    let made = stream::iter(numbers).map(|number| node.store.log.append(ROOM, post(0, number, &text(number))));
    let mut made = made.buffered(64);
    while let Some(made) = made.next().await {
        made.unwrap().unwrap();
    }
}

fn expected(seq: u64) -> Option<String> {
    // The room's own two entries come first.
    (seq > 2).then(|| text(seq - 3))
}

pub(crate) fn check(body: &Body, seq: u64) {
    match (body, expected(seq)) {
        (Body::Text(found), Some(expected)) => assert_eq!(**found, *expected, "entry {seq}"),
        (_, expected) => assert!(expected.is_none() || seq <= 2, "entry {seq} has no text"),
    }
}

async fn in_redis(server: &Server, key: &str) -> u64 {
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = format!("{}{{r:{ROOM}}}:{key}", redis::DEFAULT_PREFIX);
    let command = if key.ends_with("entry") { "XLEN" } else { "HLEN" };
    ::redis::cmd(command).arg(key).query_async(&mut connection).await.unwrap()
}

/// Until so few entries are left in Redis as there shall be.
pub(crate) async fn moved(server: &Server) {
    let bound = KEEP_ENTRIES + 2 * SEGMENT_ENTRIES;
    let waiting = async {
        while in_redis(server, "entry").await > bound {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("the old part of the log was moved");
}

pub(crate) async fn all(node: &OpenStore, page: usize) -> Vec<Arc<Entry>> {
    let mut entries: Vec<Arc<Entry>> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let found = node.store.log.entries(ROOM, after, page, usize::MAX).await.unwrap();
        if found.is_empty() {
            return entries;
        }
        entries.extend(found);
    }
}

async fn backwards(node: &OpenStore, page: usize) -> Vec<Message> {
    let (mut messages, mut before) = (Vec::new(), u64::MAX);
    loop {
        let found = node.store.log.messages(ROOM, Anchor::Before(before), page, usize::MAX).await.unwrap().unwrap();
        before = found.messages.first().map_or(1, |message| message.seq);
        assert_eq!(found.more, before > 1);
        messages.extend(found.messages.into_iter().rev());
        if !found.more {
            messages.reverse();
            return messages;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_the_newest_and_every_reader_finds_all() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&Options::default()).unwrap();
    let addresses = [server.url()];
    let nodes = [node(&addresses, Some(folder.path())).await, node(&addresses, Some(folder.path())).await];
    begin(&nodes[0], 1).await;
    say(&nodes[0], 0..POSTS).await;
    moved(&server).await;
    // Counted a moment after they are gone from Redis.
    let archived = || nodes[0].handle.redis_statistics().archived_entries;
    until(|| archived() >= POSTS - KEEP_ENTRIES - 2 * SEGMENT_ENTRIES).await;
    assert_eq!(archived() % SEGMENT_ENTRIES, 0);
    assert!(in_redis(&server, "body").await < 4 * POSTS / 50, "texts went with their entries");

    for node in &nodes {
        for page in [1_000, 255, 97] {
            let entries = all(node, page).await;
            assert!(entries.iter().map(|entry| entry.seq).eq(1..=POSTS + 2), "pages of {page}");
            entries.iter().for_each(|entry| check(&entry.body, entry.seq));
            let messages = backwards(node, page).await;
            assert!(messages.iter().map(|message| message.seq).eq(1..=POSTS + 2), "pages of {page}");
            messages.iter().for_each(|message| check(&message.body, message.seq));
        }
        let middle = node.store.log.messages(ROOM, Anchor::After(200), 100, usize::MAX).await.unwrap().unwrap();
        assert!(middle.more && middle.messages.iter().map(|message| message.seq).eq(201..=300));
        // A retry of what is archived by now.
        let retry = node.store.log.append(ROOM, post(0, 50, &text(50))).await.unwrap().unwrap();
        assert_eq!((retry.replay, retry.entry.seq), (Replay::Same, 53));
        check(&retry.entry.body, 53);
    }
    // It goes on, at whichever node.
    say(&nodes[1], POSTS..2 * POSTS).await;
    moved(&server).await;
    assert_eq!(all(&nodes[0], 1_000).await.len() as u64, 2 * POSTS + 2);
}

/// Each text is a few rows, which must not be asked for one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_of_long_texts_is_moved_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&Options::default()).unwrap();
    let node = node(&[server.url()], Some(folder.path())).await;
    begin(&node, 1).await;
    let long = |number: u64| format!("{number} {}", "x".repeat(9_000));
    let posts = KEEP_ENTRIES + 3 * SEGMENT_ENTRIES;
    for number in 0..posts {
        node.store.log.append(ROOM, post(0, number, &long(number))).await.unwrap().unwrap();
    }
    moved(&server).await;
    let entries = all(&node, 200).await;
    assert!(entries.iter().map(|entry| entry.seq).eq(1..=posts + 2));
    for entry in &entries[2..] {
        assert!(matches!(&entry.body, Body::Text(text) if **text == *long(entry.seq - 3)), "entry {}", entry.seq);
    }
}

/// The text goes from the blob too, and the blob that had it goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_removed_is_in_no_blob() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&Options::default()).unwrap();
    let addresses = [server.url()];
    let nodes = [node(&addresses, Some(folder.path())).await, node(&addresses, Some(folder.path())).await];
    begin(&nodes[0], 1).await;
    // None is a part of another.
    let marked = |number: u64| format!("<{}>", text(number));
    for number in 0..POSTS {
        nodes[0].store.log.append(ROOM, post(0, number, &marked(number))).await.unwrap().unwrap();
    }
    moved(&server).await;
    // A short one, one in several rows, one of another segment, one that is still in Redis.
    let gone = [5, 53, 300, POSTS];
    for node in &nodes {
        assert_eq!(all(node, 1_000).await.len() as u64, POSTS + 2, "both have read what is to go");
    }
    for (number, target) in gone.into_iter().enumerate() {
        let change = Change::Remove { target, named: Vec::new(), rule: Rule(|_| true), reach: Reach::Seen };
        let new = NewEntry { change, ..post(0, POSTS + number as u64, "") };
        nodes[0].store.log.append(ROOM, new).await.unwrap().unwrap();
    }
    let is_clean = |entries: &[Arc<Entry>]| {
        for entry in entries {
            match gone.contains(&entry.seq) {
                true => assert_eq!(entry.body, Body::Erased, "entry {}", entry.seq),
                false if entry.fact == Fact::Posted => assert_eq!(entry.body, Body::Text(marked(entry.seq - 3).into())),
                false => {}
            }
        }
        entries.len() as u64
    };
    assert_eq!(is_clean(&all(&nodes[1], 1_000).await), POSTS + 2 + 4, "at once, though not from the blobs");
    for target in gone {
        nodes[0].store.log.scrub(ROOM, target).await.unwrap();
        // Once more, as after a stop.
        nodes[1].store.log.scrub(ROOM, target).await.unwrap();
    }
    for node in [&nodes[0], &nodes[1], &self::node(&addresses, Some(folder.path())).await] {
        assert_eq!(is_clean(&all(node, 1_000).await), POSTS + 2 + 4);
        assert_eq!(backwards(node, 97).await.len() as u64, POSTS + 2 + 4);
    }
    assert_eq!(in_redis(&server, "entry:changed").await, 1, "the rest is in the segments");
    let blobs = fs::read_dir(folder.path()).unwrap().flat_map(|part| fs::read_dir(part.unwrap().path()).unwrap());
    let content: Vec<u8> = blobs.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    for (seq, is_there) in [(5, false), (53, false), (300, false), (54, true), (6, true)] {
        let text = marked(seq - 3);
        let bytes = text.as_bytes();
        let front = &bytes[..bytes.len().min(200)];
        let found = content.windows(front.len()).any(|window| window == front);
        assert_eq!(found, is_there, "the text of entry {seq}");
    }
}

/// Both want to move the same segments of a room while both write to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_move_the_same_room_lose_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&Options::default()).unwrap();
    let addresses = [server.url()];
    let nodes = [node(&addresses, Some(folder.path())).await, node(&addresses, Some(folder.path())).await];
    begin(&nodes[0], 1).await;
    tokio::join!(say(&nodes[0], 0..POSTS), say(&nodes[1], POSTS..2 * POSTS));
    moved(&server).await;
    let entries = all(&nodes[1], 1_000).await;
    assert!(entries.iter().map(|entry| entry.seq).eq(1..=2 * POSTS + 2));
    let posts = entries.iter().filter(|entry| entry.fact == Fact::Posted);
    let mut texts: Vec<_> = posts.map(|entry| entry.body.clone()).collect();
    let mut said: Vec<_> = (0..2 * POSTS).map(|number| Body::Text(text(number).into())).collect();
    let key = |body: &Body| format!("{body:?}");
    texts.sort_by_cached_key(key);
    said.sort_by_cached_key(key);
    assert!(texts == said);
    let moved = nodes.each_ref().map(|node| node.handle.redis_statistics().archived_entries);
    assert!(moved.iter().sum::<u64>() <= 2 * POSTS + 2 - KEEP_ENTRIES, "each segment once: {moved:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_or_damaged_is_an_error_and_never_a_hole() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&Options::default()).unwrap();
    let addresses = [server.url()];
    let writer = node(&addresses, Some(folder.path())).await;
    begin(&writer, 1).await;
    say(&writer, 0..POSTS).await;
    moved(&server).await;

    let says = async |node: &OpenStore, words: &str| {
        let read = node.store.log.entries(ROOM, 10, 5, usize::MAX).await;
        let error = read.expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
        // What Redis has is there all the same.
        let newest = node.store.log.entries(ROOM, POSTS, 5, usize::MAX).await.unwrap();
        assert_eq!(newest.len(), 2);
    };
    says(&node(&addresses, None).await, "not told where").await;

    let blobs = || fs::read_dir(folder.path()).unwrap().flat_map(|part| fs::read_dir(part.unwrap().path()).unwrap());
    // The writer may be at one segment more: what it writes has another name until it is whole.
    let is_whole = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().bytes().all(|c| c.is_ascii_hexdigit());
    let mut files: Vec<_> = blobs().map(|file| file.unwrap().path()).filter(is_whole).collect();
    assert!(files.len() >= 3);
    for file in &files {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(file, bytes).unwrap();
    }
    says(&node(&addresses, Some(folder.path())).await, "damaged").await;
    files.drain(..).for_each(|file| fs::remove_file(file).unwrap());
    says(&node(&addresses, Some(folder.path())).await, "missing").await;
}

/// With their entries the segments go, and their blobs, whichever node erases what.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_deleted_room_nothing_is_in_any_blob() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&Options::default()).unwrap();
    let addresses = [server.url()];
    let nodes = [node(&addresses, Some(folder.path())).await, node(&addresses, Some(folder.path())).await];
    begin(&nodes[0], 3).await;
    say(&nodes[0], 0..POSTS).await;
    moved(&server).await;
    assert_eq!(all(&nodes[1], 1_000).await.len() as u64, POSTS + 4, "both have read what is to go");
    let delete = Change::Delete { rule: Rule(|_| true), reach: Reach::Seen };
    let new = NewEntry { change: delete, ..post(0, POSTS, "") };
    let last = nodes[0].store.log.append(ROOM, new).await.unwrap().unwrap().entry.seq;
    let mut parts = 0;
    while let Some(remains) = nodes[parts % 2].store.rooms.remains(ROOM, 1).await.unwrap() {
        nodes[(parts + 1) % 2].store.rooms.erase(ROOM, remains).await.unwrap();
        parts += 1;
        for node in &nodes {
            assert!(all(node, 1_000).await.iter().map(|entry| entry.seq).eq([last]), "behind part {parts}");
        }
    }
    assert!(parts as u64 > POSTS / SEGMENT_ENTRIES);
    let blobs = fs::read_dir(folder.path()).unwrap().flat_map(|part| fs::read_dir(part.unwrap().path()).unwrap());
    assert_eq!(blobs.count(), 0);
    let left = async |key: &str| in_redis(&server, key).await;
    assert_eq!(left("entry").await, 1, "the last one");
    for key in ["body", "member", "standing", "segment", "spent_segment", "former_member", "message"] {
        assert_eq!(left(key).await, 0, "{key}");
    }
}
