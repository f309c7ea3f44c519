//! What the ports cannot do yet: rows of a log that are written anew, and what calls cost.

use futures_util::future::join_all;
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_redis_process::{Options, Replicated, Server};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

use super::{
    Heard, Hearing, Link as _, OpenStore, RedisOptions, RedisServer, core::Core, open, recorded::Record,
    tended::Unattended,
};
use crate::{
    aggregates::Slot,
    doorbell::Doorbell,
    embedded::{keys, read::Read, stored},
    limits::{BODY_PART_BYTES_MAX, DOORBELL_ENTRIES_MAX},
    model::{Anchor, Body, Change, Digest, Mentions, NewBatch, NewEntry, NewPost, NewRoom, RoomSetup},
};

const ROOM: RoomId = RoomId([1; 16]);
const AUTHOR: UserId = UserId([2; 16]);

#[expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]
async fn opened(server: &Server) -> (OpenStore, Arc<Core>) {
    let address = RedisServer::parse(&[server.url()]).unwrap();
    let entropy = Arc::new(|out: &mut [u8]| getrandom::fill(out).unwrap());
    let spawn = Arc::new(|task| drop(tokio::spawn(task)));
    let opened = open(RedisOptions::new(address, entropy, spawn), None).await.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    let core = Arc::clone(&opened.handle.core);
    (opened, core)
}

fn client(number: u64) -> ClientId {
    let mut id = [3; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    ClientId(id)
}

async fn begin(opened: &OpenStore) {
    begin_in(opened, ROOM).await;
}

async fn begin_in(opened: &OpenStore, id: RoomId) {
    let room = NewRoom {
        id,
        name: "room".into(),
        creator: AUTHOR,
        client_id: client(0),
        at_ms: 1,
        epoch: Epoch([4; 16]),
        digest: Digest([5; 32]),
        setup: RoomSetup::default(),
    };
    opened.store.rooms.create(room).await.unwrap();
}

async fn post(opened: &OpenStore, number: u64) -> u64 {
    post_in(opened, ROOM, number).await
}

async fn post_in(opened: &OpenStore, room: RoomId, number: u64) -> u64 {
    let change = Change::Post(format!("text {number}").into());
    let new = NewEntry {
        author: AUTHOR,
        client_id: client(number),
        at_ms: 1,
        digest: Digest([6; 32]),
        change,
        mentions: Mentions::default(),
    };
    opened.store.log.append(room, new).await.unwrap().unwrap().entry.seq
}

async fn erase(core: &Arc<Core>, seq: u64) {
    let erasing = core.submit(Slot::Room(ROOM), move |tx| {
        let mut row = tx.need(&keys::entry(ROOM, seq))?;
        row.text = stored::Text::Erased;
        tx.put(keys::entry(ROOM, seq), &row)
    });
    erasing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_log_that_were_erased_stand_in_their_places() {
    let server = Server::start(&Options::default()).unwrap();
    let (opened, core) = opened(&server).await;
    begin(&opened).await;
    // More than one piece of a span, and more than one of a script's steps.
    for number in 1..=400 {
        post(&opened, number).await;
    }
    let erased = [3, 4, 66, 67, 130, 300, 401, 402];
    for seq in erased {
        erase(&core, seq).await;
    }
    // And again, which changes what is changed already.
    erase(&core, 66).await;
    assert_eq!(post(&opened, 401).await, 403, "the log goes on behind its last row, though that was erased");

    let (other, _) = self::opened(&server).await;
    let expected = |seq: u64| match seq {
        1 => Body::Text("room".into()),
        2 => Body::None,
        seq if erased.contains(&seq) => Body::Erased,
        seq => Body::Text(format!("text {}", seq - 2).into()),
    };
    for store in [&opened.store, &other.store] {
        let entries = store.log.entries(ROOM, 0, 1_000, usize::MAX).await.unwrap();
        assert!(entries.iter().map(|entry| entry.seq).eq(1..=403));
        for entry in &entries {
            assert_eq!(entry.body, expected(entry.seq), "{}", entry.seq);
        }
        for (anchor, first, last) in [
            (Anchor::Before(u64::MAX), 304, 403),
            (Anchor::Before(68), 1, 67),
            (Anchor::After(65), 66, 165),
            (Anchor::After(401), 402, 403),
        ] {
            let page = store.log.messages(ROOM, anchor, 100, usize::MAX).await.unwrap().unwrap();
            assert!(page.messages.iter().map(|message| message.seq).eq(first..=last), "{anchor:?}");
            assert!(page.messages.iter().all(|message| message.body == expected(message.seq)));
        }
    }
    // What was erased is nowhere.
    let digest = server.command(&["XLEN", &format!("rill:{{r:{ROOM}}}:entry")]).unwrap();
    assert_eq!(digest, redis::Value::Int(403 - erased.len() as i64));
}

/// Awaits a call and tells how many round trips it took.
macro_rules! cost {
    ($handle:expr, $call:expr) => {{
        let before = $handle.redis_statistics().round_trips;
        let _ = $call.await;
        $handle.redis_statistics().round_trips - before
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_calls_cost() {
    let server = Server::start(&Options::default()).unwrap();
    let ((near, _), (other, _)) = (opened(&server).await, opened(&server).await);
    begin(&near).await;
    let log = &other.store.log;
    assert_eq!(cost!(other.handle, post(&other, 1)), 3, "a post: the room, the member, the commit");
    for number in 2..5 {
        assert_eq!(cost!(other.handle, post(&other, number)), 1, "a post over what is remembered");
    }
    assert_eq!(cost!(other.handle, post(&other, 4)), 2, "a retry: what finds its key, then its entry");
    assert_eq!(cost!(other.handle, other.store.rooms.membership(ROOM, AUTHOR)), 1);
    assert_eq!(cost!(other.handle, log.head(ROOM)), 1);
    // Another node posts: what this one remembers is old.
    post(&near, 10).await;
    assert_eq!(cost!(other.handle, log.tail(ROOM, 6, 100, 65_536)), 1, "what a doorbell asks for");
    assert_eq!(cost!(other.handle, log.entries(ROOM, 0, 100, 65_536)), 1);
    let newest = Anchor::Before(u64::MAX);
    assert_eq!(cost!(other.handle, log.messages(ROOM, newest, 50, 65_536)), 1);
    post(&near, 11).await;
    assert_eq!(cost!(other.handle, log.messages_for(AUTHOR, ROOM, newest, 50, 65_536)), 1, "and who may see it");
    assert_eq!(cost!(other.handle, log.tail_for(AUTHOR, ROOM, 6, 100, 65_536)), 1);
    post(&near, 12).await;
    assert_eq!(cost!(other.handle, post(&other, 13)), 2, "one that lost, and one over what it was told then");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_was_taken_out_of_the_list_comes_back_with_what_another_node_remembers() {
    let server = Server::start(&Options::default()).unwrap();
    let ((one, _), (other, _)) = (opened(&server).await, opened(&server).await);
    let listed = || server.command(&["ZCARD", "rill:pending"]).unwrap();
    let join = async |node: &OpenStore, user: u8, change: Change| {
        let author = UserId([user; 16]);
        let client_id = match change {
            Change::Leave => client(100),
            _ => client(200),
        };
        let new =
            NewEntry { author, client_id, at_ms: 1, digest: Digest([6; 32]), change, mentions: Mentions::default() };
        node.store.log.append(ROOM, new).await.unwrap().unwrap().entry.seq
    };
    begin(&one).await;
    let first = join(&one, 9, Change::Join).await;
    assert_eq!(listed(), redis::Value::Int(1));
    assert_eq!(other.store.rooms.pending(10).await.unwrap().len(), 2);
    for seq in [2, first] {
        other.store.rooms.settle(ROOM, seq).await.unwrap();
    }
    // The first node has not heard that nothing is left, and remembers the room as listed.
    assert_eq!(other.store.rooms.pending(10).await.unwrap(), []);
    assert_eq!(listed(), redis::Value::Int(0));
    let last = join(&one, 9, Change::Leave).await;
    assert_eq!(listed(), redis::Value::Int(1));
    let due = other.store.rooms.pending(10).await.unwrap();
    assert_eq!(due.iter().map(|due| due.seq).collect::<Vec<_>>(), [last]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_nobody_uses_ends() {
    let server = Server::start(&Options::default()).unwrap();
    let (node, _) = opened(&server).await;
    begin(&node).await;
    // Another node died in its turn: others wait for the turn's end, and no longer.
    server.command(&["SET", &format!("rill:{{r:{ROOM}}}:turn"), "gone", "PX", "300"]).unwrap();
    let posted = tokio::time::timeout(std::time::Duration::from_secs(5), post(&node, 1)).await;
    assert_eq!(posted.unwrap(), 3);
}

/// Hears what is rung of the room, as long as the first of these is there.
async fn hears_bells(node: &OpenStore, core: &Core) -> (Hearing, mpsc::Receiver<Vec<u8>>) {
    let (said, heard) = mpsc::channel(100);
    let ear = move |heard: Heard<'_>| {
        if let Heard::Said { payload, .. } = heard {
            said.try_send(payload.to_vec()).unwrap();
        }
    };
    let mut hearing = node.handle.link().hear(Arc::new(ear)).await.unwrap();
    hearing.subscribe(&[core.layout.bell(Slot::Room(ROOM))]).await.unwrap();
    (hearing, heard)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_rings_with_what_it_appended_and_who_is_told_has_seen_it() {
    let server = Server::start(&Options::default()).unwrap();
    let ((near, near_core), (other, other_core)) = (opened(&server).await, opened(&server).await);
    begin(&near).await;
    let (_hearing, mut heard) = hears_bells(&other, &near_core).await;
    let seq = post(&near, 1).await;
    let payload = heard.recv().await.unwrap();
    let bell = Doorbell::parse(&payload).unwrap();
    assert_eq!((bell.seq, bell.node, bell.epoch), (seq, near.handle.node(), Some(Epoch([4; 16]))));
    let seen = |core: &Core| {
        core.seen.all().into_iter().any(|record| matches!(record, Record::Log(_, point) if point.seq == seq))
    };
    assert!(!seen(&other_core));
    let told = other.store.log.told(ROOM, &bell).unwrap();
    assert!(seen(&other_core), "what was shown must not be lost unnoticed");
    assert_eq!(told, near.store.log.entries(ROOM, seq - 1, 10, 65_536).await.unwrap());
    assert_eq!(told.len(), 1);

    // Several at once come together; too much, or a text in parts, does not come at all.
    let text = |bytes: usize| -> Arc<str> { "x".repeat(bytes).into() };
    let many = vec![text(1); DOORBELL_ENTRIES_MAX + 1];
    let batches =
        [(vec![text(1); 3], 3), (many, 0), (vec![text(4_000); 5], 0), (vec![text(BODY_PART_BYTES_MAX + 1)], 0)];
    for (number, (texts, expected)) in (100..).step_by(100).zip(batches) {
        let post = |(number, text)| NewPost {
            client_id: client(number),
            digest: Digest([6; 32]),
            text,
            mentions: Mentions::default(),
        };
        let posts = (number..).zip(texts).map(post).collect();
        near.store.log.append_batch(ROOM, NewBatch { author: AUTHOR, at_ms: 1, posts }).await.unwrap().unwrap();
        let payload = heard.recv().await.unwrap();
        let bell = Doorbell::parse(&payload).unwrap();
        let told = other.store.log.told(ROOM, &bell).unwrap();
        assert_eq!(told.len(), expected);
        let behind = bell.seq - expected as u64;
        assert_eq!(told, near.store.log.entries(ROOM, behind, expected.max(1), usize::MAX).await.unwrap());
    }
}

/// A primary that was given up and does not know it still takes posts and rings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_heard_to_be_longer_than_it_is_goes_on_in_a_new_epoch() {
    let servers = Replicated::start(&Options::default()).unwrap();
    let (old, old_core) = opened(&servers.primary).await;
    begin(&old).await;
    let kept = post(&old, 1).await;
    let (_hearing, mut heard) = hears_bells(&old, &old_core).await;
    servers.catch_up().unwrap();
    servers.replica.promote().unwrap();
    let (node, _) = opened(&servers.replica).await;
    let head = async || node.store.log.head(ROOM).await.unwrap().unwrap();
    let before = head().await;
    assert_eq!(before.seq, kept);
    node.store.log.doubt(ROOM).await.unwrap();
    assert_eq!(head().await.epoch, before.epoch, "there is nothing to doubt");

    let lost = post(&old, 2).await;
    let payload = heard.recv().await.unwrap();
    let told = node.store.log.told(ROOM, &Doorbell::parse(&payload).unwrap()).unwrap();
    assert_eq!(told.last().unwrap().seq, lost);
    node.store.log.doubt(ROOM).await.unwrap();
    let after = head().await;
    assert_eq!(after.seq, kept);
    assert_ne!(after.epoch, before.epoch);
    node.store.log.doubt(ROOM).await.unwrap();
    assert_eq!(head().await.epoch, after.epoch, "once is enough");
    assert_eq!(post(&node, 3).await, lost, "under the same number, in another epoch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_what_another_node_changed_need_not_lose_a_commit() {
    let server = Server::start(&Options::default()).unwrap();
    let ((near, near_core), (other, _)) = (opened(&server).await, opened(&server).await);
    begin(&near).await;
    let (_hearing, mut heard) = hears_bells(&other, &near_core).await;
    let mut bells: Vec<Vec<u8>> = Vec::new();
    for (number, teller, listener) in [(1, &near, &other), (2, &other, &near), (3, &near, &other)] {
        // Once more what was told before is of no use, and does no harm.
        for payload in &bells {
            listener.store.log.told(ROOM, &Doorbell::parse(payload).unwrap()).unwrap();
        }
        post(teller, number).await;
        bells.push(heard.recv().await.unwrap());
        listener.store.log.told(ROOM, &Doorbell::parse(&bells[number as usize - 1]).unwrap()).unwrap();
    }
    let conflicts = other.handle.redis_statistics().conflicts;
    assert_eq!(cost!(other.handle, post(&other, 4)), 1, "it has heard of everything");
    bells.push(heard.recv().await.unwrap());
    // One is lost: the next says nothing to who does not know what was before it.
    for number in 5..7 {
        post(&near, number).await;
        bells.push(heard.recv().await.unwrap());
    }
    other.store.log.told(ROOM, &Doorbell::parse(&bells[5]).unwrap()).unwrap();
    assert_eq!(other.handle.redis_statistics().conflicts, conflicts);
    assert_eq!(cost!(other.handle, post(&other, 7)), 2);
    let entries = near.store.log.entries(ROOM, 2, 100, 65_536).await.unwrap();
    let posts: Vec<_> = entries.iter().map(|entry| (entry.seq, entry.posts)).collect();
    assert_eq!(posts, (3..).zip(1..=7).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_go_together_are_answered_each_for_itself() {
    const ROOMS: u8 = 200;
    let server = Server::start(&Options::default()).unwrap();
    let ((near, _), (other, _)) = (opened(&server).await, opened(&server).await);
    let rooms: Vec<_> = (1..=ROOMS).map(|number| RoomId([number; 16])).collect();
    join_all(rooms.iter().map(|room| begin_in(&near, *room))).await;
    // In every third somebody else is first: what this node remembers is old there.
    let contested: Vec<_> = rooms.iter().step_by(3).copied().collect();
    join_all(contested.iter().map(|room| post_in(&other, *room, 1))).await;
    // Each is told that Redis has forgotten the script, and sends it.
    near.handle.link().send(redis::cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    let posted = rooms.iter().map(|room| post_in(&near, *room, 2));
    // Who asks and does not wait for the answer takes nobody else's.
    let given_up = rooms.iter().map(|room| tokio::time::timeout(Duration::ZERO, post_in(&near, *room, 3)));
    let (seqs, _) = tokio::join!(join_all(posted), join_all(given_up));
    for (room, seq) in rooms.iter().zip(seqs) {
        assert_eq!(seq, if contested.contains(room) { 4 } else { 3 }, "{room}");
        assert_eq!(post_in(&near, *room, 2).await, seq, "a retry");
    }
}
