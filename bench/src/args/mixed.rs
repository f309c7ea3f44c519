//! The options of the day in a company.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;
use std::time::Duration;

use super::{SPREAD, link::LinkArgs, run::RunArgs};

/// Of the day in a company.
#[derive(Debug, Args)]
pub(crate) struct MixedArgs {
    /// One transport for everybody; by default they are spread over all three.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    #[arg(long, default_value_t = 100)]
    pub(crate) users: usize,
    /// Room 0 is everybody's; of room R about every R+1th is a member.
    #[arg(long, default_value_t = 20)]
    pub(crate) rooms: usize,
    /// What all together do in a second at the busiest hour.
    #[arg(long, default_value_t = 60.0)]
    pub(crate) rate: f64,
    /// How long the day is, from seven in the morning to seven in the evening.
    #[arg(long, default_value_t = 120)]
    pub(crate) seconds: u64,
    /// The same seed makes the same day.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl MixedArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.rooms == 0 || self.rooms > self.users || self.workers == 0 {
            bail!("--rooms and --workers begin at 1, and every room needs an owner");
        }
        if self.seconds < 5 {
            bail!("--seconds begins at 5");
        }
        if !(self.rate > 0.0 && self.rate <= 1e5) {
            bail!("--rate is above 0 and at most a hundred thousand a second");
        }
        Ok(())
    }

    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    pub(crate) fn transport_of(&self, user: usize) -> TransportKind {
        self.transport.unwrap_or(SPREAD[user % SPREAD.len()])
    }
}
