//! Two nodes on a real Redis: its doorbells, its channels, its attendance.

use rill_protocol::{Epoch, RoomId, message::*};
use rill_redis_process::{Cluster as RedisCluster, Options, Server};
use rill_server::{
    cluster::{Channel, Cluster, Event, clock::AgreedClock, redis},
    config::Limits,
    limits::SWEEP_PERIOD_MS,
    runtime::SystemClock,
};
use rill_storage::redis::{OpenStore, RedisOptions, RedisServer, Unattended, open};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    attached::{begun, settled},
    peer::{Peer, entry},
    private_chats,
    world::{Person, World},
};

/// Nodes on one Redis, each with a way there of its own.
pub(crate) struct Nodes {
    pub(crate) nodes: Vec<World>,
    stores: Vec<OpenStore>,
}

/// A way to Redis of one's own, and the store there.
#[expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]
pub(crate) async fn opened(addresses: &[String]) -> OpenStore {
    let server = RedisServer::parse(addresses).unwrap();
    let entropy = Arc::new(|out: &mut [u8]| getrandom::fill(out).unwrap());
    let spawn = Arc::new(|task| drop(tokio::spawn(task)));
    let opened = open(RedisOptions { start_wait_ms: 10_000, ..RedisOptions::new(server, entropy, spawn) }, None).await;
    let opened = opened.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    opened
}

async fn node(addresses: &[String]) -> (World, OpenStore) {
    let opened = opened(addresses).await;
    let shared = redis::shared(opened.handle.link(), opened.handle.node());
    let clock = AgreedClock::agree(&*shared.attendance, Arc::new(SystemClock)).await;
    let world =
        World::over(opened.store.clone(), None, Limits::default(), clock.clone(), |hub, store, live, metrics| {
            Some(Cluster::join(shared, clock, hub.clone(), store.clone(), live, metrics.clone()))
        });
    (world, opened)
}

impl Nodes {
    pub(crate) async fn on(addresses: &[String]) -> Self {
        let (mut nodes, mut stores) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let (world, store) = node(addresses).await;
            nodes.push(world);
            stores.push(store);
        }
        Self { nodes, stores }
    }

    /// Ann at the first node and Bob at the second, both in a room that they follow.
    async fn two_in_a_room(&self) -> (RoomId, [Peer; 2], [Person; 2]) {
        let (ann, bob) = (self.nodes[0].person("ann").await, self.nodes[1].person("bob").await);
        let room = self.nodes[0].room(&ann, "room").await;
        self.nodes[1].join(&bob, room).await;
        let mut peers = [self.nodes[0].attached(&ann).await, self.nodes[1].attached(&bob).await];
        for peer in &mut peers {
            peer.resume(room, Epoch::default(), 0, 50).await;
            for seq in 1..=3 {
                assert_eq!(next(peer).await.0, seq);
            }
        }
        (room, peers, [ann, bob])
    }

    /// How often a node has asked Redis, but for what its bus and its attendance do.
    pub(crate) fn asked(&self, node: usize) -> u64 {
        self.stores[node].handle.redis_statistics().round_trips
    }

    pub(crate) async fn close(self) {
        for store in &self.stores {
            store.handle.close().await;
        }
    }
}

async fn next(peer: &mut Peer) -> (u64, String) {
    entry(peer.others.as_mut().unwrap()).await
}

/// Both talk in turn; how long each message took to the other node, sorted.
#[expect(clippy::disallowed_methods, reason = "a measurement")]
async fn talk(room: RoomId, [ann, bob]: &mut [Peer; 2], from: u64, count: u64) -> Vec<Duration> {
    let mut took = Vec::new();
    for seq in from..from + count {
        let (speaker, hearer) = if seq % 2 == 0 { (&mut *ann, &mut *bob) } else { (&mut *bob, &mut *ann) };
        let begun = Instant::now();
        let (posted, heard) = tokio::join!(speaker.post(room, "hello"), next(hearer));
        took.push(begun.elapsed());
        assert_eq!((posted.unwrap().seq.get(), heard.0), (seq, seq));
        assert_eq!(next(speaker).await.0, seq);
    }
    took.sort_unstable();
    took
}

/// Files whose entries stand between texts: no doorbell brings them, they are read.
async fn send_files(nodes: &Nodes, room: RoomId, peers: &mut [Peer; 2], ann: &Person, from: u64) {
    for at in (from..).step_by(3).take(5) {
        let target = begun(&nodes.nodes[0], ann, room, "file").await;
        peers[0].post(room, "beside it").await.unwrap();
        settled(&nodes.nodes[0], ann, room, target).await;
        let told = format!("+settled {at}: Complete");
        for peer in &mut *peers {
            for expected in [(at, "+file file"), (at + 1, "beside it"), (at + 2, &told)] {
                assert_eq!(next(peer).await, (expected.0, expected.1.to_owned()));
            }
        }
    }
}

async fn talks(addresses: &[String]) {
    let nodes = Nodes::on(addresses).await;
    let (room, mut peers, [ann, bob]) = nodes.two_in_a_room().await;
    // Until every channel is heard the sweep helps out.
    talk(room, &mut peers, 4, 10).await;
    let took = talk(room, &mut peers, 14, 200).await;
    println!("to the other node: half within {:?}, all but one in a hundred within {:?}", took[100], took[198]);
    // Ten milliseconds where the machine has nothing else to do, and this is built for it; the
    // sweep, which finds what nobody rang for, would take seconds.
    assert!(took[100] < Duration::from_millis(SWEEP_PERIOD_MS / 8), "{took:?}");

    send_files(&nodes, room, &mut peers, &ann, 214).await;

    let request = peers[0].request();
    peers[0].control.send(&WatchPresence { request, users: vec![bob.identity.user] }).await;
    let presence: Presence = peers[0].control.expect().await;
    assert_eq!(presence.slots[0].state, PresenceState::Online);
    peers[1].client.close(rill_protocol::Code::Normal, "");
    let presence: Presence = peers[0].control.expect().await;
    assert_eq!(presence.slots[0].state, PresenceState::Offline);
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_on_one_redis_talk() {
    let server = Server::start(&Options::default()).unwrap();
    talks(&[server.url()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_on_a_redis_cluster_talk() {
    let cluster = RedisCluster::start(&Options::default()).unwrap();
    talks(&cluster.urls()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_redis_was_away_both_hear_again() {
    let mut server = Server::start(&Options::durable()).unwrap();
    let nodes = Nodes::on(&[server.url()]).await;
    let (room, mut peers, _) = nodes.two_in_a_room().await;
    talk(room, &mut peers, 4, 10).await;
    server.kill();
    server.restart().unwrap();
    // What is refused while it is away is sent again, as clients do.
    let key = rill_protocol::ClientId(crate::world::SystemEntropyBytes::fresh());
    while peers[0].post_as(room, key, "again").await.is_err() {}
    for peer in &mut peers {
        assert_eq!(next(peer).await, (14, "again".into()));
    }
    talk(room, &mut peers, 15, 10).await;
    nodes.close().await;
}

/// What is asked may be asked of another primary then, and the one that is heard go on ringing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_heard_is_heard_anew_when_the_way_to_redis_is_a_new_one() {
    let server = Server::start(&Options::default()).unwrap();
    let store = opened(&[server.url()]).await;
    let bus = redis::shared(store.handle.link(), store.handle.node()).bus;
    let until = async |wanted: Event| while bus.next().await != wanted {};
    let hears = async {
        bus.subscribe(Channel::Nodes);
        until(Event::Heard(Channel::Nodes)).await;
        // Who hears is of another type, and is left alone.
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
        until(Event::Away).await;
        until(Event::Heard(Channel::Nodes)).await;
    };
    tokio::select! {
        biased;
        () = bus.run() => panic!("it runs for as long as it is asked to"),
        heard = tokio::time::timeout(Duration::from_secs(60), hears) => heard.expect("it hears on"),
    }
}

/// Each pair opens its chat at both nodes in the same instant; then two talk in theirs.
async fn talk_alone(addresses: &[String]) {
    const PEOPLE: usize = 7;
    let nodes = Nodes::on(addresses).await;
    let [here, there] = &nodes.nodes[..] else { panic!("two nodes") };
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(here.person(&format!("person{number}")).await);
    }
    for (at, one) in people.iter().enumerate() {
        for other in &people[at + 1..] {
            let (one, other) = (one.identity.user, other.identity.user);
            let opened = tokio::join!(
                here.services.domain.rooms.open_private(one, other),
                there.services.domain.rooms.open_private(other, one),
            );
            let (first, second) = (opened.0.unwrap().room.id, opened.1.unwrap().room.id);
            assert_eq!(first, second);
            assert_eq!(here.store().log.head(first).await.unwrap().unwrap().seq, 3);
        }
    }
    for person in &people {
        let (_, entries) = here.store().user_log.snapshot(person.identity.user).await.unwrap().unwrap();
        assert_eq!(entries.len(), PEOPLE - 1, "each chat is told once");
    }

    let (ann, bob) = (&people[0], &people[1]);
    let mut peers = [here.attached(ann).await, there.attached(bob).await];
    let room = private_chats::open(&mut peers[0], bob.identity.user).await.unwrap().id;
    for peer in &mut peers {
        peer.resume(room, Epoch::default(), 0, 0).await;
    }
    // Until every channel is heard the sweep helps out.
    talk(room, &mut peers, 4, 10).await;
    let [mut ann_at_one, mut bob_at_other] = peers;
    // A word of the bus may be lost, and then the next one says it.
    let mut seq = 13;
    loop {
        seq += 1;
        ann_at_one.post(room, "have you got it?").await.unwrap();
        private_chats::tell_delivered(&mut bob_at_other, room, seq).await;
        let told = private_chats::delivered_up_to(&mut ann_at_one, seq);
        if tokio::time::timeout(Duration::from_secs(5), told).await.is_ok() {
            break;
        }
    }
    let request = bob_at_other.request();
    let block = SetBlock { request, user: ann.identity.user, is_blocked: true };
    let _: Done = bob_at_other.ask(&block).await.unwrap();
    while !ann_at_one.control.expect::<RoomDetails>().await.rooms.iter().any(|of| of.closed) {}
    let refused = ann_at_one.post(room, "x").await.unwrap_err();
    assert_eq!(refused.code, rill_protocol::Code::RoomClosed.number());
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_talk_alone_at_two_nodes_on_one_redis() {
    let server = Server::start(&Options::default()).unwrap();
    talk_alone(&[server.url()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_talk_alone_at_two_nodes_on_a_redis_cluster() {
    let cluster = RedisCluster::start(&Options::default()).unwrap();
    talk_alone(&cluster.urls()).await;
}
