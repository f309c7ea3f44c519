//! The options of the scenario that grows a room.

use anyhow::{Context, bail, ensure};
use clap::Args;
use rill_client::TransportKind;
use rill_protocol::limits::ROOM_MEMBERS_MAX;
use std::{fmt, str::FromStr};

use super::{accept::check_text, run::RunArgs};

/// See the module.
#[derive(Debug, Args)]
pub(crate) struct GrowthArgs {
    #[arg(long, default_value = "websocket")]
    pub(crate) transport: TransportKind,
    /// Deliveries a second in every shape, in all its rooms together.
    #[arg(long, default_value_t = 20_000.0)]
    pub(crate) deliveries_per_s: f64,
    /// Rooms and the members of each. The others are compared with the first.
    #[arg(long, value_name = "ROOMSxMEMBERS", value_delimiter = ',', default_value = "10x10,1x1000,1x10000")]
    pub(crate) shapes: Vec<Shape>,
    /// Who post, if so many are there; the others only read.
    #[arg(long, default_value_t = 100)]
    pub(crate) speakers: usize,
    /// How long messages count.
    #[arg(long, default_value_t = 20)]
    pub(crate) seconds: u64,
    #[arg(long, default_value_t = 3)]
    pub(crate) warm_up_seconds: u64,
    /// How often all shapes are run, in turn. The medians are compared.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Length of a message's text.
    #[arg(long, default_value_t = 100)]
    pub(crate) text_bytes: usize,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

/// Rooms, and the members of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) rooms: usize,
    pub(crate) members: usize,
}

impl FromStr for Shape {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rooms, members) = text.split_once('x').with_context(|| format!("{text} is no 10x100"))?;
        let shape = Self { rooms: rooms.parse()?, members: members.parse()? };
        ensure!(shape.rooms > 0 && shape.members > 0, "rooms and members begin at 1");
        ensure!(shape.members <= ROOM_MEMBERS_MAX, "a room has at most {ROOM_MEMBERS_MAX} members");
        ensure!(shape.rooms.checked_mul(shape.members).is_some_and(|users| users <= ROOM_MEMBERS_MAX), "so many users");
        Ok(shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.rooms, self.members)
    }
}

impl Shape {
    pub(crate) fn users(self) -> usize {
        self.rooms * self.members
    }

    /// Messages a second that make so many deliveries.
    pub(crate) fn rate(self, deliveries_per_s: f64) -> f64 {
        deliveries_per_s / self.members as f64
    }
}

impl GrowthArgs {
    /// Refuses what cannot be measured.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.speakers == 0 || self.seconds == 0 || self.rounds == 0 || self.workers == 0 {
            bail!("--speakers, --seconds, --rounds and --workers begin at 1");
        }
        if self.shapes.len() < 2 {
            bail!("--shapes are at least two: the others are compared with the first");
        }
        let odd = |rate: f64| !(rate > 0.0 && rate <= 1e6);
        if self.shapes.iter().any(|shape| odd(shape.rate(self.deliveries_per_s))) {
            bail!("--deliveries-per-s is above 0 and makes at most a million messages a second");
        }
        if self.shapes.iter().any(|shape| self.speakers < shape.rooms) {
            bail!("--speakers are at least as many as the rooms of any shape: nobody would speak in some");
        }
        check_text(self.text_bytes)
    }

    pub(crate) fn most_users(&self) -> usize {
        self.shapes.iter().map(|shape| shape.users()).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: GrowthArgs,
    }

    #[test]
    fn every_shape_has_as_many_deliveries() {
        let args = Line::parse_from(["x"]).args;
        assert!(args.check().is_ok());
        let rates: Vec<f64> = args.shapes.iter().map(|shape| shape.rate(args.deliveries_per_s)).collect();
        assert_eq!((rates, args.most_users()), (vec![2_000.0, 20.0, 2.0], 10_000));
        let check = |line: &[&str]| {
            let line = Line::try_parse_from([&["x"], line].concat()).map_err(|error| error.to_string())?;
            line.args.check().map_err(|error| error.to_string())
        };
        for odd in [
            &["--shapes", "10x10"][..],
            &["--shapes", "10,20"],
            &["--shapes", "0x10,1x10"],
            &["--shapes", "1x10,1x1000000"],
            &["--deliveries-per-s", "0"],
            &["--speakers", "9"],
        ] {
            assert!(check(odd).is_err(), "{odd:?}");
        }
    }
}
