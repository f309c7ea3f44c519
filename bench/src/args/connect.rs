//! The options of the scenario that makes connections.

use anyhow::{Context, bail};
use clap::Args;
use rill_client::TransportKind;

use super::{SPREAD, chaos::KillSignal, run::RunArgs};

/// Of the connections that are made, again and again or all at once.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// quic, webtransport or websocket; in a storm all three by default.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    /// WebSocket without TLS, on the server's port for its own machine. Not in a storm.
    #[arg(long, conflicts_with = "storm")]
    pub(crate) plain: bool,
    /// New connections that are under way at any time, each of a user of its own.
    #[arg(long, default_value_t = 32)]
    pub(crate) in_flight: usize,
    /// How long they count.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// How long they are made before.
    #[arg(long, default_value_t = 2)]
    pub(crate) warm_up_seconds: u64,
    /// Instead: the server is killed and started again under many clients, all of which come
    /// back and go on where they were.
    #[arg(long)]
    pub(crate) storm: bool,
    /// Of the storm.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) clients: usize,
    /// Of the storm; each client is in one.
    #[arg(long, default_value_t = 50)]
    pub(crate) rooms: usize,
    /// Clients of the storm that post too, in every room as many.
    #[arg(long, default_value_t = 150)]
    pub(crate) speakers: usize,
    /// Messages a second of all of them together, also while there is no server.
    #[arg(long, default_value_t = 50.0)]
    pub(crate) rate: f64,
    /// How the server of the storm is ended.
    #[arg(long, value_enum, ignore_case = true, default_value = "KILL")]
    pub(crate) signal: KillSignal,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the clients.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl ConnectArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.seconds == 0 || self.in_flight == 0 || self.workers == 0 {
            bail!("--seconds, --in-flight and --workers begin at 1");
        }
        if self.plain && self.transport != Some(TransportKind::WebSocket) {
            bail!("--plain is for --transport websocket: QUIC always has TLS");
        }
        if !self.storm {
            return self.one_transport().map(drop);
        }
        if self.rooms == 0 || self.speakers < self.rooms || self.speakers > self.clients {
            bail!("--rooms begins at 1, somebody speaks in every room, and --speakers are some of --clients");
        }
        if !(self.rate > 0.0 && self.rate <= 1e5) {
            bail!("--rate is above 0 and at most 100000 a second");
        }
        Ok(())
    }

    /// Handshakes of different transports have no rate together.
    pub(crate) fn one_transport(&self) -> anyhow::Result<TransportKind> {
        self.transport.context("--transport is quic, webtransport or websocket")
    }

    /// Of a client of the storm: each in turn in every room.
    pub(crate) fn transport_of(&self, client: usize) -> TransportKind {
        self.transport.unwrap_or(SPREAD[(client / self.rooms) % SPREAD.len()])
    }
}
