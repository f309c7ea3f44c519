//! The options of the product's two acceptance lists. Their defaults are what was promised;
//! smaller ones are for trying them out.

use anyhow::bail;
use clap::Args;
use rill_client::TransportKind;

use super::{SPREAD, link::LinkArgs, run::RunArgs};

/// Of the team.
#[derive(Debug, Args)]
pub(crate) struct TeamArgs {
    /// One transport for everybody; by default they are spread over all three.
    #[arg(long)]
    pub(crate) transport: Option<TransportKind>,
    /// Who post at the same instant, all in one room.
    #[arg(long, default_value_t = 50)]
    pub(crate) users: usize,
    /// How often they do.
    #[arg(long, default_value_t = 20)]
    pub(crate) rounds: u32,
    /// From one instant to the next.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) interval_ms: u64,
    /// Length of a message's text.
    #[arg(long, default_value_t = 100)]
    pub(crate) text_bytes: usize,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl TeamArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.users == 0 || self.rounds == 0 || self.interval_ms == 0 || self.workers == 0 {
            bail!("--users, --rounds, --interval-ms and --workers begin at 1");
        }
        check_text(self.text_bytes)
    }

    /// Of a user.
    pub(crate) fn transport_of(&self, user: usize) -> TransportKind {
        self.transport.unwrap_or(SPREAD[user % SPREAD.len()])
    }
}

/// Of the enterprise.
#[derive(Debug, Args)]
pub(crate) struct EnterpriseArgs {
    #[arg(long, default_value = "websocket")]
    pub(crate) transport: TransportKind,
    #[arg(long, default_value_t = 500)]
    pub(crate) users: usize,
    /// Users that post; the others read.
    #[arg(long, default_value_t = 100)]
    pub(crate) speakers: usize,
    #[arg(long, default_value_t = 10)]
    pub(crate) rooms: usize,
    /// Messages a second, of all speakers together.
    #[arg(long, default_value_t = 110.0)]
    pub(crate) rate: f64,
    /// Users of the run that this one is compared with: as many in each room, and as many
    /// messages.
    #[arg(long, default_value_t = 50)]
    pub(crate) few: usize,
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// How long the run with few lasts.
    #[arg(long, default_value_t = 20)]
    pub(crate) few_seconds: u64,
    /// What files keep to, up and down together.
    #[arg(long, default_value_t = 2)]
    pub(crate) files_mib_per_s: u64,
    /// Length of a message's text.
    #[arg(long, default_value_t = 100)]
    pub(crate) text_bytes: usize,
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

/// People who read, post, or carry files in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Crowd {
    pub(crate) users: usize,
    pub(crate) speakers: usize,
    pub(crate) rooms: usize,
    pub(crate) seconds: u64,
}

impl EnterpriseArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.speakers == 0 || self.rooms == 0 || self.workers == 0 || self.files_mib_per_s == 0 {
            bail!("--speakers, --rooms, --workers and --files-mib-per-s begin at 1");
        }
        if self.seconds == 0 || self.few_seconds == 0 {
            bail!("--seconds and --few-seconds begin at 1");
        }
        if self.few < 3 || self.few > self.users {
            bail!("--few is 3 to --users");
        }
        if self.speakers + 2 > self.users || self.rooms > self.users {
            bail!("two of the --users carry files and do not speak, and every room needs a user");
        }
        if !(self.rate > 0.0 && self.rate <= 1e6) {
            bail!("--rate is above 0 and at most a million a second");
        }
        check_text(self.text_bytes)
    }

    pub(crate) fn all(&self) -> Crowd {
        Crowd { users: self.users, speakers: self.speakers, rooms: self.rooms, seconds: self.seconds }
    }

    /// As many in a room and as many of them speakers as where all are there.
    pub(crate) fn few(&self) -> Crowd {
        let part = |of: usize| (of * self.few / self.users).max(1);
        let speakers = part(self.speakers).min(self.few - 2);
        Crowd { users: self.few, speakers, rooms: part(self.rooms), seconds: self.few_seconds }
    }
}

pub(super) fn check_text(bytes: usize) -> anyhow::Result<()> {
    let (least, most) = (crate::schedule::TEXT_BYTES_MIN, rill_protocol::limits::TEXT_BYTES_MAX);
    if !(least..=most).contains(&bytes) {
        bail!("--text-bytes is {least} to {most}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: EnterpriseArgs,
    }

    #[test]
    fn few_are_as_many_in_a_room_as_all() {
        let check = |line: &[&str]| Line::parse_from([&["x"], line].concat()).args;
        let args = check(&[]);
        assert!(args.check().is_ok());
        assert_eq!(args.few(), Crowd { users: 50, speakers: 10, rooms: 1, seconds: 20 });
        let small = check(&["--users", "12", "--speakers", "4", "--rooms", "2", "--few", "6"]);
        assert_eq!(small.few(), Crowd { users: 6, speakers: 2, rooms: 1, seconds: 20 });
        for odd in [&["--few", "2"][..], &["--users", "101"], &["--rate", "0"], &["--few", "501"]] {
            assert!(check(odd).check().is_err(), "{odd:?}");
        }
    }
}
