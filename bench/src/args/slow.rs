//! The options of the scenario with sessions that never read.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;

use super::{SPREAD, run::RunArgs};

/// Of the scenario with sessions that never read.
#[derive(Debug, Args)]
pub(crate) struct SlowArgs {
    /// One transport for everybody; by default they are spread over all three.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    /// Sessions, those that never read among them.
    #[arg(long, default_value_t = 200)]
    pub(crate) users: usize,
    /// Of these so many never read.
    #[arg(long, default_value_t = 20)]
    pub(crate) slow: usize,
    /// Messages a second into the one room.
    #[arg(long, default_value_t = 100.0)]
    pub(crate) rate: f64,
    /// How long those who never read are there.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// How long the others are measured before, without them.
    #[arg(long, default_value_t = 60)]
    pub(crate) without_seconds: u64,
    /// Length of a message's text. The windows of those who never read should be full
    /// before half of the time is over.
    #[arg(long, default_value_t = 4_000)]
    pub(crate) text_bytes: usize,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl SlowArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.slow == 0 || self.slow >= self.users || self.workers == 0 {
            bail!("--slow and --workers begin at 1, and some of the --users must read");
        }
        if self.seconds < 2 || self.without_seconds < 2 {
            bail!("--seconds and --without-seconds begin at 2");
        }
        if !(self.rate > 0.0 && self.rate <= 1e6) {
            bail!("--rate is above 0 and at most a million a second");
        }
        if !(crate::schedule::TEXT_BYTES_MIN..=rill_protocol::limits::TEXT_BYTES_MAX).contains(&self.text_bytes) {
            bail!("--text-bytes is {} to {}", crate::schedule::TEXT_BYTES_MIN, rill_protocol::limits::TEXT_BYTES_MAX);
        }
        Ok(())
    }

    /// Those who read, and talk.
    pub(crate) fn readers(&self) -> usize {
        self.users - self.slow
    }

    /// Of a user.
    pub(crate) fn transport_of(&self, user: usize) -> TransportKind {
        self.transport.unwrap_or(SPREAD[user % SPREAD.len()])
    }
}
