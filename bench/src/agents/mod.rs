//! The load generator as several processes on one machine, so that one generator is not the
//! limit: each has some of the users, all follow one schedule from one instant, and what they
//! counted becomes one.
//!
//! An agent is this program again, with orders on its stdin and reports on its stdout, a line of
//! JSON each; it ends with its stdin. Instants are told by the system's clock, which the
//! processes of a machine share. Whether something was lost is reckoned by the agent whose user
//! should have read it, from the acks of all agents.

mod agent;
mod crew;
mod wire;

use anyhow::ensure;
use clap::Args;

pub(crate) use crew::{Crew, CrewRound};

/// Of a scenario whose users may be in several processes.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct AgentsArgs {
    /// Processes of the load generator, with the users divided among them; each has so many
    /// --workers.
    #[arg(long, default_value_t = 1)]
    pub(crate) agents: usize,
}

/// More are more than a machine has cores.
const AGENTS_MAX: usize = 256;

impl AgentsArgs {
    /// Refuses what cannot be divided.
    pub(crate) fn check(self, users: usize) -> anyhow::Result<()> {
        ensure!((1..=AGENTS_MAX).contains(&self.agents), "--agents is 1 to {AGENTS_MAX}");
        ensure!(self.agents <= users, "--agents {} needs at least as many --users", self.agents);
        Ok(())
    }
}

/// Of one such process.
#[derive(Args, Debug)]
pub(crate) struct AgentArgs {
    #[arg(long)]
    pub(crate) workers: usize,
}

/// Follows orders until there are no more.
pub(crate) fn run(args: &AgentArgs) -> anyhow::Result<()> {
    crate::scenario::complete(args.workers, agent::serve())
}
