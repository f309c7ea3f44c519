//! rill-chat: a line-based terminal client. Messages go to stdout, everything about
//! the way to the server to stderr, so that it works in a pipe.
#![allow(clippy::disallowed_methods)] // a program of its own: it owns its threads and its clock

mod args;
mod bars;
mod chat;
mod command;
mod directory;
mod get;
mod input;
mod line;
mod login;
mod names;
mod outbox_path;
mod pictures;
mod print;
mod room;
mod run;
mod send;

use args::Args;
use clap::Parser;
use std::process::ExitCode;
use time::UtcOffset;

fn main() -> ExitCode {
    let args = Args::parse();
    // The local offset can only be read while there is one thread.
    let offset = UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC);
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run::run(args, offset)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rill-chat: {error:#}");
            ExitCode::FAILURE
        }
    }
}
