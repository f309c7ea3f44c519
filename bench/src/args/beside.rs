//! The options of the scenario that talks beside files.

use anyhow::bail;
use clap::{Args, ValueEnum};
use rill_client::{
    TransportKind,
    limits::{HASH_AHEAD_BYTES_MAX, TRANSFERS_AT_ONCE_MAX},
};
use std::path::PathBuf;

use super::{link::LinkArgs, run::RunArgs};

/// Where the files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    Up,
    Down,
    /// In turn: one up, one down.
    Both,
}

/// Of the scenario that talks beside files.
#[derive(Debug, Args)]
pub(crate) struct BesideArgs {
    #[arg(long, default_value = "quic")]
    pub(crate) transport: TransportKind,
    /// Files that travel at once, on the connection whose messages are measured.
    #[arg(long, default_value_t = 1)]
    pub(crate) transfers: usize,
    #[arg(long, value_enum, default_value = "both")]
    pub(crate) direction: Direction,
    /// What the files keep to, all of them together; 0 for as fast as they go.
    #[arg(long, default_value_t = 100)]
    pub(crate) held_mib_per_s: u64,
    /// One further download whose reader takes nothing.
    #[arg(long)]
    pub(crate) stalled_reader: bool,
    /// Messages a second, of both people together.
    #[arg(long, default_value_t = 100.0)]
    pub(crate) rate: f64,
    /// How long each of the three phases lasts: files alone, talk alone, both.
    #[arg(long, default_value_t = 15)]
    pub(crate) seconds: u64,
    /// Length of each file, of which there is always one more.
    #[arg(long, default_value_t = 256)]
    pub(crate) mib: u64,
    /// Where files and stores are made and removed again.
    #[arg(long)]
    pub(crate) directory: Option<PathBuf>,
    /// In the middle of the third phase everybody gets another address: their end of the --link, else a
    /// socket of their own.
    #[arg(long)]
    pub(crate) rebind: bool,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl BesideArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let all = self.transfers + usize::from(self.stalled_reader);
        if self.transfers == 0 || all > TRANSFERS_AT_ONCE_MAX {
            bail!("--transfers begins at 1, and with the stalled one there are at most {TRANSFERS_AT_ONCE_MAX}");
        }
        if self.seconds < 2 || self.workers == 0 {
            bail!("--seconds begins at 2, --workers at 1");
        }
        if self.rebind && self.seconds < 4 {
            bail!("--rebind needs 4 --seconds");
        }
        if self.mib << 20 <= HASH_AHEAD_BYTES_MAX {
            bail!(
                "--mib is above {}: of a shorter file the server is told the digest first, and bytes that it has do not travel",
                HASH_AHEAD_BYTES_MAX >> 20
            );
        }
        if !(self.rate > 0.0 && self.rate <= 1e5) {
            bail!("--rate is above 0 and at most a hundred thousand a second");
        }
        Ok(())
    }

    /// Whether transfer `number` goes up.
    pub(crate) fn goes_up(&self, number: usize) -> bool {
        match self.direction {
            Direction::Up => true,
            Direction::Down => false,
            Direction::Both => number.is_multiple_of(2),
        }
    }

    /// Whether anything comes down.
    pub(crate) fn has_downloads(&self) -> bool {
        self.stalled_reader || (0..self.transfers).any(|number| !self.goes_up(number))
    }

    pub(crate) fn parent(&self) -> PathBuf {
        self.directory.clone().unwrap_or_else(std::env::temp_dir)
    }
}
