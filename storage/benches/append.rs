//! Durable appends per second, with everything a post writes, against the least that
//! durability costs: the same bytes in the same batches, appended to a plain file and
//! synced. `cargo bench -p rill-storage --bench append`; behind `--` may follow the name
//! of an engine and numbers of appends in flight.

#![allow(clippy::disallowed_methods)] // A measurement reads the clock.

mod load;

use load::{cpu_seconds, prepare};
use rill_storage::{
    EngineKind,
    embedded::{self, OpenOptions, Statistics},
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

const ROOMS: u64 = 5;
const RUN: Duration = Duration::from_secs(8);

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

fn measure(runtime: &tokio::runtime::Runtime, engine: EngineKind, in_flight: u64) {
    let directory = tempfile::tempdir().unwrap();
    let seed = AtomicU64::new(1);
    let entropy = Arc::new(move |bytes: &mut [u8]| bytes.fill(seed.fetch_add(1, Relaxed) as u8));
    let options = OpenOptions::new(directory.path().join("data"), entropy);
    let opened = embedded::open(OpenOptions { engine: Some(engine), ..options }).unwrap();
    runtime.block_on(prepare(&opened.store, ROOMS));
    let before = opened.handle.statistics();
    let (start, cpu) = (Instant::now(), cpu_seconds("self"));
    let latencies = runtime.block_on(load::post(std::slice::from_ref(&opened.store.log), ROOMS, in_flight, RUN));
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds("self") - cpu);
    let Statistics { batches, bytes, .. } = opened.handle.statistics();
    let (batches, bytes) = (batches - before.batches, bytes - before.bytes);
    opened.handle.close().unwrap();

    let posts = latencies.posts();
    let raw_seconds = raw(directory.path(), batches, bytes);
    println!(
        "{engine} {in_flight:5} in flight: {:7.0} posts/s  {:5.1} µs CPU a post  p50 {:.2} ms  p99 {:.2} ms  max {:.1} ms  \
         {:.1} posts and {:.1} KiB a batch  raw {:.0} posts/s  ratio {:.2}",
        posts / seconds,
        cpu * 1e6 / posts,
        latencies.at(0.5),
        latencies.at(0.99),
        latencies.at(1.0),
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
