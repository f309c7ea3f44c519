//! rill-bench: load scenarios against a Rill server, one JSON report each.
//!
//! The load is open loop: messages are due at fixed moments, whatever the server does,
//! and a latency runs from the moment a message was due to the moment the receiving
//! application reads it. Accounts and rooms are made before anything is measured.
#![allow(clippy::disallowed_methods)] // a program of its own: it owns its tasks and its clock

mod args;
mod load;
mod processes;
mod report;
mod scenario;
mod schedule;
mod tally;
mod target;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args::Cli { command } = args::Cli::parse();
    let outcome = match command {
        args::Command::Chat(args) => scenario::chat::run(&args),
    };
    match outcome {
        Ok(report) if report.is_sound() => ExitCode::SUCCESS,
        Ok(_) => {
            eprintln!("rill-bench: messages were lost, doubled, out of order, refused or not acked in time");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("rill-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
