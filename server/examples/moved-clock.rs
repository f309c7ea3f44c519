//! The server by a clock that is moved from outside, for a browser that lives through
//! days in seconds. It takes the flags of `rill serve`; each line of its input says how
//! many milliseconds its clock is behind the machine's from now on, the first one before
//! it starts. It ends as the server does, at SIGTERM. No switch of `rill` itself moves
//! its clock.

use anyhow::Context;
use clap::Parser;
use rill_server::{
    app::App,
    config::ServeArgs,
    logging,
    runtime::{Clock, SystemClock},
    signals,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

/// Behind and never ahead: what is made by it must be valid by the browser's clock too.
struct Behind(AtomicU64);

impl Clock for Behind {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms().saturating_sub(self.0.load(Relaxed))
    }
}

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    serve: ServeArgs,
}

fn main() -> anyhow::Result<()> {
    let loaded = Args::parse().serve.load()?;
    logging::start(&loaded.config.log);
    let first = io::stdin().lines().next().context("the input says nothing")??;
    let clock = Arc::new(Behind(AtomicU64::new(first.trim().parse()?)));
    let moved = clock.clone();
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            match line.trim().parse() {
                Ok(behind_ms) => moved.0.store(behind_ms, Relaxed),
                Err(error) => tracing::error!(line, %error, "that is no number of milliseconds"),
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        App::load_by(loaded.config, clock).await?.run(signals::asked_to_stop()).await?;
        Ok(())
    })
}
