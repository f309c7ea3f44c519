//! Several nodes on one store: what one does, those who are at another hear of, whatever
//! the bus does.

use rill_protocol::{Code, Epoch, RoomId, U53, message::*};
use rill_server::{
    cluster::{
        Channel, Cluster, Shared,
        clock::AgreedClock,
        local::{Exchange, Fate, LocalBus},
    },
    config::Limits,
    domain::accounts::Actor,
    limits::{ATTENDANCE_REREAD_MS, BEAT_EVERY_MS, BEAT_LIFE_MS, LOGIN_LOOK_EVERY_MS, SWEEP_PERIOD_MS},
    runtime::{Clock, SystemClock},
};
use rill_storage::{
    doorbell::{self, Doorbell},
    embedded::OpenStore,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{
    peer::{Peer, entry},
    pictures::{change, picture},
    shared_store::{Bell, view},
    typing::{follows, heard, say},
    world::{Person, World, later, memory_store},
};

/// Two nodes and what is between them.
pub(crate) struct Nodes {
    pub(crate) nodes: [World; 2],
    buses: [Arc<LocalBus>; 2],
    exchange: Exchange,
    /// Every message of the bus is lost.
    deaf: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
    _store: OpenStore,
}

impl Nodes {
    pub(crate) async fn new() -> Self {
        Self::by([Arc::new(SystemClock), Arc::new(SystemClock)]).await
    }

    /// Nodes of machines whose clocks differ.
    async fn by(clocks: [Arc<dyn Clock>; 2]) -> Self {
        let (deaf, lost) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (is_deaf, losing) = (deaf.clone(), lost.clone());
        let exchange = Exchange::with(Arc::new(SystemClock), move || match is_deaf.load(Relaxed) {
            true => {
                losing.fetch_add(1, Relaxed);
                Fate::Lost
            }
            false => Fate::After(Duration::ZERO),
        });
        let store = memory_store();
        let bell = Bell::hang(&store.store, &exchange);
        let buses = [(); 2].map(|()| Arc::new(exchange.join()));
        let node = async |at: usize, own: Arc<dyn Clock>| {
            let (name, bus) = (format!("node{at}"), buses[at].clone());
            let (view, clock) = (view(&store.store, &bell, &name), AgreedClock::agree(&*bus, own).await);
            World::over(view, None, Limits::default(), clock.clone(), |hub, store, live, metrics| {
                let shared = Shared { node: name.as_str().into(), bus: bus.clone(), attendance: bus, allowances: None };
                Some(Cluster::join(shared, clock, hub.clone(), store.clone(), live, metrics.clone()))
            })
        };
        let [one, other] = clocks;
        let nodes = [node(0, one).await, node(1, other).await];
        Self { nodes, buses, exchange, deaf, lost, _store: store }
    }

    /// Ann at the first node and Bob at the second, both in a room that they follow.
    async fn two_in_a_room(&self) -> (RoomId, [Peer; 2], [Person; 2]) {
        let [here, there] = &self.nodes;
        let (ann, bob) = (here.person("ann").await, there.person("bob").await);
        let room = here.room(&ann, "room").await;
        there.join(&bob, room).await;
        let mut peers = [here.attached(&ann).await, there.attached(&bob).await];
        for peer in &mut peers {
            peer.resume(room, Epoch::default(), 0, 50).await;
            for seq in 1..=3 {
                assert_eq!(next(peer).await.0, seq);
            }
        }
        (room, peers, [ann, bob])
    }

    /// What the node has counted.
    fn count(&self, node: usize, name: &str) -> u64 {
        let page = self.nodes[node].metrics();
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().parse().unwrap()
    }

    /// How often the node looked for what others appended.
    fn looks(&self, node: usize) -> u64 {
        self.count(node, "rill_cluster_looks_total")
    }

    /// How often it need not.
    fn told(&self, node: usize) -> u64 {
        self.count(node, "rill_cluster_doorbells_with_entries_total")
    }
}

async fn next(peer: &mut Peer) -> (u64, String) {
    entry(peer.others.as_mut().unwrap()).await
}

#[tokio::test]
async fn what_is_said_at_one_node_is_heard_at_the_other() {
    let nodes = Nodes::new().await;
    let (room, [mut ann, mut bob], _) = nodes.two_in_a_room().await;
    for (number, seq) in (0..10).zip(4..) {
        let (speaker, text) = (if number % 2 == 0 { &mut ann } else { &mut bob }, format!("{number}"));
        speaker.post(room, &text).await.unwrap();
        for peer in [&mut ann, &mut bob] {
            assert_eq!(next(peer).await, (seq, text.clone()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_speak_at_once_and_everybody_has_one_log_without_a_hole() {
    const EACH: u64 = 150;
    let nodes = Nodes::new().await;
    let (room, [ann, bob], people) = nodes.two_in_a_room().await;
    let speaking = nodes.nodes.iter().zip(people).map(|(node, person)| async move {
        for number in 0..EACH {
            node.post(&person, room, &format!("{number}")).await;
        }
    });
    let hearing = [ann, bob].map(|mut peer| async move {
        let mut heard = Vec::new();
        for seq in 4..4 + 2 * EACH {
            let (at, text) = next(&mut peer).await;
            assert_eq!(at, seq);
            heard.push(text);
        }
        heard
    });
    let (_, heard) = tokio::join!(futures_util::future::join_all(speaking), futures_util::future::join_all(hearing),);
    assert_eq!(heard[0], heard[1]);
}

#[tokio::test]
async fn what_one_says_the_other_is_told_for_all_who_follow() {
    let nodes = Nodes::new().await;
    let (room, [mut ann, mut bob], [_, person]) = nodes.two_in_a_room().await;
    let mut others = Vec::new();
    for _ in 0..20 {
        let mut other = nodes.nodes[1].attached(&person).await;
        other.resume(room, Epoch::default(), 0, 0).await;
        others.push(other);
    }
    let (looks, told) = (nodes.looks(1), nodes.told(1));
    for seq in 4..14 {
        ann.post(room, "hello").await.unwrap();
        assert_eq!(next(&mut bob).await.0, seq);
        for other in &mut others {
            assert_eq!(next(other).await.0, seq);
        }
    }
    assert_eq!(nodes.told(1) - told, 10);
    // The sweep may come by.
    assert!(nodes.looks(1) - looks <= 3, "{} looks", nodes.looks(1) - looks);
}

#[tokio::test]
async fn what_a_doorbell_brings_comes_in_its_place_or_is_read() {
    let nodes = Nodes::new().await;
    let (room, [mut ann, mut bob], _) = nodes.two_in_a_room().await;
    let log = &nodes.nodes[0].services.store.log;
    let epoch = log.head(room).await.unwrap().unwrap().epoch;
    // Bob's node hears nothing of these but what is rung here.
    nodes.deaf.store(true, Relaxed);
    for seq in 4..=12 {
        ann.post(room, &format!("{seq}")).await.unwrap();
        assert_eq!(next(&mut ann).await.0, seq);
    }
    let entries = log.entries(room, 3, 100, usize::MAX).await.unwrap();
    nodes.deaf.store(false, Relaxed);
    let ring = |epoch, first: usize, count: usize| {
        let entries = &entries[first - 4..first - 4 + count];
        let rows = doorbell::rows_of(room, entries);
        let rows = rows.iter().map(Vec::as_slice).collect();
        let bell = Doorbell { seq: entries[count - 1].seq, node: "another", epoch: Some(epoch), rows, changes: b"" };
        nodes.exchange.publish(Channel::Room(room), &bell.payload());
    };
    let heard = async |bob: &mut Peer, seqs: std::ops::RangeInclusive<u64>| {
        for seq in seqs {
            assert_eq!(next(bob).await, (seq, format!("{seq}")));
        }
    };
    let (looks, told) = (nodes.looks(1), nodes.told(1));
    // One after the other, one of them twice, several at once.
    [(4, 1), (4, 1), (5, 1), (4, 4)].into_iter().for_each(|(first, count)| ring(epoch, first, count));
    heard(&mut bob, 4..=7).await;
    assert_eq!(nodes.told(1) - told, 3);
    assert!(nodes.looks(1) - looks <= 3, "{} looks", nodes.looks(1) - looks);
    // Out of order.
    [9, 8].into_iter().for_each(|first| ring(epoch, first, 1));
    heard(&mut bob, 8..=9).await;
    // Of another log, or so it says: this one is read.
    ring(Epoch([9; 16]), 10, 1);
    heard(&mut bob, 10..=12).await;
}

#[tokio::test]
async fn a_doorbell_whose_rows_are_damaged_or_behind_a_gap_makes_a_look() {
    let nodes = Nodes::new().await;
    let (room, [mut ann, mut bob], _) = nodes.two_in_a_room().await;
    let log = &nodes.nodes[0].services.store.log;
    let epoch = log.head(room).await.unwrap().unwrap().epoch;
    for (seq, is_damaged) in [(5, false), (7, true)] {
        nodes.deaf.store(true, Relaxed);
        for seq in [seq - 1, seq] {
            ann.post(room, &format!("{seq}")).await.unwrap();
            assert_eq!(next(&mut ann).await.0, seq);
        }
        nodes.deaf.store(false, Relaxed);
        let last = log.entries(room, seq - 1, 1, usize::MAX).await.unwrap();
        let mut rows = doorbell::rows_of(room, &last);
        rows[0][6] ^= u8::from(is_damaged);
        let bell = Doorbell { seq, node: "another", epoch: Some(epoch), rows: vec![&rows[0]], changes: b"" };
        let told = nodes.told(1);
        nodes.exchange.publish(Channel::Room(room), &bell.payload());
        // Before the sweep comes by.
        for seq in [seq - 1, seq] {
            let heard = tokio::time::timeout(Duration::from_millis(SWEEP_PERIOD_MS / 3), next(&mut bob)).await;
            assert_eq!(heard.expect("nobody looked"), (seq, format!("{seq}")));
        }
        assert_eq!(nodes.told(1), told);
    }
}

#[tokio::test]
async fn what_a_lost_doorbell_hides_the_sweep_finds() {
    let nodes = Nodes::new().await;
    let (room, [mut ann, mut bob], _) = nodes.two_in_a_room().await;
    nodes.deaf.store(true, Relaxed);
    ann.post(room, "unheard").await.unwrap();
    assert_eq!(next(&mut ann).await.0, 4);
    assert!(nodes.lost.load(Relaxed) > 0);
    later(SWEEP_PERIOD_MS).await;
    assert_eq!(next(&mut bob).await, (4, "unheard".into()));
}

/// What the node remembers of the room is older than what is stepped over.
#[tokio::test]
async fn who_steps_over_a_rooms_new_avatar_hears_of_it_from_a_node_that_has_not() {
    let nodes = Nodes::new().await;
    let (room, _peers, [ann, bob]) = nodes.two_in_a_room().await;
    let there = &nodes.nodes[1];
    let told = || nodes.count(1, "rill_memory_told_total");
    loop {
        let before = told();
        assert_eq!(there.services.domain.rooms.avatar(ann.identity.user, room).await.unwrap().version, 0);
        if told() > before {
            break;
        }
        tokio::task::yield_now().await;
    }
    nodes.deaf.store(true, Relaxed);
    change(&nodes.nodes[0], &ann, room, Some(picture(1))).await;
    let now = there.store().rooms.get(room).await.unwrap().unwrap().avatar;
    let mut peer = there.attached(&bob).await;
    let request = peer.request();
    let cursor = Cursor { room, epoch: Epoch::default(), seq: U53::default(), tail: 0 };
    peer.control.send(&Resume { request, cursors: vec![cursor] }).await;
    let heard = peer.control.expect::<RoomAvatars>().await.avatars;
    assert_eq!(heard.iter().map(|of| of.avatar.version.get()).collect::<Vec<_>>(), [now.version]);
}

#[tokio::test]
async fn a_node_that_hears_again_looks_at_once() {
    let nodes = Nodes::new().await;
    let (room, [mut ann, mut bob], _) = nodes.two_in_a_room().await;
    nodes.buses[1].cut(true);
    ann.post(room, "unheard").await.unwrap();
    nodes.buses[1].cut(false);
    // Before the sweep comes by.
    let heard = tokio::time::timeout(Duration::from_millis(SWEEP_PERIOD_MS / 3), next(&mut bob)).await;
    assert_eq!(heard.expect("nobody looked"), (4, "unheard".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_cut_off_for_long_misses_nothing() {
    const MANY: u64 = 1_300;
    let nodes = Nodes::new().await;
    let (room, [_ann, mut bob], [ann, _]) = nodes.two_in_a_room().await;
    nodes.buses[1].cut(true);
    for number in 0..MANY {
        nodes.nodes[0].post(&ann, room, &format!("{number}")).await;
    }
    nodes.buses[1].cut(false);
    for number in 0..MANY {
        assert_eq!(next(&mut bob).await, (4 + number, format!("{number}")));
    }
}

#[tokio::test]
async fn a_room_joined_at_one_node_is_listed_at_the_other() {
    let nodes = Nodes::new().await;
    let [here, there] = &nodes.nodes;
    let (ann, bob) = (here.person("ann").await, here.person("bob").await);
    let room = here.room(&ann, "room").await;
    let mut away = there.attached(&bob).await;
    here.join(&bob, room).await;
    assert_eq!(away.control.expect::<RoomAdded>().await.room.id, room);
    // Also where nobody rang.
    nodes.deaf.store(true, Relaxed);
    here.leave(&bob, room).await;
    assert!(nodes.lost.load(Relaxed) > 0);
    later(SWEEP_PERIOD_MS).await;
    assert_eq!(away.control.expect::<RoomRemoved>().await.room, room);
}

/// The next state of somebody that a peer is shown.
async fn state(peer: &mut Peer) -> (PresenceState, u64) {
    let presence: Presence = peer.control.expect().await;
    assert_eq!(presence.slots.len(), 1);
    (presence.slots[0].state, presence.slots[0].version.get())
}

async fn watch(peer: &mut Peer, person: &Person) -> (PresenceState, u64) {
    let request = peer.request();
    peer.control.send(&WatchPresence { request, users: vec![person.identity.user] }).await;
    state(peer).await
}

#[tokio::test]
async fn people_come_and_go_at_other_nodes() {
    let nodes = Nodes::new().await;
    let [here, there] = &nodes.nodes;
    let (ann, bob) = (here.person("ann").await, here.person("bob").await);
    let room = here.room(&ann, "room").await;
    here.join(&bob, room).await;
    let mut a = here.attached(&ann).await;
    let (offline, mut version) = watch(&mut a, &bob).await;
    assert_eq!(offline, PresenceState::Offline);
    // At one node, at both, at the other, at none.
    let away = there.attached(&bob).await;
    let mut shown = async |a: &mut Peer, expected| {
        let (state, next) = state(a).await;
        assert!(state == expected && next > version, "{state:?} {next}");
        version = next;
    };
    shown(&mut a, PresenceState::Online).await;
    let near = here.attached(&bob).await;
    let request = a.request();
    let page: MemberPage = a.ask(&ListMembers { request, room, after: None, limit: 10 }).await.unwrap();
    assert!(page.members.iter().all(|member| member.online));
    near.client.close(Code::Normal, "");
    assert!(a.control.is_silent().await);
    let request = a.request();
    let page: MemberPage = a.ask(&ListMembers { request, room, after: None, limit: 10 }).await.unwrap();
    assert!(page.members.iter().all(|member| member.online), "also those who are elsewhere");
    away.client.close(Code::Normal, "");
    shown(&mut a, PresenceState::Offline).await;
    // Who is there already is shown so at once.
    let mut b = there.attached(&bob).await;
    shown(&mut a, PresenceState::Online).await;
    assert_eq!(watch(&mut b, &ann).await.0, PresenceState::Online);
}

#[tokio::test]
async fn what_is_lost_of_presence_is_found_and_a_node_that_dies_takes_its_users_with_it() {
    let nodes = Nodes::new().await;
    let [here, there] = &nodes.nodes;
    let (ann, bob) = (here.person("ann").await, here.person("bob").await);
    let mut a = here.attached(&ann).await;
    assert_eq!(watch(&mut a, &bob).await.0, PresenceState::Offline);
    nodes.deaf.store(true, Relaxed);
    let mut b = there.attached(&bob).await;
    let mut found = async |a: &mut Peer, within_ms: u64| {
        for _ in 0..=within_ms / 1_000 {
            let next = tokio::time::timeout(Duration::from_millis(50), state(a)).await;
            match next {
                Ok((state, _)) => return state,
                Err(_) => later(1_000).await,
            }
            for peer in [&mut *a, &mut b] {
                peer.control.send(&Ping { nonce: 1 }).await;
            }
        }
        panic!("nobody looked");
    };
    assert_eq!(found(&mut a, ATTENDANCE_REREAD_MS + 1_000).await, PresenceState::Online);
    // It goes without a word, and its connections with it.
    nodes.buses[1].cut(true);
    assert_eq!(found(&mut a, BEAT_LIFE_MS + BEAT_EVERY_MS).await, PresenceState::Offline);
    // It was only away.
    nodes.buses[1].cut(false);
    assert_eq!(found(&mut a, BEAT_EVERY_MS + ATTENDANCE_REREAD_MS).await, PresenceState::Online);
}

/// A machine's clock that is wrong by an hour or two.
struct Wrong(i64);

impl Clock for Wrong {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms().saturating_add_signed(self.0 * 3_600_000)
    }
}

#[tokio::test]
async fn nodes_whose_clocks_differ_by_hours_agree_on_the_time() {
    let nodes = Nodes::by([Arc::new(Wrong(1)), Arc::new(Wrong(-1))]).await;
    let (room, [mut ann, mut bob], [person, _]) = nodes.two_in_a_room().await;
    let [here, there] = &nodes.nodes;
    let mut last_ms = 0;
    for number in 0..4 {
        let speaker = if number % 2 == 0 { &mut ann } else { &mut bob };
        let at_ms = speaker.post(room, "when").await.unwrap().at_ms.get();
        assert!(at_ms >= last_ms && at_ms.abs_diff(SystemClock.now_ms()) < 60_000, "{at_ms}");
        last_ms = at_ms;
    }
    // A ticket of either is good at the other, once.
    for (issuer, taker) in [(here, there), (there, here)] {
        let ticket = issuer.ticket(&person).await;
        let (first, second) = (&taker.services.domain.accounts, &issuer.services.domain.accounts);
        let (first, second) = tokio::join!(first.redeem(&ticket), second.redeem(&ticket));
        assert!(first.is_ok() != second.is_ok(), "one ticket, one connection");
    }
}

#[tokio::test]
async fn a_login_ended_at_one_node_closes_its_connections_at_the_other() {
    let nodes = Nodes::new().await;
    let [here, there] = &nodes.nodes;
    let ann = here.person("ann").await;
    let away = there.attached(&ann).await;
    let accounts = &here.services.domain.accounts;
    accounts.end_session(ann.identity.user, ann.identity.session).await.unwrap();
    here.services.logins_ended(&[ann.identity.session], Code::SessionRevoked);
    assert_eq!(away.closed().await.code, Some(Code::SessionRevoked.number()));
}

#[tokio::test]
async fn what_a_node_is_not_told_of_logins_it_finds() {
    let nodes = Nodes::new().await;
    let [here, there] = &nodes.nodes;
    let (ann, bob) = (here.person("ann").await, here.person("bob").await);
    let (attached, mut other) = (there.attached(&ann).await, there.attached(&bob).await);
    // One that has said who it is and nothing else: the hub does not know of it.
    let mut greeted = there.connect();
    greeted.hello(there.ticket(&ann).await, there.attempt()).await.unwrap();
    nodes.deaf.store(true, Relaxed);
    here.services.domain.accounts.end_session(ann.identity.user, ann.identity.session).await.unwrap();
    later(LOGIN_LOOK_EVERY_MS).await;
    for peer in [attached, greeted] {
        assert_eq!(peer.closed().await.code, Some(Code::SessionRevoked.number()));
    }
    assert!(other.control.is_silent().await);

    let actor = Actor::Operator;
    here.services.domain.accounts.disable(&actor, "bob").await.unwrap();
    later(LOGIN_LOOK_EVERY_MS).await;
    assert_eq!(other.closed().await.code, Some(Code::AccountDisabled.number()));
}

#[tokio::test]
async fn a_node_looks_for_ended_logins_once_and_not_for_each_connection() {
    const CONNECTIONS: u64 = 20;
    let nodes = Nodes::new().await;
    let there = &nodes.nodes[1];
    let mut peers = Vec::new();
    for number in 0..CONNECTIONS {
        peers.push(there.attached(&there.person(&format!("user{number}")).await).await);
    }
    let count = |name: &str| {
        let page = there.metrics();
        let line = page.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    let (reads, looks) = (count("rill_login_reads_total"), count("rill_cluster_login_looks_total"));
    assert_eq!(reads, CONNECTIONS, "each once, when it begins");
    const ROUNDS: u64 = 7;
    for _ in 0..ROUNDS {
        later(LOGIN_LOOK_EVERY_MS).await;
        for peer in &mut peers {
            peer.control.send(&Ping { nonce: 1 }).await;
            peer.control.expect::<Pong>().await;
        }
    }
    assert_eq!(count("rill_login_reads_total"), CONNECTIONS);
    let looked = count("rill_cluster_login_looks_total") - looks;
    assert!((ROUNDS - 1..=2 * ROUNDS).contains(&looked), "{looked} looks");
}

#[tokio::test]
async fn who_is_idle_and_who_writes_is_told_at_other_nodes() {
    let nodes = Nodes::new().await;
    let [here, there] = &nodes.nodes;
    let (ann, bob) = (here.person("ann").await, here.person("bob").await);
    let room = here.room(&ann, "room").await;
    here.join(&bob, room).await;
    let mut a = follows(here, &ann, room).await;
    let mut away = there.attached(&bob).await;
    while watch(&mut a, &bob).await.0 != PresenceState::Online {}
    let activity = async |peer: &mut Peer, activity| {
        let request = peer.request();
        let _: Done = peer.ask(&SetActivity { request, activity }).await.unwrap();
    };
    let shown = async |a: &mut Peer| a.control.expect::<PresenceDetails>().await.people.remove(0).availability;
    activity(&mut away, Activity::Idle).await;
    assert_eq!(shown(&mut a).await, Availability::Idle);
    // Of all devices the one in use counts, wherever it is.
    let mut near = here.attached(&bob).await;
    assert_eq!(shown(&mut a).await, Availability::Available);
    activity(&mut near, Activity::Idle).await;
    assert_eq!(shown(&mut a).await, Availability::Idle);
    activity(&mut away, Activity::Active).await;
    assert_eq!(shown(&mut a).await, Availability::Available);

    say(&away, room, true);
    assert_eq!(heard(&a).await, (room, bob.identity.user, true));
}
