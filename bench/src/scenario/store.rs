//! Durable appends at the storage port against the ceiling: raw append + fdatasync.

use anyhow::{Context, anyhow, ensure};
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_storage::{
    EngineKind, Store,
    embedded::{self, OpenOptions},
    model::{Change, Digest, Mentions, NewEntry, NewRoom, RoomSetup},
};
use serde::Serialize;
use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{runtime, task::JoinSet};

use crate::{args::StoreArgs, publish::Finished};

const USERS: u64 = 50;
const ROOMS: u64 = 5;
const NOW_MS: u64 = 1_700_000_000_000;
/// A second run of the raw file would be too short to say anything.
const RAW_SECONDS_MIN: f64 = 0.5;

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    engine: String,
    in_flight: u64,
    text_bytes: usize,
    appends_per_s: f64,
    ack_ms: Ack,
    ceiling_appends_per_s: f64,
    ratio: f64,
    /// Each run of the store beside its run of the plain file.
    pairs: Vec<Pair>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Ack {
    p50: f64,
    p99: f64,
}

#[derive(Clone, Debug, Serialize)]
struct Pair {
    appends: u64,
    appends_per_s: f64,
    ack_ms: Ack,
    ceiling_appends_per_s: f64,
    ratio: f64,
    appends_per_batch: f64,
    bytes_per_append: f64,
}

/// Measures the pairs, prints the report.
pub(crate) fn run(args: &StoreArgs) -> anyhow::Result<Finished> {
    ensure!(args.in_flight > 0 && args.seconds > 0 && args.pairs > 0, "--in-flight, --seconds and --pairs begin at 1");
    ensure!(args.text_bytes <= rill_protocol::limits::TEXT_BYTES_MAX, "--text-bytes is longer than a message may be");
    ensure!(
        args.in_flight <= rill_storage::limits::QUEUE_COMMANDS_MAX as u64,
        "--in-flight is more than the store's queue holds"
    );
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let parent = args.directory.clone().unwrap_or_else(std::env::temp_dir);
    let mut pairs = Vec::with_capacity(args.pairs);
    for number in 1..=args.pairs {
        let directory = tempfile::tempdir_in(&parent).with_context(|| format!("{}", parent.display()))?;
        let pair = measure(&runtime, directory.path(), args)?;
        println!(
            "pair {number}: {:.0} appends/s, ack p50 {:.2} ms, p99 {:.2} ms, ceiling {:.0}/s, ratio {:.3}",
            pair.appends_per_s, pair.ack_ms.p50, pair.ack_ms.p99, pair.ceiling_appends_per_s, pair.ratio
        );
        pairs.push(pair);
    }
    let report = Report::of(args.engine, args, pairs);
    println!(
        "{} with {} in flight, median of {} pairs: {:.0} appends/s, ack p50 {:.2} ms, p99 {:.2} ms, ceiling {:.0}/s, \
         ratio {:.3}",
        report.engine,
        report.in_flight,
        args.pairs,
        report.appends_per_s,
        report.ack_ms.p50,
        report.ack_ms.p99,
        report.ceiling_appends_per_s,
        report.ratio
    );
    Finished::with(&report, true, "")
}

fn median(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> f64 {
    let mut values: Vec<f64> = pairs.iter().map(of).collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Report {
    fn of(engine: EngineKind, args: &StoreArgs, pairs: Vec<Pair>) -> Self {
        Self {
            engine: engine.to_string(),
            in_flight: args.in_flight,
            text_bytes: args.text_bytes,
            appends_per_s: median(&pairs, |pair| pair.appends_per_s),
            ack_ms: Ack { p50: median(&pairs, |pair| pair.ack_ms.p50), p99: median(&pairs, |pair| pair.ack_ms.p99) },
            ceiling_appends_per_s: median(&pairs, |pair| pair.ceiling_appends_per_s),
            ratio: median(&pairs, |pair| pair.ratio),
            pairs,
        }
    }
}

fn measure(runtime: &runtime::Runtime, directory: &Path, args: &StoreArgs) -> anyhow::Result<Pair> {
    let seed = AtomicU64::new(1);
    let entropy = Arc::new(move |bytes: &mut [u8]| bytes.fill(seed.fetch_add(1, Relaxed) as u8));
    let options = OpenOptions::new(directory.join("data"), entropy);
    let opened = embedded::open(OpenOptions { engine: Some(args.engine), ..options })?;
    runtime.block_on(prepare(&opened.store))?;
    let before = opened.handle.statistics();
    let start = Instant::now();
    let mut latencies_us = runtime.block_on(load(&opened.store, args))?;
    let seconds = start.elapsed().as_secs_f64();
    let after = opened.handle.statistics();
    opened.handle.close()?;
    ensure!(!latencies_us.is_empty(), "nothing was appended");
    latencies_us.sort_unstable();

    let appends = latencies_us.len() as u64;
    let (batches, bytes) = (after.batches - before.batches, after.bytes - before.bytes);
    let ceiling_appends_per_s = raw_appends_per_s(directory, batches, bytes, appends)?;
    let appends_per_s = appends as f64 / seconds;
    let at = |part: f64| latencies_us[((appends - 1) as f64 * part) as usize] as f64 / 1_000.0;
    Ok(Pair {
        appends,
        appends_per_s,
        ack_ms: Ack { p50: at(0.5), p99: at(0.99) },
        ceiling_appends_per_s,
        ratio: appends_per_s / ceiling_appends_per_s,
        appends_per_batch: appends as f64 / batches as f64,
        bytes_per_append: bytes as f64 / appends as f64,
    })
}

fn id(kind: u8, number: u64) -> [u8; 16] {
    let mut id = [kind; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

fn room(number: u64) -> RoomId {
    RoomId(id(2, number % ROOMS))
}

fn entry(author: u64, client: u64, change: Change) -> NewEntry {
    NewEntry {
        author: UserId(id(1, author)),
        client_id: ClientId(id(3, client)),
        at_ms: NOW_MS,
        digest: Digest([7; 32]),
        change,
        mentions: Mentions::default(),
    }
}

/// Rooms with members, through the store's own ports.
async fn prepare(store: &Store) -> anyhow::Result<()> {
    for number in 0..ROOMS {
        let new = NewRoom {
            id: room(number),
            name: "room".into(),
            creator: UserId(id(1, 0)),
            client_id: ClientId(id(4, number)),
            at_ms: NOW_MS,
            epoch: Epoch(id(5, number)),
            digest: Digest([7; 32]),
            setup: RoomSetup::default(),
        };
        store.rooms.create(new).await?;
        for author in 1..USERS {
            let joined = store.log.append(room(number), entry(author, u64::MAX, Change::Join)).await?;
            joined.map_err(|refused| anyhow!("a join was refused: {refused:?}"))?;
        }
    }
    Ok(())
}

/// Appends with so many at once; how long each waited for its ack, in microseconds.
async fn load(store: &Store, args: &StoreArgs) -> anyhow::Result<Vec<u64>> {
    let next = Arc::new(AtomicU64::new(0));
    let text: Arc<str> = "x".repeat(args.text_bytes).into();
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let mut appenders = JoinSet::new();
    for _ in 0..args.in_flight {
        let (log, next, text) = (store.log.clone(), Arc::clone(&next), Arc::clone(&text));
        appenders.spawn(async move {
            let mut latencies_us = Vec::new();
            while Instant::now() < end {
                let number = next.fetch_add(1, Relaxed);
                let start = Instant::now();
                let post = entry(number % USERS, number, Change::Post(Arc::clone(&text)));
                let made = log.append(room(number / USERS), post).await?;
                made.map_err(|refused| anyhow!("a post was refused: {refused:?}"))?;
                latencies_us.push(start.elapsed().as_micros() as u64);
            }
            anyhow::Ok(latencies_us)
        });
    }
    let mut all = Vec::new();
    while let Some(latencies_us) = appenders.join_next().await {
        all.extend(latencies_us??);
    }
    Ok(all)
}

/// How many appends a second of those bytes a plain file takes, in as many batches, each
/// synced; over again until it took long enough.
fn raw_appends_per_s(directory: &Path, batches: u64, bytes: u64, appends: u64) -> anyhow::Result<f64> {
    let batch = vec![7; (bytes / batches.max(1)) as usize];
    let (mut done, mut seconds) = (0, 0.0);
    while seconds < RAW_SECONDS_MIN {
        let mut file = File::create(directory.join("raw"))?;
        let start = Instant::now();
        for _ in 0..batches {
            file.write_all(&batch)?;
            file.sync_data()?;
        }
        seconds += start.elapsed().as_secs_f64();
        done += appends;
    }
    Ok(done as f64 / seconds)
}
