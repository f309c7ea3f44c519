//! Acknowledged appends per second through a store on a Redis of this machine, which this
//! starts: by how often Redis syncs its file, by rooms, and by nodes that share the load.
//! `cargo bench -p rill-storage --bench redis`; behind `--` may follow numbers of appends in
//! flight.

#![allow(clippy::disallowed_methods)] // A measurement reads the clock.
#![cfg(unix)]

mod load;

use load::{Latencies, cpu_seconds, prepare};
use rill_redis_process::{Fsync, Options, Server};
use rill_storage::redis::{self, OpenStore, RedisOptions, RedisServer, Unattended};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const RUN: Duration = Duration::from_secs(5);

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
    let logs: Vec<_> = all.iter().map(|node| node.store.log.clone()).collect();
    let latencies: Latencies = load::post(&logs, rooms, in_flight, RUN).await;
    let (seconds, after, counts) = (start.elapsed().as_secs_f64(), cpu(), counts());

    let posts = latencies.posts();
    println!(
        "{name:9} {nodes} nodes {rooms:3} rooms {in_flight:5} in flight: {:7.0} posts/s  CPU a post {:5.1} µs here \
         {:5.1} µs Redis  p50 {:.2} ms  p99 {:.2} ms  max {:.1} ms  {:.1} posts a batch, {} lost of {}",
        posts / seconds,
        (after.0 - before.0) * 1e6 / posts,
        (after.1 - before.1) * 1e6 / posts,
        latencies.at(0.5),
        latencies.at(0.99),
        latencies.at(1.0),
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
