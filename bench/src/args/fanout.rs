//! The options of the scenario in which everybody reads one room.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;

use super::{SPREAD, run::RunArgs};
use crate::schedule::TEXT_BYTES_MIN;

/// Of the scenario in which everybody reads one room.
#[derive(Debug, Args)]
pub(crate) struct FanoutArgs {
    /// Only this transport; by default all three, one after the other.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    /// Sessions in the room, all of which read it.
    #[arg(long, default_value_t = 500)]
    pub(crate) members: usize,
    /// Posts that are always under way. Each is of another member, since a session has one
    /// unacked post in a room.
    #[arg(long, default_value_t = 64)]
    pub(crate) in_flight: usize,
    /// Posts of each run that count.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) posts: u32,
    /// Posts of each run before.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) warm_up_posts: u32,
    /// Length of a post's text.
    #[arg(long, default_value_t = 100)]
    pub(crate) text_bytes: usize,
    /// WebSocket without TLS, to the server's port for that.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Each run beside one of a bare broadcast with the same transport, frames and posts, which
    /// keeps nothing and knows no rules; WebTransport beside this server's raw QUIC.
    #[arg(long)]
    pub(crate) ceiling: bool,
    /// Runs beside one of the ceiling each; with --ceiling.
    #[arg(long, default_value_t = 5)]
    pub(crate) pairs: usize,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl FanoutArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.members == 0 || self.in_flight == 0 || self.posts == 0 || self.pairs == 0 || self.workers == 0 {
            bail!("--members, --in-flight, --posts, --pairs and --workers begin at 1");
        }
        if self.in_flight > self.members {
            bail!("--in-flight is at most --members: a session has one unacked post in a room");
        }
        if self.posts.checked_add(self.warm_up_posts).is_none() {
            bail!("--posts and --warm-up-posts together are at most {}", u32::MAX);
        }
        if !(TEXT_BYTES_MIN..=rill_protocol::limits::TEXT_BYTES_MAX).contains(&self.text_bytes) {
            bail!("--text-bytes is {TEXT_BYTES_MIN} to {}", rill_protocol::limits::TEXT_BYTES_MAX);
        }
        if self.plain && self.transport != Some(TransportKind::WebSocket) {
            bail!("--plain is for --transport websocket: the others have TLS in any case");
        }
        Ok(())
    }

    pub(crate) fn transports(&self) -> Vec<TransportKind> {
        self.transport.map_or_else(|| SPREAD.to_vec(), |one| vec![one])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: FanoutArgs,
    }

    fn check(line: &[&str]) -> Result<(), String> {
        let all = ["fanout"].iter().chain(line);
        let line = Line::try_parse_from(all).map_err(|error| error.to_string())?;
        line.args.check().map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&["--transport", "websocket", "--plain", "--ceiling"]), Ok(()));
        assert_eq!(check(&["--members", "64"]), Ok(()));
        for odd in [
            &["--members", "63"][..],
            &["--in-flight", "0"],
            &["--posts", "0"],
            &["--pairs", "0"],
            &["--text-bytes", "8"],
            &["--plain"],
            &["--plain", "--transport", "quic"],
            &["--posts", "4294967295"],
        ] {
            assert!(check(odd).is_err(), "{odd:?}");
        }
    }
}
