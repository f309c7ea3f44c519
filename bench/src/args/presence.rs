//! The options of the scenario in which many come online.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;
use rill_protocol::limits::PRESENCE_WATCH_MAX;

use super::run::RunArgs;

/// Of those who come, and look who else is there.
#[derive(Debug, Args)]
pub(crate) struct PresenceArgs {
    /// quic, webtransport or websocket.
    #[arg(long)]
    pub(crate) transport: TransportKind,
    /// WebSocket without TLS, on the server's port for its own machine.
    #[arg(long)]
    pub(crate) plain: bool,
    #[arg(long, default_value_t = 1_000)]
    pub(crate) users: usize,
    /// Of a room; each user is in one.
    #[arg(long, default_value_t = 500)]
    pub(crate) members: usize,
    /// Members of the room whom each user watches.
    #[arg(long, default_value_t = PRESENCE_WATCH_MAX)]
    pub(crate) watched: usize,
    /// In how many milliseconds everybody comes, one after the other.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) over_ms: u64,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl PresenceArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if [self.users, self.watched, self.workers].contains(&0) {
            bail!("--users, --watched and --workers begin at 1");
        }
        if self.plain && self.transport != TransportKind::WebSocket {
            bail!("--plain is for --transport websocket: QUIC always has TLS");
        }
        if self.watched > PRESENCE_WATCH_MAX {
            bail!("--watched is at most {PRESENCE_WATCH_MAX}");
        }
        if self.watched >= self.members || self.members == 0 || !self.users.is_multiple_of(self.members) {
            bail!("--members are more than --watched, and --users are so many rooms of them");
        }
        Ok(())
    }
}
