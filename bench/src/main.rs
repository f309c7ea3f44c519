//! rill-bench: load scenarios against a Rill server, one JSON report each.
//!
//! The load is open loop: messages are due at fixed moments, whatever the server does,
//! and a latency runs from the moment a message was due to the moment the receiving
//! application reads it. Accounts and rooms are made before anything is measured.
#![allow(clippy::disallowed_methods)] // a program of its own: it owns its tasks and its clock

mod args;
mod ceiling;
mod chaos;
mod cluster;
mod deaf;
mod dice;
mod hostile;
mod hostile_report;
mod link;
mod load;
mod processes;
mod report;
mod scenario;
mod schedule;
mod slow_report;
mod tally;
mod target;
mod verdict;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args::Cli { command } = args::Cli::parse();
    let outcome = match command {
        args::Command::Chat(args) => scenario::chat::run(&args).map(|report| {
            (report.is_sound(), "messages were lost, doubled, out of order, refused or not acked in time")
        }),
        args::Command::Hostile(args) => scenario::hostile::run(&args)
            .map(|passed| (passed, "the chat did not stand it; the verdicts above say how")),
        args::Command::Store(args) => scenario::store::run(&args).map(|_| (true, "")),
        args::Command::Append(args) => {
            scenario::append::run(&args).map(|sound| (sound, "posts were refused, misplaced or not delivered"))
        }
        args::Command::Chaos(args) => {
            scenario::chaos::run(&args).map(|kept| (kept, "a promise was not kept; the lines above say which"))
        }
        args::Command::Cluster(args) => {
            scenario::cluster::run(&args).map(|kept| (kept, "a promise was not kept; the lines above say which"))
        }
        args::Command::Files(args) => scenario::files::run(&args).map(|_| (true, "")),
        args::Command::Beside(args) => {
            scenario::beside::run(&args).map(|sound| (sound, "messages were lost, doubled, out of order or refused"))
        }
        args::Command::Ceiling(args) => ceiling::run(&args).map(|_| (true, "")),
        args::Command::Slow(args) => scenario::slow::run(&args)
            .map(|passed| (passed, "those who never read were noticed; the verdicts above say how")),
    };
    match outcome {
        Ok((true, _)) => ExitCode::SUCCESS,
        Ok((false, why)) => {
            eprintln!("rill-bench: {why}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("rill-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
