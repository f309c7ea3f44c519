//! Durable appends per second, with everything a post writes, against the least that
//! durability costs: the same bytes in the same batches, appended to a plain file and
//! synced. `cargo bench -p rill-storage --bench append`; behind `--` may follow the name
//! of an engine and numbers of appends in flight.

#![allow(clippy::disallowed_methods)] // A measurement reads the clock.

use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_storage::{
    EngineKind, Store,
    embedded::{self, OpenOptions, Statistics},
    model::{Change, Digest, NewEntry, NewRoom},
};
use std::{
    fs::File,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

const USERS: u64 = 50;
const ROOMS: u64 = 5;
const TEXT_BYTES: usize = 200;
const RUN: Duration = Duration::from_secs(8);

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
    RoomId(id(2, number % ROOMS))
}

async fn prepare(store: &Store) {
    for number in 0..ROOMS {
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
        for author in 1..USERS {
            store.log.append(room(number), entry(author, u64::MAX, Change::Join)).await.unwrap().unwrap();
        }
    }
}

/// Appends with `in_flight` at once; the latencies in microseconds.
async fn load(store: &Store, in_flight: u64) -> Vec<u64> {
    let next = Arc::new(AtomicU64::new(0));
    let text: Arc<str> = "x".repeat(TEXT_BYTES).into();
    let end = Instant::now() + RUN;
    let mut appenders = tokio::task::JoinSet::new();
    for _ in 0..in_flight {
        let (log, next, text) = (store.log.clone(), next.clone(), text.clone());
        appenders.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < end {
                let number = next.fetch_add(1, Relaxed);
                let start = Instant::now();
                let post = entry(number % USERS, number, Change::Post(text.clone()));
                log.append(room(number / USERS), post).await.unwrap().unwrap();
                latencies.push(start.elapsed().as_micros() as u64);
            }
            latencies
        });
    }
    let mut latencies: Vec<u64> = appenders.join_all().await.into_iter().flatten().collect();
    latencies.sort_unstable();
    latencies
}

/// Seconds to append and sync the same bytes in as many batches.
fn raw(directory: &std::path::Path, batches: u64, bytes: u64) -> f64 {
    let mut file = File::create(directory.join("raw")).unwrap();
    let batch = vec![7; (bytes / batches) as usize];
    let start = Instant::now();
    for _ in 0..batches {
        file.write_all(&batch).unwrap();
        file.sync_data().unwrap();
    }
    start.elapsed().as_secs_f64()
}

/// Processor time of this process so far, in seconds, where the system tells.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 14 and 15, counted behind the name in parentheses, in hundredths.
    let ticks = stat.rsplit(')').next().into_iter().flat_map(|rest| rest.split_whitespace().skip(11).take(2));
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn measure(runtime: &tokio::runtime::Runtime, engine: EngineKind, in_flight: u64) {
    let directory = tempfile::tempdir().unwrap();
    let seed = AtomicU64::new(1);
    let entropy = Arc::new(move |bytes: &mut [u8]| bytes.fill(seed.fetch_add(1, Relaxed) as u8));
    let options = OpenOptions::new(directory.path().join("data"), entropy);
    let opened = embedded::open(OpenOptions { engine: Some(engine), ..options }).unwrap();
    runtime.block_on(prepare(&opened.store));
    let before = opened.handle.statistics();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let latencies = runtime.block_on(load(&opened.store, in_flight));
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let Statistics { batches, bytes, .. } = opened.handle.statistics();
    let (batches, bytes) = (batches - before.batches, bytes - before.bytes);
    opened.handle.close().unwrap();

    let posts = latencies.len() as f64;
    let at = |part: f64| latencies[((posts - 1.0) * part) as usize] as f64 / 1000.0;
    let raw_seconds = raw(directory.path(), batches, bytes);
    println!(
        "{engine} {in_flight:5} in flight: {:7.0} posts/s  {:5.1} µs CPU a post  p50 {:.2} ms  p99 {:.2} ms  max {:.1} ms  \
         {:.1} posts and {:.1} KiB a batch  raw {:.0} posts/s  ratio {:.2}",
        posts / seconds,
        cpu * 1e6 / posts,
        at(0.5),
        at(0.99),
        at(1.0),
        posts / batches as f64,
        bytes as f64 / batches as f64 / 1024.0,
        posts / raw_seconds,
        raw_seconds / seconds,
    );
}

fn main() {
    // Other commands that run every target must not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let asked: Vec<EngineKind> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let engines = if asked.is_empty() { EngineKind::ALL.to_vec() } else { asked };
    for engine in engines {
        for in_flight in if numbers.is_empty() { &[1, 16, 1024][..] } else { &numbers } {
            measure(&runtime, engine, *in_flight);
        }
    }
}
