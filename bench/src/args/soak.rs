//! The options of the scenario that goes on for a long time.

use anyhow::bail;
use clap::Args;
use rill_storage::EngineKind;
use std::time::Duration;

use super::{link::LinkArgs, run::RunArgs};
use crate::chaos::crowd::Cast;

const MINUTE: Duration = Duration::from_secs(60);
/// Of a run for which no length is named.
const LENGTH: Duration = Duration::from_secs(60 * 60);
/// The rights with which users connect last a day.
const LENGTH_MAX: Duration = Duration::from_secs(23 * 60 * 60);

/// Of the scenario that goes on for a long time.
#[derive(Debug, Args)]
pub(crate) struct SoakArgs {
    /// How long the chat goes on; an hour by default.
    #[arg(long, conflicts_with = "minutes")]
    pub(crate) seconds: Option<u64>,
    /// The same in minutes.
    #[arg(long)]
    pub(crate) minutes: Option<u64>,
    /// How often the server is restarted, at even distances over the first half: in turn asked to
    /// end (TERM) and killed.
    #[arg(long, default_value_t = 2)]
    pub(crate) restarts: u32,
    /// Users who speak, spread over the three transports and all rooms. Every post is a probe.
    #[arg(long, default_value_t = 12)]
    pub(crate) speakers: usize,
    /// Users who only listen, spread likewise.
    #[arg(long, default_value_t = 12)]
    pub(crate) listeners: usize,
    #[arg(long, default_value_t = 4)]
    pub(crate) rooms: usize,
    /// Messages a second, of all speakers together: a third of them over each transport.
    #[arg(long, default_value_t = 60.0)]
    pub(crate) rate: f64,
    /// The store's engine, sled or fjall; by default the server's default.
    #[arg(long)]
    pub(crate) engine: Option<EngineKind>,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 1)]
    pub(crate) workers: usize,
}

impl SoakArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.rooms == 0 || self.workers == 0 {
            bail!("--rooms and --workers begin at 1");
        }
        if !(Duration::from_secs(4)..=LENGTH_MAX).contains(&self.length()) {
            bail!("a run lasts from 4 seconds to 23 hours");
        }
        self.cast().check(self.rate)?;
        if !self.speakers.is_multiple_of(self.rooms * super::SPREAD.len()) {
            bail!("--speakers is a multiple of three times --rooms: each transport has as many probes");
        }
        Ok(())
    }

    pub(crate) fn length(&self) -> Duration {
        let minutes = self.minutes.and_then(|minutes| u32::try_from(minutes).ok());
        self.seconds.map(Duration::from_secs).or(minutes.map(|minutes| MINUTE * minutes)).unwrap_or(LENGTH)
    }

    pub(crate) fn cast(&self) -> Cast {
        Cast { speakers: self.speakers, listeners: self.listeners, rooms: self.rooms }
    }
}
