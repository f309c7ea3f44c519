//! The posts that are measured: who makes them, where, and how long each takes.

use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_storage::{
    Store,
    model::{Change, Digest, Mentions, NewEntry, NewRoom, RoomSetup},
    port::Log,
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
/// The numbers of fields of /proc/pid/stat in proc(5): the first one behind the name, and
/// that of user time, behind which stands system time.
const STATE: usize = 3;
const UTIME: usize = 14;
const TICKS_PER_S: f64 = 100.0;

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
        mentions: Mentions::default(),
    }
}

fn room(number: u64) -> RoomId {
    RoomId(id(2, number))
}

/// Makes rooms in which everybody is.
pub(crate) async fn prepare(store: &Store, rooms: u64) {
    for number in 0..rooms {
        let new = NewRoom {
            id: room(number),
            name: "room".into(),
            creator: UserId(id(1, 0)),
            client_id: ClientId(id(4, number)),
            at_ms: 1_700_000_000_000,
            epoch: Epoch(id(5, number)),
            digest: Digest([7; 32]),
            setup: RoomSetup::default(),
        };
        store.rooms.create(new).await.unwrap();
        let joins = (1..USERS).map(|author| store.log.append(room(number), entry(author, u64::MAX, Change::Join)));
        for join in joins.collect::<Vec<_>>() {
            join.await.unwrap().unwrap();
        }
    }
}

/// How long posts took.
pub(crate) struct Latencies {
    sorted_us: Vec<u64>,
}

impl Latencies {
    pub(crate) fn posts(&self) -> f64 {
        self.sorted_us.len() as f64
    }

    /// Of that part of the posts none took longer; in milliseconds.
    pub(crate) fn at(&self, part: f64) -> f64 {
        self.sorted_us[((self.posts() - 1.0) * part) as usize] as f64 / 1000.0
    }
}

/// Posts for `run` with `in_flight` at once, spread over the logs of one or several nodes.
pub(crate) async fn post(logs: &[Arc<dyn Log>], rooms: u64, in_flight: u64, run: Duration) -> Latencies {
    let next = Arc::new(AtomicU64::new(0));
    let text: Arc<str> = "x".repeat(TEXT_BYTES).into();
    let end = Instant::now() + run;
    let mut posting = tokio::task::JoinSet::new();
    for place in 0..in_flight {
        let log = logs[place as usize % logs.len()].clone();
        let (next, text) = (next.clone(), text.clone());
        posting.spawn(async move {
            let mut latencies_us = Vec::new();
            while Instant::now() < end {
                let number = next.fetch_add(1, Relaxed);
                let start = Instant::now();
                let post = entry(number % USERS, number, Change::Post(text.clone()));
                log.append(room(number / USERS % rooms), post).await.unwrap().unwrap();
                latencies_us.push(start.elapsed().as_micros() as u64);
            }
            latencies_us
        });
    }
    let mut sorted_us: Vec<u64> = posting.join_all().await.into_iter().flatten().collect();
    sorted_us.sort_unstable();
    Latencies { sorted_us }
}

/// Processor time of a process so far, in seconds, where the system tells.
pub(crate) fn cpu_seconds(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let behind_the_name = stat.rsplit(')').next().unwrap_or_default();
    let times = behind_the_name.split_whitespace().skip(UTIME - STATE).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_S
}
