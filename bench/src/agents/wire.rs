//! What the processes of a load generator tell one another.

use anyhow::Context;
use hdrhistogram::Histogram;
use rill_protocol::RoomId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    io::{BufRead, BufReader, Read, Write},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    load::Counts,
    talk::Plan,
    tally::{Set, Totals},
    target::{Rights, Way},
};

#[derive(Deserialize, Serialize)]
pub(super) enum Order {
    /// Connect these users, and look at their rooms.
    Gather(Gather),
    /// Say what is planned, from this instant on.
    Begin(Plan, Moment),
    /// Everything was said and read, or is not waited for any longer.
    Stop,
    /// These messages were acked, to whomever.
    Reckon(Set),
    Leave,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Gather {
    pub(super) way: Way,
    /// Each with number and transport.
    pub(super) users: Vec<(usize, String, Rights)>,
    /// All of them, by number.
    pub(super) rooms: Vec<RoomId>,
}

#[derive(Deserialize, Serialize)]
pub(super) enum Report {
    Gathered,
    Beat(Beat),
    /// To this agent's users.
    Acked(Set),
    Totals(Box<Totals>),
    /// The agent ends.
    Failed(String),
}

/// How far an agent is.
#[derive(Deserialize, Serialize)]
pub(super) struct Beat {
    pub(super) counts: Counts,
    pub(super) errors: u64,
    pub(super) connections: u64,
    /// Of what was read since the last one.
    #[serde(with = "crate::histogram_text")]
    pub(super) latency: Histogram<u32>,
}

/// An instant by the system's clock, since 1970.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Moment(Duration);

impl Moment {
    pub(super) fn of(instant: Instant) -> anyhow::Result<Self> {
        let ahead = instant.saturating_duration_since(Instant::now());
        Ok(Self(SystemTime::now().duration_since(UNIX_EPOCH)? + ahead))
    }

    pub(super) fn instant(self) -> anyhow::Result<Instant> {
        let (now, since) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH)?);
        // Whoever hears of it late is late with what is due, as anybody else.
        let instant = match self.0.checked_sub(since) {
            Some(ahead) => now.checked_add(ahead),
            None => now.checked_sub(since.saturating_sub(self.0)),
        };
        instant.context("agent_clock: the common start is no instant of this machine")
    }
}

pub(super) fn say(to: &mut impl Write, message: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    Ok(to.flush()?)
}

/// What is said, line by line.
pub(super) fn heard<M: DeserializeOwned>(from: impl Read) -> impl Iterator<Item = anyhow::Result<M>> {
    BufReader::new(from).lines().map(|line| Ok(serde_json::from_str(&line?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_the_same_when_it_was_told() {
        let start = Instant::now() + Duration::from_secs(600);
        let told = Moment::of(start).unwrap();
        let mut line = Vec::new();
        say(&mut line, &told).unwrap();
        let heard: Vec<Moment> = heard(line.as_slice()).collect::<anyhow::Result<_>>().unwrap();
        let [moment] = heard[..] else { panic!("{heard:?}") };
        let instant = moment.instant().unwrap();
        let apart = instant.max(start) - instant.min(start);
        assert!(apart < Duration::from_secs(60), "{apart:?}");
        let late = Moment(UNIX_EPOCH.elapsed().unwrap() - Duration::from_millis(5)).instant().unwrap();
        assert!(late < Instant::now());
    }
}
