//! What happens to nodes and to Redis while people talk.

use anyhow::Context;
use clap::ValueEnum;
use rill_redis_process::{Fsync, Options, Replicated, Server};
use rustix::process::Signal;
use std::{net::SocketAddr, time::Duration};
use tokio::time::sleep;

use super::wire::Wire;
use crate::target::Nodes;

/// How long Redis stands still, and how long a node is cut off from it.
const AWAY: Duration = Duration::from_secs(5);
/// From the end of a node to its next start, and from that to the next node's turn.
const BETWEEN: Duration = Duration::from_millis(1_500);

/// One of them for each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hardship {
    /// Nothing happens.
    None,
    /// A node is killed and stays away.
    NodeKilled,
    /// Redis ends in order and comes back.
    RedisRestarted,
    /// Redis stands still for 5 s, its connections stay open.
    RedisPaused,
    /// The connections of one node to Redis are cut and refused for 5 s.
    NodeCutOff,
    /// The primary is killed, its replica takes its place at the same address.
    FailOver,
    /// Every node is asked to end and started again, one after the other.
    RollingRestart,
}

impl Hardship {
    pub(crate) const ALL: [Self; 7] = [
        Self::None,
        Self::NodeKilled,
        Self::RedisRestarted,
        Self::RedisPaused,
        Self::NodeCutOff,
        Self::FailOver,
        Self::RollingRestart,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::NodeKilled => "node_killed",
            Self::RedisRestarted => "redis_restarted",
            Self::RedisPaused => "redis_paused",
            Self::NodeCutOff => "node_cut_off",
            Self::FailOver => "fail_over",
            Self::RollingRestart => "rolling_restart",
        }
    }
}

enum Redis {
    One(Box<Server>),
    Two(Box<Replicated>),
}

impl Redis {
    fn primary(&mut self) -> &mut Server {
        match self {
            Self::One(server) => server,
            Self::Two(replicated) => &mut replicated.primary,
        }
    }
}

/// The Redis of a run, and the wires of the nodes to it.
pub(crate) struct Shared {
    redis: Redis,
    wires: Vec<Wire>,
}

impl Shared {
    /// With a wire for each node, where something is to happen to them.
    pub(crate) async fn start(hardship: Hardship, fsync: Fsync, nodes: usize) -> anyhow::Result<Self> {
        let options = Options { append_only: Some(fsync), ..Options::default() };
        let mut redis = match hardship {
            Hardship::FailOver => Redis::Two(Box::new(Replicated::start(&options)?)),
            _ => Redis::One(Box::new(Server::start(&options)?)),
        };
        let is_wired = matches!(hardship, Hardship::FailOver | Hardship::NodeCutOff);
        let mut wires = Vec::new();
        for _ in 0..if is_wired { nodes } else { 0 } {
            wires.push(Wire::to(redis.primary().address()).await?);
        }
        Ok(Self { redis, wires })
    }

    /// Where its data can be written before.
    pub(crate) fn url(&mut self) -> String {
        self.redis.primary().url()
    }

    /// By which ways so many nodes reach it.
    pub(crate) fn ways(&mut self, nodes: usize) -> Vec<String> {
        match self.wires.is_empty() {
            true => vec![self.url(); nodes],
            false => self.wires.iter().map(Wire::url).collect(),
        }
    }

    /// What nodes are set to besides.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        match self.redis {
            Redis::One(_) => Vec::new(),
            // What was acknowledged is at the replica.
            Redis::Two(_) => vec![("RILL_REDIS_WAIT_REPLICAS", "1".to_owned())],
        }
    }

    /// Makes it happen, and returns when it is over.
    pub(crate) async fn happen(&mut self, hardship: Hardship, nodes: &mut Nodes) -> anyhow::Result<()> {
        match hardship {
            Hardship::None => {}
            Hardship::NodeKilled => nodes.end(0, Signal::KILL).await?,
            // Blocks for as long as it takes, which holds up nobody: the crowd has its own threads.
            Hardship::RedisRestarted => self.redis.primary().restart()?,
            Hardship::RedisPaused => {
                self.redis.primary().pause()?;
                sleep(AWAY).await;
                self.redis.primary().resume()?;
            }
            Hardship::NodeCutOff => {
                let (server, wire) = (self.redis.primary().address(), self.wires.first().context("a wire")?);
                wire.cut();
                sleep(AWAY).await;
                wire.mend(server);
            }
            Hardship::FailOver => {
                let Redis::Two(replicated) = &mut self.redis else { anyhow::bail!("there is no replica") };
                replicated.fail_over()?;
                let server: SocketAddr = replicated.primary.address();
                // Nobody else follows the new primary now: the old one does, with what it has.
                replicated.replica.restart()?;
                replicated.replica.replicate(&replicated.primary)?;
                for wire in &self.wires {
                    wire.cut();
                    wire.mend(server);
                }
            }
            Hardship::RollingRestart => {
                for node in 0..nodes.len() {
                    nodes.end(node, Signal::TERM).await?;
                    nodes.start_again(node).await?;
                    sleep(BETWEEN).await;
                }
            }
        }
        Ok(())
    }
}
