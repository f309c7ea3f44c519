//! Posts through the whole server: a fixed number under way, or a fixed rate.

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use rill_client::{Client, EntryKind, Error, Event, Events, State};
use rill_protocol::RoomId;
use rill_redis_process::{Options, Server};
use serde::Serialize;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until, timeout},
};

use super::complete;
use crate::{
    args::append::AppendArgs,
    chaos::speaker::latency_us,
    processes::{Snapshot, Usage},
    publish::Finished,
    report::{Latency, rounded},
    target::{Connected, Life, Target, Wish, close_all},
};

/// From the last connection to the first post.
const BREATH: Duration = Duration::from_millis(500);
/// For the last acks and deliveries.
const DRAIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Events taken at once.
const EVENTS_AT_ONCE: usize = 256;
/// The users of a bench post more than people do.
const NO_LIMIT: (&str, &str) = ("RILL_LIMITS_REQUESTS_PER_SECOND_PER_USER", "0");

/// Runs the scenario, prints its report. Whether every post was acked in its
/// place, once, and delivered.
pub(crate) fn run(args: &AppendArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.is_sound(), "posts were refused, misplaced or not delivered")
}

/// When posts are made and which count.
#[derive(Clone, Copy, Debug)]
struct Pace {
    start: Instant,
    counted_from: Instant,
    end: Instant,
    /// Nothing for a post as soon as the one before was acked.
    rate: Option<f64>,
    places: usize,
}

impl Pace {
    /// The moment of a place's next post, the `n`th of that place; nothing at the end.
    fn next(&self, place: usize, n: u64) -> Option<Instant> {
        let due = match self.rate {
            Some(rate) => {
                let number = n * self.places as u64 + place as u64;
                self.start + Duration::from_secs_f64(number as f64 / rate)
            }
            None => Instant::now().max(self.start),
        };
        (due < self.end).then_some(due)
    }
}

/// What one place under way came to.
#[derive(Debug)]
struct Acks {
    counted: u64,
    all: u64,
    refused: u64,
    /// Acks that named another seq than the one behind the last.
    misplaced: u64,
    /// From the moment a post was due, in microseconds.
    latency_us: Histogram<u32>,
}

/// Posts in one room, one after the other.
async fn post(client: Client, room: RoomId, place: usize, text: Arc<str>, pace: Pace) -> anyhow::Result<Acks> {
    let mut acks = Acks { counted: 0, all: 0, refused: 0, misplaced: 0, latency_us: latency_us()? };
    let (mut n, mut last_seq) = (0, None);
    while let Some(due) = pace.next(place, n) {
        n += 1;
        sleep_until(due.into()).await;
        match client.post(room, &*text).await?.posted().await {
            Ok(posted) => {
                let now = Instant::now();
                acks.all += 1;
                acks.misplaced += u64::from(last_seq.is_some_and(|last: u64| posted.seq != last + 1));
                last_seq = Some(posted.seq);
                // By a rate what was due counts, else what was answered in time.
                let moment = if pace.rate.is_some() { due } else { now };
                if moment >= pace.counted_from && moment < pace.end {
                    acks.counted += 1;
                    let us = now.saturating_duration_since(due).as_micros();
                    acks.latency_us.saturating_record(u64::try_from(us).unwrap_or(u64::MAX).max(1));
                }
            }
            Err(Error::Refused(_)) => acks.refused += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(acks)
}

/// Reads what a session is given, as everybody does who posts.
async fn read(mut events: Events, delivered: Arc<AtomicU64>) -> anyhow::Result<()> {
    let mut batch = Vec::with_capacity(EVENTS_AT_ONCE);
    while events.next_many(&mut batch, EVENTS_AT_ONCE).await > 0 {
        for event in batch.drain(..) {
            match event {
                Event::Entry(entry) if matches!(entry.kind, EntryKind::Posted { .. }) => {
                    delivered.fetch_add(1, Ordering::Relaxed);
                }
                Event::State(State::Offline { reason, .. }) => bail!("a session was interrupted: {reason}"),
                _ => {}
            }
        }
    }
    Ok(())
}

async fn measure(args: &AppendArgs) -> anyhow::Result<AppendReport> {
    let redis =
        args.redis.map(|fsync| Server::start(&Options { append_only: Some(fsync.of_server()), ..Options::default() }));
    let redis = redis.transpose()?;
    let address = redis.as_ref().map(Server::url);
    let wish = Wish {
        users: args.sessions,
        rooms: args.in_flight,
        engine: args.engine,
        redis: address.clone(),
        ..Wish::default()
    };
    let shared = address
        .into_iter()
        .flat_map(|address| [("RILL_STORAGE_BACKEND", "redis".to_owned()), ("RILL_REDIS_URL", address)]);
    let settings = shared.chain([(NO_LIMIT.0, NO_LIMIT.1.to_owned())]).collect();
    let mut target = Target::start(args.run.rill.as_deref(), &wish, settings, Life::Once).await?;
    let users = target.connect(|_| args.transport).await?;
    let rooms = target.rooms(&users, args.in_flight).await?;
    let text: Arc<str> = ".".repeat(args.text_bytes).into();

    let start = Instant::now() + BREATH;
    let counted_from = start + Duration::from_secs(args.warm_up_seconds);
    let end = counted_from + Duration::from_secs(args.seconds);
    let pace = Pace { start, counted_from, end, rate: args.rate, places: args.in_flight };
    let delivered = Arc::<AtomicU64>::default();
    let (mut posting, mut reading, mut clients) = (JoinSet::new(), JoinSet::new(), Vec::new());
    for Connected { client, events, .. } in users {
        reading.spawn(read(events, delivered.clone()));
        clients.push(client);
    }
    for (place, room) in rooms.into_iter().enumerate() {
        posting.spawn(post(clients[place % clients.len()].clone(), room, place, text.clone(), pace));
    }
    sleep_until(counted_from.into()).await;
    let snapshot = Snapshot::take(target.pid())?;
    sleep_until(end.into()).await;
    let usage = snapshot.until_now()?;

    let mut all: Vec<Acks> = Vec::with_capacity(args.in_flight);
    let last_acks = async {
        while let Some(acks) = posting.join_next().await {
            all.push(acks??);
        }
        anyhow::Ok(())
    };
    timeout(DRAIN, last_acks).await.context("some posts were not answered")??;
    let acked_in_all = all.iter().map(|acks| acks.all).sum();
    let deadline = Instant::now() + DRAIN;
    while delivered.load(Ordering::Relaxed) < acked_in_all && Instant::now() < deadline {
        sleep(LOOK_EVERY).await;
    }
    close_all(clients).await;
    while let Some(reader) = reading.join_next().await {
        reader??;
    }
    target.end().await?;
    AppendReport::new(args, &all, delivered.load(Ordering::Relaxed), &usage)
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
struct AppendReport {
    scenario: &'static str,
    transport: String,
    engine: String,
    in_flight: usize,
    sessions: usize,
    rate: Option<f64>,
    seconds: u64,
    text_bytes: usize,
    acked: u64,
    refused: u64,
    misplaced: u64,
    /// Acked at any time, and given to the one who posted.
    acked_in_all: u64,
    delivered: u64,
    acked_per_s: f64,
    ack_ms: Latency,
    server_cpu_s: f64,
    client_cpu_s: f64,
    server_cpu_us_per_post: f64,
    client_cpu_us_per_post: f64,
    server_rss_mib: f64,
    foreign_cpu_share: f64,
}

impl AppendReport {
    fn new(args: &AppendArgs, all: &[Acks], delivered: u64, usage: &Usage) -> anyhow::Result<Self> {
        let server = usage.server.as_ref().context("the server was started here")?;
        let mut latency = latency_us()?;
        for acks in all {
            latency.add(&acks.latency_us)?;
        }
        let acked: u64 = all.iter().map(|acks| acks.counted).sum();
        let per_post_us = |cpu_s: f64| rounded(cpu_s * 1e6 / acked.max(1) as f64);
        Ok(Self {
            scenario: "append",
            transport: args.transport.to_string(),
            engine: match args.redis {
                Some(fsync) => format!("redis, appendfsync {}", fsync.name()),
                None => args.engine.unwrap_or_default().to_string(),
            },
            in_flight: args.in_flight,
            sessions: args.sessions,
            rate: args.rate,
            seconds: args.seconds,
            text_bytes: args.text_bytes,
            acked,
            refused: all.iter().map(|acks| acks.refused).sum(),
            misplaced: all.iter().map(|acks| acks.misplaced).sum(),
            acked_in_all: all.iter().map(|acks| acks.all).sum(),
            delivered,
            acked_per_s: rounded(acked as f64 / args.seconds as f64),
            ack_ms: Latency::of(&latency),
            server_cpu_s: server.cpu_s,
            client_cpu_s: usage.client_cpu_s,
            server_cpu_us_per_post: per_post_us(server.cpu_s),
            client_cpu_us_per_post: per_post_us(usage.client_cpu_s),
            server_rss_mib: rounded(server.rss_mib),
            foreign_cpu_share: rounded(usage.foreign_share),
        })
    }

    fn is_sound(&self) -> bool {
        self.acked > 0 && self.refused == 0 && self.misplaced == 0 && self.delivered == self.acked_in_all
    }

    fn print(&self) {
        let Latency { p50, p90, p99, p99_9, max } = &self.ack_ms;
        let pace = self.rate.map_or_else(|| "as fast as acks come".to_owned(), |rate| format!("{rate} a second"));
        println!(
            "{}, {}: {} under way in {} sessions, {pace}, for {} s",
            self.transport, self.engine, self.in_flight, self.sessions, self.seconds
        );
        println!("  {:.0} acked posts/s  refused {}  misplaced {}", self.acked_per_s, self.refused, self.misplaced);
        println!("  delivered {} of {}", self.delivered, self.acked_in_all);
        println!("  ack ms  p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        println!(
            "  CPU us a post: server {:.1}, client {:.1}; others {:.1} % of the machine; server {:.0} MiB",
            self.server_cpu_us_per_post,
            self.client_cpu_us_per_post,
            self.foreign_cpu_share * 100.0,
            self.server_rss_mib
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_of_a_rate_are_due_in_turn_and_end() {
        let start = Instant::now();
        let end = start + Duration::from_secs(1);
        let pace = Pace { start, counted_from: start, end, rate: Some(10.0), places: 4 };
        let due = |place, n| pace.next(place, n).map(|due| (due - start).as_millis());
        assert_eq!((due(0, 0), due(3, 0), due(0, 1), due(1, 2)), (Some(0), Some(300), Some(400), Some(900)));
        assert_eq!(due(2, 2), None);
    }
}
