//! Several nodes on one Redis: what each of them does is there for all, once and in order.

use crate::{
    proxy::Proxy,
    rooms::{ROOM, begin, changed, node, post, posts_of, retried},
    stage::until,
};
use parking_lot::Mutex;
use rill_protocol::{Epoch, RoomId};
use rill_redis_process::{Cluster, Options, Replicated, Server};
use rill_storage::{
    StoreError,
    model::{Anchor, Body, Change, Entry, Replay},
    port::LogObserver,
    redis::{self, RedisOptions, Unattended},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

#[derive(Default)]
struct Heard(Mutex<Vec<u64>>);

impl LogObserver for Heard {
    fn appended(&self, _: RoomId, _: Epoch, entries: &[Arc<Entry>]) {
        self.0.lock().extend(entries.iter().map(|entry| entry.seq));
    }
}

async fn two_nodes_post_to_one_room(addresses: Vec<String>) {
    let nodes = [node(&addresses).await, node(&addresses).await];
    begin(&nodes[0], 8).await;
    let heard = nodes.each_ref().map(|node| {
        let heard = Arc::new(Heard::default());
        node.store.log.observe(heard.clone());
        heard
    });
    let mut writers = JoinSet::new();
    for author in 0..8 {
        let store = nodes[author as usize % 2].store.clone();
        writers.spawn(async move {
            for number in 0..50 {
                let made = store.log.append(ROOM, post(author, number, "hello")).await.unwrap().unwrap();
                assert_eq!(made.replay, Replay::First);
                // What is acknowledged is there, at this node and in this moment.
                let seen = store.log.entries(ROOM, made.entry.seq - 1, 1, usize::MAX).await.unwrap();
                assert_eq!(seen[0], made.entry);
            }
        });
    }
    writers.join_all().await;

    let logs = [posts_of(&nodes[0]).await, posts_of(&nodes[1]).await];
    assert_eq!(logs[0], logs[1]);
    assert_eq!(logs[0].len(), 400);
    let mut sorted = logs[0].clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 400, "nobody's client id made two entries");
    let heard = heard.map(|heard| heard.0.lock().clone());
    assert!(heard.iter().all(|seqs| seqs.is_sorted() && seqs.len() == 200), "each hears its own, in order");
    let statistics = nodes.each_ref().map(|node| node.handle.redis_statistics());
    assert!(statistics.iter().any(|node| node.conflicts > 0), "they met: {statistics:?}");
    for node in &nodes {
        node.handle.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_of_two_nodes_to_one_room_are_one_log() {
    let server = Server::start(&Options::default()).unwrap();
    two_nodes_post_to_one_room(vec![server.url()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_of_two_nodes_to_one_room_of_a_cluster_are_one_log() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    two_nodes_post_to_one_room(cluster.urls()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_changes_another_reads_at_once_also_what_it_remembers() {
    let server = Server::start(&Options::default()).unwrap();
    let (near, other) = (node(&[server.url()]).await, node(&[server.url()]).await);
    begin(&near, 2).await;
    for round in 0..20 {
        // Both remember the room and its members by now.
        assert!(other.store.log.append(ROOM, post(1, round, "x")).await.unwrap().is_ok());
        near.store.log.append(ROOM, changed(1, 1_000 + round, Change::Leave)).await.unwrap().unwrap();
        let gone = other.store.rooms.membership(ROOM, crate::rooms::user(1)).await.unwrap().unwrap();
        assert!(gone.ranges.iter().all(|range| range.until.is_some()), "{gone:?}");
        let refused = other.store.log.append(ROOM, post(1, 500 + round, "x")).await.unwrap();
        assert_eq!(refused.unwrap_err(), rill_storage::port::AppendRefused::NotAMember);
        near.store.log.append(ROOM, changed(1, 2_000 + round, Change::Join)).await.unwrap().unwrap();
        let (head, seen) = (near.store.log.head(ROOM).await.unwrap(), other.store.log.head(ROOM).await.unwrap());
        assert_eq!(head.unwrap().seq, seen.unwrap().seq);
    }
    let statistics = other.handle.redis_statistics();
    assert!(statistics.hits > 0 && statistics.misses > 0, "{statistics:?}");
}

/// A node that is 40 ms away has lost before it has begun, were it not for its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_far_node_is_not_starved_by_a_near_one() {
    let server = Server::start(&Options::default()).unwrap();
    let proxy = Proxy::to(server.address(), Duration::from_millis(20)).await;
    let (near, far) = (node(&[server.url()]).await, node(&[format!("redis://{}", proxy.address)]).await);
    begin(&near, 2).await;
    let mut busy = JoinSet::new();
    for writer in 0..4 {
        let store = near.store.clone();
        busy.spawn(async move {
            for number in 0.. {
                store.log.append(ROOM, post(0, 10_000 * writer + number, "near")).await.unwrap().unwrap();
            }
        });
    }
    let mut longest = Duration::ZERO;
    for number in 0..15 {
        let begun = Instant::now();
        far.store.log.append(ROOM, post(1, number, "far")).await.unwrap().unwrap();
        longest = longest.max(begun.elapsed());
    }
    let made = near.store.log.head(ROOM).await.unwrap().unwrap().posts - 15;
    assert!(busy.try_join_next().is_none(), "the near one was never refused");
    drop(busy);
    let statistics = far.handle.redis_statistics();
    // Three that lost, a turn, what it is by then, the commit: 240 ms on this wire.
    assert!(longest < Duration::from_secs(10), "{longest:?} {statistics:?}");
    assert!(statistics.turns > 0, "{statistics:?}");
    assert!(made > 100, "the near node went on: {made}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_texts_of_a_page_come_in_a_few_round_trips() {
    let server = Server::start(&Options::default()).unwrap();
    let (one, other) = (node(&[server.url()]).await, node(&[server.url()]).await);
    begin(&one, 1).await;
    let text = |number: u64| format!("{number} {}", "溪".repeat(5_400));
    for number in 0..30 {
        one.store.log.append(ROOM, post(0, number, &text(number))).await.unwrap().unwrap();
    }
    let before = other.handle.redis_statistics().round_trips;
    let page = other.store.log.messages(ROOM, Anchor::Before(u64::MAX), 30, usize::MAX).await.unwrap().unwrap();
    let took = other.handle.redis_statistics().round_trips - before;
    let texts = page.messages.iter().map(|message| message.body.clone());
    assert!(texts.eq((0..30).map(|number| Body::Text(text(number).into()))));
    assert!(took <= 6, "{took} round trips");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_that_redis_forgets_are_sent_again() {
    let server = Server::start(&Options::default()).unwrap();
    let node = node(&[server.url()]).await;
    begin(&node, 1).await;
    for number in 0..10 {
        node.store.log.append(ROOM, post(0, number, "x")).await.unwrap().unwrap();
        server.command(&["SCRIPT", "FLUSH"]).unwrap();
        assert_eq!(node.store.log.head(ROOM).await.unwrap().unwrap().posts, number + 1);
    }
}

/// A node whose commit was taken, and whose answer was lost, knows nothing of what another
/// node has written behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_behind_a_commit_whose_answer_was_lost_is_not_written_over() {
    let server = Server::start(&Options::default()).unwrap();
    let proxy = Proxy::to(server.address(), Duration::from_millis(150)).await;
    let (near, far) = (node(&[server.url()]).await, node(&[format!("redis://{}", proxy.address)]).await);
    begin(&near, 2).await;
    // It remembers the room from here on.
    far.store.log.append(ROOM, post(1, 0, "first")).await.unwrap().unwrap();
    for round in 1..=3 {
        let store = far.store.clone();
        let mut posting = JoinSet::new();
        posting.spawn(async move { retried(|| store.log.append(ROOM, post(1, round, "far"))).await.unwrap() });
        // It is there, and its answer is on the way.
        while near.store.log.head(ROOM).await.unwrap().unwrap().posts < 3 * round - 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        near.store.log.append(ROOM, post(0, round, "near")).await.unwrap().unwrap();
        proxy.cut();
        let made = posting.join_next().await.unwrap().unwrap();
        let behind = far.store.log.append(ROOM, post(1, 100 + round, "far")).await.unwrap().unwrap();
        assert_eq!(behind.entry.seq, made.entry.seq + 2, "behind what the near node has written");
        assert_eq!(posts_of(&near).await.len() as u64, 3 * round + 1);
    }
}

/// Answers are lost in the middle of commits: none of them is made twice, and none that was
/// acknowledged is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_under_load_lose_and_double_nothing() {
    let server = Server::start(&Options::default()).unwrap();
    let nodes = [node(&[server.url()]).await, node(&[server.url()]).await];
    begin(&nodes[0], 6).await;
    let mut writers = JoinSet::new();
    for author in 0..6 {
        let store = nodes[author as usize % 2].store.clone();
        writers.spawn(async move {
            for number in 0..60 {
                retried(|| store.log.append(ROOM, post(author, number, "x"))).await.unwrap();
            }
        });
    }
    let mut kills = 0;
    while !writers.is_empty() {
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
        kills += 1;
        let _ = tokio::time::timeout(Duration::from_millis(15), writers.join_next()).await;
    }
    assert!(kills > 5);
    let mut posts = posts_of(&nodes[0]).await;
    assert_eq!(posts.len(), 360);
    posts.sort_unstable();
    posts.dedup();
    assert_eq!(posts.len(), 360);
}

/// What has no client id, and can be done once only: who is told that it was not there must
/// not be who did it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_whose_answer_was_lost_is_still_answered() {
    let server = Server::start(&Options::default()).unwrap();
    let node = node(&[server.url()]).await;
    crate::rooms::issue(&node, 120).await;
    let store = node.store.clone();
    let redeemed = Arc::new(AtomicU64::new(0));
    let told = redeemed.clone();
    let mut redeeming = JoinSet::new();
    redeeming.spawn(async move {
        let (mut good, mut unknown) = (0, 0);
        for number in 0..120 {
            match crate::rooms::redeem(&store, number).await {
                Ok(Some(_)) => good = told.fetch_add(1, Relaxed) + 1,
                Ok(None) => panic!("ticket {number} was used by nobody else"),
                Err(StoreError::Unreachable(_)) => unknown += 1,
                Err(error) => panic!("{error}"),
            }
        }
        (good, unknown)
    });
    // Some pass between two kills, however slow this machine is.
    for killed_at in (0..100).step_by(8) {
        until(|| redeemed.load(Relaxed) >= killed_at).await;
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    }
    let (good, unknown) = redeeming.join_next().await.unwrap().unwrap();
    assert!(good > 100, "{good} good, {unknown} unknown");
    assert!(node.handle.redis_statistics().retries > 0);
}

/// Versions have the same numbers again, and other stamps: what was remembered of the lost
/// end is not what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_went_back_is_not_taken_for_what_it_was() {
    let mut server = Server::start(&Options { lines: vec!["save 3600 1000000".into()], ..Options::default() }).unwrap();
    let one = node(&[server.url()]).await;
    begin(&one, 2).await;
    for number in 0..3 {
        one.store.log.append(ROOM, post(0, number, "kept")).await.unwrap().unwrap();
    }
    server.command(&["SAVE"]).unwrap();
    for number in 3..6 {
        one.store.log.append(ROOM, post(0, number, "lost")).await.unwrap().unwrap();
    }
    server.kill();
    server.restart().unwrap();
    let other = node(&[server.url()]).await;
    for number in 0..3 {
        other.store.log.append(ROOM, post(1, number, "other")).await.unwrap().unwrap();
    }
    let made = retried(|| one.store.log.append(ROOM, post(0, 6, "late"))).await.unwrap();
    assert_eq!((made.entry.seq, made.replay), (10, Replay::First));
    assert_eq!(posts_of(&one).await.len(), 7);
    assert_eq!(posts_of(&one).await, posts_of(&other).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_no_replica_has_is_not_acknowledged_nor_is_its_retry() {
    let servers = Replicated::start(&Options::default()).unwrap();
    let of = |wait_timeout_ms| {
        let options = RedisOptions { wait_replicas: 1, wait_timeout_ms, ..crate::stage::of(&servers.primary) };
        async { redis::open(options, None).await.unwrap() }
    };
    // A busy machine's replica may take long for what has to succeed.
    begin(&of(30_000).await, 1).await;
    let node = of(300).await;
    node.handle.link().tend(Arc::new(Unattended));
    servers.replica.pause().unwrap();
    let append = || node.store.log.append(ROOM, post(0, 1, "x"));
    for _ in 0..3 {
        let begun = Instant::now();
        let error = append().await.unwrap_err();
        assert!(matches!(&error, StoreError::Unreachable(text) if text.contains("redis.wait_replicas")), "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "no longer than asked for: {:?}", begun.elapsed());
    }
    servers.replica.resume().unwrap();
    let made = retried(append).await.unwrap();
    assert_eq!((made.entry.seq, made.replay), (3, Replay::Same));
}

/// A slot that moves takes its channels from whoever hears them: it is told, and what is said
/// then is heard on another connection. What a node asks to hear no more ends nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_moves_to_another_node_ends_the_hearing() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let link = crate::stage::open(crate::stage::options(&cluster.urls())).await.unwrap();
    let hear = async || {
        let (said, heard) = mpsc::channel::<String>(100);
        let ear = move |heard: redis::Heard<'_>| {
            let text = match heard {
                redis::Heard::Said { payload, .. } => String::from_utf8_lossy(payload).into_owned(),
                redis::Heard::Ended => "ended".to_owned(),
                redis::Heard::Began { .. } | redis::Heard::Broken => return,
            };
            drop(said.try_send(text));
        };
        (link.hear(Arc::new(ear)).await.unwrap(), heard)
    };
    let say = |node: usize, channel: &str, word: &str| {
        cluster.nodes[node].command(&["SPUBLISH", channel, word]).unwrap();
    };
    let slot_of = |channel: &str| -> u16 {
        let slot = cluster.nodes[0].command(&["CLUSTER", "KEYSLOT", channel]).unwrap();
        ::redis::from_redis_value(slot).unwrap()
    };
    let (moving, left) = ("moving", "left");
    let at = cluster.node_of(slot_of(moving));
    let (mut hearing, mut heard) = hear().await;
    hearing.subscribe(&[moving.into(), left.into()]).await.unwrap();
    hearing.unsubscribe(&[left.into()]).await.unwrap();
    say(at, moving, "one");
    assert_eq!(heard.recv().await.unwrap(), "one", "what it gave up ended nothing");
    // Wanted again and given up again.
    hearing.subscribe(&[left.into()]).await.unwrap();
    hearing.unsubscribe(&[left.into()]).await.unwrap();
    say(at, moving, "two");
    assert_eq!(heard.recv().await.unwrap(), "two");

    let to = (at + 1) % cluster.nodes.len();
    cluster.move_slot(slot_of(moving), to).unwrap();
    assert_eq!(heard.recv().await.unwrap(), "ended");
    let (mut hearing, mut heard) = hear().await;
    hearing.subscribe(&[moving.into()]).await.unwrap();
    say(to, moving, "three");
    assert_eq!(heard.recv().await.unwrap(), "three");
    link.close();
}
