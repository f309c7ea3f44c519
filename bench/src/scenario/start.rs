//! How long a server takes from its start until it serves, on a store that has grown.

use anyhow::{Context, ensure};
use rill_protocol::message::Direction;
use serde::Serialize;
use std::time::{Duration, Instant};

use super::complete;
use crate::{
    args::{SPREAD, chaos::KillSignal, start::StartArgs},
    chaos::plan::Message,
    processes::{self, Snapshot},
    publish::Finished,
    report::rounded,
    target::{Life, Target, Wish},
    verdict::{self, Verdict},
};

/// Entries of a room among which its first message is.
const OLDEST: u32 = 16;
/// From exec to ready, with a million messages.
const READY_MS: f64 = 2_000.0;
/// Of a smaller store the bound says nothing.
const MESSAGES_JUDGED_MIN: u32 = 1_000_000;
/// One thread waits, the server has the others.
const WORKERS: usize = 1;
/// Behind every seq.
const NEWEST: u64 = (1 << 53) - 1;

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &StartArgs) -> anyhow::Result<Finished> {
    args.check()?;
    let report = complete(WORKERS, measure(args))?;
    report.print();
    Finished::with(&report, verdict::all_passed(&report.verdicts), "the server starts slowly, or not with everything")
}

async fn measure(args: &StartArgs) -> anyhow::Result<Report> {
    // As many users: everybody has a room, and whoever reads it comes anew.
    let wish = Wish {
        users: args.rooms,
        rooms: args.rooms,
        messages: args.messages,
        engine: args.engine,
        parent: args.directory.clone(),
        ..Wish::default()
    };
    eprintln!("rill-bench: writing {} messages", args.messages);
    // This start makes certificates, and takes what was just written from memory.
    let mut target = Target::start(args.run.rill.as_deref(), &wish, Vec::new(), Life::Again).await?;
    let mut ready = Vec::with_capacity(args.runs);
    let (mut rss_mib, mut bad_ends) = (0.0f64, 0);
    let whole = Snapshot::take(None)?;
    for _ in 0..args.runs {
        let status = target.end_by(args.signal.signal()).await?;
        bad_ends += u64::from(args.signal == KillSignal::Term && !status.success());
        let start = Instant::now();
        target.start_again().await?;
        ready.push(start.elapsed());
        rss_mib = rss_mib.max(processes::rss_mib(target.pid().context("the server has no process")?)?);
    }
    let foreign_share = whole.until_now()?.foreign_share;
    let found = found(&mut target, args).await?;
    target.end().await?;
    Ok(Report::new(args, &ready, Rest { rss_mib, bad_ends, found, foreign_share }))
}

/// Messages that are there, as the newest of each room tell.
async fn found(target: &mut Target, args: &StartArgs) -> anyhow::Result<u64> {
    let rooms = target.rooms(&[], 0).await?;
    let mut found = 0;
    for (number, room) in rooms.iter().enumerate() {
        let reader = target.anew(number, SPREAD[number % SPREAD.len()]).await?;
        let (page, oldest) = tokio::try_join!(
            reader.client.history(*room, Direction::Before, NEWEST, 1),
            reader.client.history(*room, Direction::After, 0, OLDEST),
        )?;
        reader.client.close().await;
        // In front of its messages there is what made the room.
        let first = Message::prepared(u32::try_from(number)?).text();
        let oldest = oldest.messages.iter().find(|message| message.text == first);
        let (Some(newest), Some(oldest)) = (page.messages.first(), oldest) else { continue };
        // Message `m` is in room `m mod rooms`: the newest says how many are before it.
        let is_prepared = |message: &u32| Message::prepared(*message).text() == newest.text;
        let last = (0..args.messages).rev().find(|message| *message as usize % args.rooms == number);
        ensure!(last.as_ref().is_some_and(is_prepared), "room {number} ends with {:?}", newest.text);
        // Nothing but messages stands between them, and logs are dense.
        found += newest.seq.get() + 1 - oldest.seq.get();
    }
    Ok(found)
}

struct Rest {
    rss_mib: f64,
    bad_ends: u64,
    found: u64,
    foreign_share: f64,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
struct Report {
    scenario: &'static str,
    engine: String,
    messages: u32,
    rooms: usize,
    signal: &'static str,
    /// Each start, in turn.
    runs_ms: Vec<f64>,
    /// From exec until every port listens.
    ready_ms: Ready,
    bad_ends: u64,
    /// Messages that were there behind the last start.
    found: u64,
    server: Server,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Ready {
    min: f64,
    p50: f64,
    max: f64,
}

impl Ready {
    fn of(ready: &[Duration]) -> Self {
        let mut ready = ready.to_vec();
        ready.sort_unstable();
        let ms = |at: Option<&Duration>| at.map_or(0.0, |time| rounded(time.as_secs_f64() * 1_000.0));
        // Of an even number the upper one.
        Self { min: ms(ready.first()), p50: ms(ready.get(ready.len() / 2)), max: ms(ready.last()) }
    }
}

#[derive(Debug, Serialize)]
struct Server {
    /// The most, as soon as it was ready.
    rss_mib: f64,
}

impl Report {
    fn new(args: &StartArgs, ready: &[Duration], rest: Rest) -> Self {
        let ready_ms = Ready::of(ready);
        let mut verdicts = vec![everything(args.messages, &rest)];
        if args.messages >= MESSAGES_JUDGED_MIN {
            verdicts.push(in_time(ready_ms));
        }
        Self {
            scenario: "start",
            engine: args.engine.unwrap_or_default().to_string(),
            messages: args.messages,
            rooms: args.rooms,
            signal: args.signal.name(),
            runs_ms: ready.iter().map(|time| rounded(time.as_secs_f64() * 1_000.0)).collect(),
            ready_ms,
            bad_ends: rest.bad_ends,
            found: rest.found,
            server: Server { rss_mib: rounded(rest.rss_mib) },
            foreign_cpu_share: rounded(rest.foreign_share),
            verdicts,
        }
    }

    fn print(&self) {
        let Self { engine, messages, rooms, signal, .. } = self;
        let Ready { min, p50, max } = self.ready_ms;
        println!("start ({engine}): {messages} messages in {rooms} rooms, ended by {signal}, the page cache warm");
        println!("  ready ms  min {min}  p50 {p50}  max {max}, of {} starts", self.runs_ms.len());
        println!(
            "  {} MiB when it was ready; others took {:.1} % of the machine",
            self.server.rss_mib,
            self.foreign_cpu_share * 100.0
        );
        verdict::print(&self.verdicts);
    }
}

fn everything(messages: u32, rest: &Rest) -> Verdict {
    let Rest { found, bad_ends, .. } = rest;
    Verdict {
        name: "everything",
        passed: *found == u64::from(messages) && *bad_ends == 0,
        of_timing: false,
        detail: format!("{found} of {messages} messages were there, and {bad_ends} ends were none in order"),
    }
}

fn in_time(ready: Ready) -> Verdict {
    Verdict {
        name: "ready",
        passed: ready.p50 < READY_MS,
        of_timing: true,
        detail: format!("the median start took {} ms of less than {READY_MS}", ready.p50),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_start_counts() {
        let ms = |all: &[u64]| Ready::of(&all.iter().copied().map(Duration::from_millis).collect::<Vec<_>>());
        assert_eq!(ms(&[900, 100, 2_500]), Ready { min: 100.0, p50: 900.0, max: 2_500.0 });
        assert!(in_time(ms(&[900, 100, 2_500])).passed);
        assert!(!in_time(ms(&[2_000, 100, 2_500])).passed);
    }

    #[test]
    fn a_message_that_is_not_there_fails() {
        let rest = |found, bad_ends| Rest { rss_mib: 1.0, bad_ends, found, foreign_share: 0.0 };
        assert!(everything(7, &rest(7, 0)).passed);
        assert!(!everything(7, &rest(6, 0)).passed);
        assert!(!everything(7, &rest(7, 1)).passed);
    }
}
