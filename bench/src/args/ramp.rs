//! The options of the scenario that looks for the highest rate.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;
use std::time::Duration;

use super::{SPREAD, ServerArgs, accept::check_text, link::LinkArgs, output::OutputArgs};
use crate::{agents::AgentsArgs, publish};

/// See the module.
#[derive(Debug, Args)]
pub(crate) struct RampArgs {
    /// One transport; by default all three, each with a server of its own.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    /// What p99 must stay under at a rate that is held.
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = publish::duration)]
    pub(crate) p99_under: Duration,
    #[arg(long, default_value_t = 50)]
    pub(crate) users: usize,
    #[arg(long, default_value_t = 1)]
    pub(crate) rooms: usize,
    /// Messages a second of the first step, of all users together. Each further one has twice as
    /// many until a rate is not held, or half as many until one is.
    #[arg(long, default_value_t = 100.0)]
    pub(crate) from: f64,
    /// No step has more.
    #[arg(long, default_value_t = 100_000.0)]
    pub(crate) to: f64,
    /// The search ends when the lowest rate that was not held is above the highest that was by at
    /// most so many percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub(crate) within: f64,
    /// How long messages of a step count.
    #[arg(long, default_value_t = 8)]
    pub(crate) seconds: u64,
    /// How long each step's load runs before they do.
    #[arg(long, default_value_t = 2)]
    pub(crate) warm_up_seconds: u64,
    /// How long the last deliveries of a step may take.
    #[arg(long, default_value_t = 30)]
    pub(crate) drain_seconds: u64,
    /// Length of a message's text.
    #[arg(long, default_value_t = 100)]
    pub(crate) text_bytes: usize,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
    #[command(flatten)]
    pub(crate) agents: AgentsArgs,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

impl RampArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.users == 0 || self.rooms == 0 || self.seconds == 0 || self.workers == 0 {
            bail!("--users, --rooms, --seconds and --workers begin at 1");
        }
        if self.rooms > self.users {
            bail!("--rooms {} needs at least as many --users: nobody would be in some", self.rooms);
        }
        if !(self.from >= 1.0 && self.from <= self.to && self.to <= 1e6) {
            bail!("--from is at least 1 and at most --to, which is at most a million a second");
        }
        if !(self.within >= 1.0 && self.within <= 100.0) {
            bail!("--within is 1 to 100 percent");
        }
        if self.p99_under.is_zero() {
            bail!("--p99-under is above 0");
        }
        if self.link.link.is_some() && self.server.target.is_some() {
            bail!("--link leads to a server that is started here, not to a --target");
        }
        self.agents.check(self.users)?;
        check_text(self.text_bytes)
    }

    pub(crate) fn transports(&self) -> Vec<TransportKind> {
        self.transport.map_or_else(|| SPREAD.to_vec(), |transport| vec![transport])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RampArgs,
    }

    #[test]
    fn what_cannot_be_looked_for_is_refused() {
        let check = |line: &[&str]| {
            let line = Line::try_parse_from([&["x"], line].concat()).map_err(|error| error.to_string())?;
            line.args.check().map_err(|error| error.to_string())
        };
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&["--p99-under", "0.5s", "--from", "1", "--to", "1"]), Ok(()));
        for odd in [
            &["--p99-under", "50"][..],
            &["--p99-under", "50MiB"],
            &["--p99-under", "0ms"],
            &["--from", "0"],
            &["--from", "NaN"],
            &["--from", "10", "--to", "5"],
            &["--within", "0"],
            &["--rooms", "51"],
        ] {
            assert!(check(odd).is_err(), "{odd:?}");
        }
    }
}
