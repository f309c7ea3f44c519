//! The options of the scenario in which nothing happens.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;
use rill_protocol::limits::ROOMS_PER_USER_MAX;

use super::run::RunArgs;

/// Messages to single users behind the quiet.
pub(crate) const PROBES_MAX: usize = 1_000;

/// Of the connections that are just there.
#[derive(Debug, Args)]
pub(crate) struct IdleArgs {
    /// quic, webtransport or websocket.
    #[arg(long)]
    pub(crate) transport: TransportKind,
    /// WebSocket without TLS, on the server's port for its own machine.
    #[arg(long)]
    pub(crate) plain: bool,
    #[arg(long, default_value_t = 2_000)]
    pub(crate) connections: usize,
    /// Of which each user is a member.
    #[arg(long, default_value_t = 20)]
    pub(crate) rooms: usize,
    /// Of a room.
    #[arg(long, default_value_t = 100)]
    pub(crate) members: usize,
    /// How long nothing is said.
    #[arg(long, default_value_t = 10)]
    pub(crate) quiet_seconds: u64,
    /// Messages to one user each behind that, one after the other.
    #[arg(long, default_value_t = 100)]
    pub(crate) probes: usize,
    /// Connections that are made at the same time.
    #[arg(long, default_value_t = 64)]
    pub(crate) in_flight: usize,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl IdleArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if [self.connections, self.rooms, self.members, self.probes, self.in_flight, self.workers].contains(&0) {
            bail!("--connections, --rooms, --members, --probes, --in-flight and --workers begin at 1");
        }
        if self.plain && self.transport != TransportKind::WebSocket {
            bail!("--plain is for --transport websocket: QUIC always has TLS");
        }
        // A few are in one room more.
        if self.rooms >= ROOMS_PER_USER_MAX {
            bail!("--rooms is less than {ROOMS_PER_USER_MAX}");
        }
        // The one who speaks to every circle, and to single users, is in all these rooms.
        if self.connections.div_ceil(self.members) + self.apart() > ROOMS_PER_USER_MAX {
            bail!("--connections {} make too many circles of --members {}", self.connections, self.members);
        }
        if self.probes > PROBES_MAX {
            bail!("--probes is at most {PROBES_MAX}");
        }
        Ok(())
    }

    /// Users who are spoken to one by one.
    pub(crate) fn apart(&self) -> usize {
        self.probes.min(self.connections).min(100)
    }
}
