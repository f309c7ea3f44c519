//! Acknowledged appends per second through a store on a Redis of this machine, which this
//! starts: by how often Redis syncs its file, by rooms, and by nodes that share the load.
//! `cargo bench -p rill-storage --bench redis`; behind `--` may follow numbers of appends in
//! flight.

#![allow(clippy::disallowed_methods)] // A measurement reads the clock.
#![cfg(unix)]

use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_redis_process::{Fsync, Options, Server};
use rill_storage::{
    Store,
    model::{Change, Digest, NewEntry, NewRoom},
    redis::{self, OpenStore, RedisOptions, RedisServer, Unattended},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

const USERS: u64 = 50;
const TEXT_BYTES: usize = 200;
const RUN: Duration = Duration::from_secs(5);

fn id(kind: u8, number: u64) -> [u8; 16] {
    let mut id = [kind; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

fn entry(author: u64, client: u64, change: Change) -> NewEntry {
    NewEntry {
        author: UserId(id(1, author)),
        client_id: ClientId(id(3, client)),
        at_ms: 1_700_000_000_000,
        digest: Digest([7; 32]),
        change,
    }
}

fn room(number: u64) -> RoomId {
    RoomId(id(2, number))
}

async fn prepare(store: &Store, rooms: u64) {
    for number in 0..rooms {
        let new = NewRoom {
            id: room(number),
            name: "room".into(),
            creator: UserId(id(1, 0)),
            client_id: ClientId(id(4, number)),
            at_ms: 1_700_000_000_000,
            epoch: Epoch(id(5, number)),
            digest: Digest([7; 32]),
        };
        store.rooms.create(new).await.unwrap();
        let joins = (1..USERS).map(|author| store.log.append(room(number), entry(author, u64::MAX, Change::Join)));
        for join in joins.collect::<Vec<_>>() {
            join.await.unwrap().unwrap();
        }
    }
}

/// Appends with `in_flight` at once, over all nodes; the latencies in microseconds.
async fn load(nodes: &[OpenStore], rooms: u64, in_flight: u64) -> Vec<u64> {
    let next = Arc::new(AtomicU64::new(0));
    let text: Arc<str> = "x".repeat(TEXT_BYTES).into();
    let end = Instant::now() + RUN;
    let mut appenders = tokio::task::JoinSet::new();
    for appender in 0..in_flight {
        let log = nodes[appender as usize % nodes.len()].store.log.clone();
        let (next, text) = (next.clone(), text.clone());
        appenders.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < end {
                let number = next.fetch_add(1, Relaxed);
                let start = Instant::now();
                let post = entry(number % USERS, number, Change::Post(text.clone()));
                log.append(room(number / USERS % rooms), post).await.unwrap().unwrap();
                latencies.push(start.elapsed().as_micros() as u64);
            }
            latencies
        });
    }
    let mut latencies: Vec<u64> = appenders.join_all().await.into_iter().flatten().collect();
    latencies.sort_unstable();
    latencies
}

/// Processor time of a process so far, in seconds, where the system tells.
fn cpu_seconds(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Fields 14 and 15, counted behind the name in parentheses, in hundredths.
    let ticks = stat.rsplit(')').next().into_iter().flat_map(|rest| rest.split_whitespace().skip(11).take(2));
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

async fn open(server: &Server) -> OpenStore {
    let entropy = Arc::new(|out: &mut [u8]| getrandom::fill(out).unwrap());
    let spawn = Arc::new(|task| drop(tokio::spawn(task)));
    let address = RedisServer::parse(&[server.url()]).unwrap();
    let opened = redis::open(RedisOptions::new(address, entropy, spawn), None).await.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    opened
}

async fn measure(name: &str, fsync: Option<Fsync>, nodes: usize, rooms: u64, in_flight: u64) {
    let server = Server::start(&Options { append_only: fsync, ..Options::default() }).unwrap();
    let mut all = Vec::new();
    for _ in 0..nodes {
        all.push(open(&server).await);
    }
    prepare(&all[0].store, rooms).await;
    let redis = server.process_id().unwrap().to_string();
    let cpu = || (cpu_seconds("self"), cpu_seconds(&redis));
    let counts = || {
        let all = all.iter().map(|node| node.handle.redis_statistics());
        all.fold((0, 0, 0), |sum, node| (sum.0 + node.commits, sum.1 + node.conflicts, sum.2 + node.round_trips))
    };
    let (start, before, counted) = (Instant::now(), cpu(), counts());
    let latencies = load(&all, rooms, in_flight).await;
    let (seconds, after, counts) = (start.elapsed().as_secs_f64(), cpu(), counts());

    let posts = latencies.len() as f64;
    let at = |part: f64| latencies[((posts - 1.0) * part) as usize] as f64 / 1000.0;
    println!(
        "{name:9} {nodes} nodes {rooms:3} rooms {in_flight:5} in flight: {:7.0} posts/s  CPU a post {:5.1} µs here \
         {:5.1} µs Redis  p50 {:.2} ms  p99 {:.2} ms  max {:.1} ms  {:.1} posts a batch, {} lost of {}",
        posts / seconds,
        (after.0 - before.0) * 1e6 / posts,
        (after.1 - before.1) * 1e6 / posts,
        at(0.5),
        at(0.99),
        at(1.0),
        posts / (counts.0 - counted.0) as f64,
        counts.1 - counted.1,
        counts.2 - counted.2,
    );
    for node in &all {
        node.handle.close().await;
    }
}

fn main() {
    // Other commands that run every target must not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let numbers = if numbers.is_empty() { vec![1, 16, 256] } else { numbers };
    let durability = [("in memory", None), ("everysec", Some(Fsync::EverySecond)), ("always", Some(Fsync::Always))];
    for (name, fsync) in durability {
        for in_flight in &numbers {
            for (nodes, rooms) in [(1, 100), (3, 100), (3, 1)] {
                runtime.block_on(measure(name, fsync, nodes, rooms, *in_flight));
            }
        }
    }
}
