//! The options of the scenario that kills its server.

use anyhow::bail;
use clap::{Args, ValueEnum};
use rill_storage::EngineKind;
use rustix::process::Signal;

use super::{link::LinkArgs, run::RunArgs};
use crate::chaos::crowd::Cast;

/// How the server is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum KillSignal {
    /// It is not asked: nothing that it holds is written or said any more.
    Kill,
    /// It is asked to end, as a service manager does.
    Term,
}

impl KillSignal {
    pub(crate) fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Term => Signal::TERM,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Term => "TERM",
        }
    }
}

/// Of the scenario that kills its server.
#[derive(Debug, Args)]
pub(crate) struct ChaosArgs {
    /// How often the server is killed.
    #[arg(long, default_value_t = 20)]
    pub(crate) kills: u32,
    #[arg(long, value_enum, ignore_case = true, default_value = "KILL")]
    pub(crate) signal: KillSignal,
    /// Users who speak, spread over the three transports and all rooms.
    #[arg(long, default_value_t = 24)]
    pub(crate) speakers: usize,
    /// Users who only listen, spread likewise.
    #[arg(long, default_value_t = 12)]
    pub(crate) listeners: usize,
    #[arg(long, default_value_t = 4)]
    pub(crate) rooms: usize,
    /// Messages a second, of all speakers together.
    #[arg(long, default_value_t = 200.0)]
    pub(crate) rate: f64,
    /// Messages that are in the store before the server is started for the first time.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) messages: u32,
    /// The store's engine, sled or fjall; by default the server's default.
    #[arg(long)]
    pub(crate) engine: Option<EngineKind>,
    /// From the moment when posting works again on every transport to the next kill: a
    /// random time of up to so many milliseconds.
    #[arg(long, default_value_t = 3_000)]
    pub(crate) pause_ms: u64,
    /// The same seed kills after the same pauses.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 1)]
    pub(crate) workers: usize,
}

impl ChaosArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.kills == 0 || self.rooms == 0 || self.workers == 0 || self.pause_ms == 0 {
            bail!("--kills, --rooms, --workers and --pause-ms begin at 1");
        }
        self.cast().check(self.rate)?;
        if self.messages > crate::chaos::plan::PREPARED_MAX {
            bail!("--messages is at most {}", crate::chaos::plan::PREPARED_MAX);
        }
        Ok(())
    }

    /// Speakers first, then listeners.
    pub(crate) fn users(&self) -> usize {
        self.speakers + self.listeners
    }

    pub(crate) fn cast(&self) -> Cast {
        Cast { speakers: self.speakers, listeners: self.listeners, rooms: self.rooms }
    }
}
