//! The options of the scenario that goes through lossy links.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;
use std::path::PathBuf;

use super::{SPREAD, run::RunArgs};
use crate::link::LinkSpec;

/// Of the scenario that goes through lossy links.
#[derive(Debug, Args)]
pub(crate) struct ImpairedArgs {
    /// One transport; by default all three, one after the other.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    /// Shares of lost packets, in per cent.
    #[arg(long, value_delimiter = ',', default_values_t = [0.0, 1.0, 2.0, 5.0])]
    pub(crate) losses: Vec<f64>,
    /// The link in every other respect, as of --link.
    #[arg(long, default_value = "rtt=50ms,rate=20mbit,queue=50ms,seed=1")]
    pub(crate) over: LinkSpec,
    /// Messages a second.
    #[arg(long, default_value_t = 10.0)]
    pub(crate) rate: f64,
    /// How long each measurement lasts.
    #[arg(long, default_value_t = 30)]
    pub(crate) seconds: u64,
    /// How often a client falls back.
    #[arg(long, default_value_t = 5)]
    pub(crate) falls: u32,
    /// Length of each file that goes up beside the talk.
    #[arg(long, default_value_t = 256)]
    pub(crate) mib: u64,
    /// Where files and stores are made and removed again.
    #[arg(long)]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

impl ImpairedArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.losses.is_empty() || self.losses.iter().any(|loss| !(0.0..100.0).contains(loss)) {
            bail!("--losses are from 0 to below 100 per cent");
        }
        if self.seconds < 4 || self.falls == 0 {
            bail!("--seconds begins at 4, --falls at 1");
        }
        if !(self.rate > 0.0 && self.rate <= 1e4) {
            bail!("--rate is above 0 and at most ten thousand a second");
        }
        Ok(())
    }

    pub(crate) fn transports(&self) -> Vec<TransportKind> {
        self.transport.map_or_else(|| SPREAD.to_vec(), |transport| vec![transport])
    }

    /// The link that loses so many per cent.
    pub(crate) fn link(&self, loss: f64) -> LinkSpec {
        LinkSpec { loss: loss / 100.0, ..self.over.clone() }
    }
}

/// Of the scenario in which UDP is dropped.
#[derive(Debug, Args)]
pub(crate) struct FallbackArgs {
    /// The transport that is tried first.
    #[arg(long, default_value = "quic")]
    pub(crate) transport: TransportKind,
    /// The link, of which UDP is dropped.
    #[arg(long, default_value = "rtt=50ms")]
    pub(crate) link: LinkSpec,
    /// How often.
    #[arg(long, default_value_t = 5)]
    pub(crate) times: u32,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

impl FallbackArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.times == 0 {
            bail!("--times begins at 1");
        }
        if self.transport == TransportKind::WebSocket {
            bail!("--transport is one over UDP: a WebSocket has nothing to fall back to");
        }
        Ok(())
    }
}
