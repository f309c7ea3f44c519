//! The options of the scenario that measures files.

use anyhow::bail;
use clap::Args;
use rill_client::{TransportKind, limits::TRANSFERS_AT_ONCE_MAX};
use std::path::PathBuf;

use super::{SPREAD, run::RunArgs};

/// Of the scenario that measures files.
#[derive(Debug, Args)]
pub(crate) struct FilesArgs {
    /// Only this transport; by default all three, one after the other.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    /// Bytes of all files of a run together.
    #[arg(long, default_value_t = 1_024)]
    pub(crate) mib: u64,
    /// Files that travel at once on one connection, and share the bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) transfers: usize,
    /// Runs of the server, each beside one of the ceiling.
    #[arg(long, default_value_t = 5)]
    pub(crate) pairs: usize,
    /// Where files and stores are made and removed again; by default the system's place for
    /// temporary files. It must be on a disk for the figures to mean anything.
    #[arg(long)]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the client.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl FilesArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.pairs == 0 || self.workers == 0 || self.mib < self.transfers as u64 {
            bail!("--pairs and --workers begin at 1, and each of the --transfers needs a MiB");
        }
        if self.transfers == 0 || self.transfers > TRANSFERS_AT_ONCE_MAX {
            bail!("--transfers is 1 to {TRANSFERS_AT_ONCE_MAX}: a connection has no more streams");
        }
        Ok(())
    }

    pub(crate) fn transports(&self) -> Vec<TransportKind> {
        self.transport.map_or_else(|| SPREAD.to_vec(), |one| vec![one])
    }

    /// Length of each file.
    pub(crate) fn file_bytes(&self) -> u64 {
        (self.mib << 20) / self.transfers as u64
    }

    pub(crate) fn parent(&self) -> PathBuf {
        self.directory.clone().unwrap_or_else(std::env::temp_dir)
    }
}
