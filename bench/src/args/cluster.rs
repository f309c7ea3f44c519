//! The options of the scenario with several nodes.

use anyhow::bail;
use clap::{Args, ValueEnum};
use rill_redis_process::Fsync;

use super::run::RunArgs;
use crate::{chaos::crowd::Cast, cluster::hardship::Hardship};

/// When Redis has a write on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AppendFsync {
    /// Before it answers.
    Always,
    /// Within a second.
    Everysec,
}

impl AppendFsync {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Everysec => "everysec",
        }
    }

    pub(crate) fn of_server(self) -> Fsync {
        match self {
            Self::Always => Fsync::Always,
            Self::Everysec => Fsync::EverySecond,
        }
    }
}

/// Of the scenario with several nodes.
#[derive(Debug, Args)]
pub(crate) struct ClusterArgs {
    #[arg(long, default_value_t = 3)]
    pub(crate) nodes: usize,
    /// What happens, in a run of its own each; by default everything there is.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) hardships: Vec<Hardship>,
    /// When Redis has a write on disk (`appendfsync`).
    #[arg(long, value_enum, default_value = "always")]
    pub(crate) fsync: AppendFsync,
    /// Users who speak, spread over nodes, transports and rooms.
    #[arg(long, default_value_t = 12)]
    pub(crate) speakers: usize,
    /// Users who only listen, spread likewise.
    #[arg(long, default_value_t = 12)]
    pub(crate) listeners: usize,
    #[arg(long, default_value_t = 4)]
    pub(crate) rooms: usize,
    /// Messages a second, of all speakers together.
    #[arg(long, default_value_t = 100.0)]
    pub(crate) rate: f64,
    /// How long everybody goes on when what happens is over.
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,
    /// A further run with one node and without hardship, for the ratio of CPU.
    #[arg(long)]
    pub(crate) single: bool,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 1)]
    pub(crate) workers: usize,
}

impl ClusterArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.nodes == 0 || self.rooms == 0 || self.workers == 0 || self.seconds == 0 {
            bail!("--nodes, --rooms, --seconds and --workers begin at 1");
        }
        self.cast().check(self.rate)?;
        if self.nodes < 2 && self.hardships().contains(&Hardship::NodeKilled) {
            bail!("where a node is killed there are two: --nodes 2");
        }
        Ok(())
    }

    pub(crate) fn hardships(&self) -> Vec<Hardship> {
        if self.hardships.is_empty() { Hardship::ALL.to_vec() } else { self.hardships.clone() }
    }

    pub(crate) fn cast(&self) -> Cast {
        Cast { speakers: self.speakers, listeners: self.listeners, rooms: self.rooms }
    }
}
