//! The options of the scenario that only posts.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;
use rill_storage::EngineKind;

use super::{cluster::AppendFsync, link::LinkArgs, run::RunArgs};

/// Of the scenario that only posts.
#[derive(Debug, Args)]
pub(crate) struct AppendArgs {
    #[arg(long, default_value = "quic")]
    pub(crate) transport: TransportKind,
    /// Posts that are under way: always so many, or with --rate at most so many.
    #[arg(long, default_value_t = 256)]
    pub(crate) in_flight: usize,
    /// Posts a second, due at fixed moments whatever the server does. Without it the next
    /// post follows an ack at once.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Sessions that share the posts. With many posts each, acks travel together.
    #[arg(long, default_value_t = 16)]
    pub(crate) sessions: usize,
    /// How long acks count.
    #[arg(long, default_value_t = 15)]
    pub(crate) seconds: u64,
    /// How long the load runs before.
    #[arg(long, default_value_t = 3)]
    pub(crate) warm_up_seconds: u64,
    /// Length of a post's text.
    #[arg(long, default_value_t = 100)]
    pub(crate) text_bytes: usize,
    /// The store's engine, sled or fjall; by default the server's default.
    #[arg(long)]
    pub(crate) engine: Option<EngineKind>,
    /// Instead of an engine a Redis, started for it, with this appendfsync.
    #[arg(long, value_enum, conflicts_with = "engine")]
    pub(crate) redis: Option<AppendFsync>,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 1)]
    pub(crate) workers: usize,
}

impl AppendArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.redis.is_some() && self.link.link.is_some() {
            bail!("--link leads to a server that has its store beside it: not with --redis");
        }
        if self.in_flight == 0 || self.sessions == 0 || self.seconds == 0 || self.workers == 0 {
            bail!("--in-flight, --sessions, --seconds and --workers begin at 1");
        }
        if self.in_flight < self.sessions {
            bail!("--in-flight is at least --sessions");
        }
        let each_max = rill_client::limits::REQUESTS_IN_FLIGHT_MAX;
        if self.in_flight > self.sessions * each_max {
            bail!("a session has at most {each_max} requests under way: more --sessions");
        }
        if self.rate.is_some_and(|rate| !(rate > 0.0 && rate <= 1e6)) {
            bail!("--rate is above 0 and at most a million a second");
        }
        if !(1..=rill_protocol::limits::TEXT_BYTES_MAX).contains(&self.text_bytes) {
            bail!("--text-bytes is 1 to {}", rill_protocol::limits::TEXT_BYTES_MAX);
        }
        Ok(())
    }
}
