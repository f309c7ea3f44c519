//! The options of the scenario in which somebody with many rooms logs in.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;
use rill_protocol::limits::{BATCH_POSTS_MAX, ROOMS_PER_USER_MAX};

use super::run::RunArgs;

/// Of the one who comes.
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// quic, webtransport or websocket.
    #[arg(long)]
    pub(crate) transport: TransportKind,
    /// WebSocket without TLS, on the server's port for its own machine.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Of the user.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) rooms: usize,
    /// Messages in every room since the user was there last.
    #[arg(long, default_value_t = 3)]
    pub(crate) posts: usize,
    /// Entries of each room that a device asks for on which nothing is kept, as the page does.
    #[arg(long, default_value_t = 10)]
    pub(crate) tail: u32,
    /// How often the user comes back, and as often on a new device.
    #[arg(long, default_value_t = 10)]
    pub(crate) rounds: usize,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 1)]
    pub(crate) workers: usize,
}

impl LoginArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if [self.rooms, self.posts, self.rounds, self.workers, self.tail as usize].contains(&0) {
            bail!("--rooms, --posts, --tail, --rounds and --workers begin at 1");
        }
        if self.plain && self.transport != TransportKind::WebSocket {
            bail!("--plain is for --transport websocket: QUIC always has TLS");
        }
        if self.rooms > ROOMS_PER_USER_MAX || self.posts > BATCH_POSTS_MAX {
            bail!("--rooms is at most {ROOMS_PER_USER_MAX}, --posts at most {BATCH_POSTS_MAX}");
        }
        Ok(())
    }
}
