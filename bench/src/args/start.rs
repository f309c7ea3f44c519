//! The options of the scenario that starts its server.

use anyhow::bail;
use clap::Args;
use rill_storage::EngineKind;
use std::path::PathBuf;

use super::{chaos::KillSignal, run::RunArgs};
use crate::chaos::plan::PREPARED_MAX;

/// Of a server that is started again and again on one store.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// The store's engine, sled or fjall; by default the server's default.
    #[arg(long)]
    pub(crate) engine: Option<EngineKind>,
    /// In the store.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) messages: u32,
    /// Rooms in which they are, and users.
    #[arg(long, default_value_t = 100)]
    pub(crate) rooms: usize,
    /// Starts that count; one more comes before them.
    #[arg(long, default_value_t = 5)]
    pub(crate) runs: usize,
    /// How the server is ended before the next start.
    #[arg(long, value_enum, ignore_case = true, default_value = "TERM")]
    pub(crate) signal: KillSignal,
    /// Where the store is made and removed again; by default the system's place for temporary
    /// files.
    #[arg(long)]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

impl StartArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.rooms == 0 || self.runs == 0 {
            bail!("--rooms and --runs begin at 1");
        }
        if self.messages > PREPARED_MAX || (self.messages as usize) < self.rooms {
            bail!("--messages is at most {PREPARED_MAX}, and every room needs one");
        }
        Ok(())
    }
}
