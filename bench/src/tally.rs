//! What one user saw, checked as it comes, and what all of it adds up to.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

use crate::{schedule::Schedule, timing::Timing};

/// Latencies from a microsecond to ten minutes, to three digits. All have the same bounds, so
/// that any can be added to any other.
pub(crate) fn latencies() -> anyhow::Result<Histogram<u32>> {
    Ok(Histogram::new_with_bounds(1, 600_000_000, 3)?)
}

/// One bit a message.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Set(Vec<u64>);

impl Set {
    fn new(total: u32) -> Self {
        Self(vec![0; (total as usize).div_ceil(64)])
    }

    /// Whether it was not in yet.
    fn insert(&mut self, message: u32) -> bool {
        let (word, bit) = (message as usize / 64, 1u64 << (message % 64));
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    fn contains(&self, message: u32) -> bool {
        self.0[message as usize / 64] & (1 << (message % 64)) != 0
    }

    /// What is in either.
    pub(crate) fn unite(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }
}

/// The counted messages that were acked to these users.
pub(crate) fn acked(schedule: &Schedule, tallies: &[Tally]) -> Set {
    let mut acked = Set::new(schedule.total);
    let all = tallies.iter().flat_map(|tally| &tally.acked).filter(|message| schedule.is_counted(**message));
    for message in all {
        acked.insert(*message);
    }
    acked
}

/// What one user saw.
#[derive(Debug)]
pub(crate) struct Tally {
    user: usize,
    seen: Set,
    acked: Vec<u32>,
    /// The last seq of the room, and the last message of each author.
    last_seq: u64,
    last_of: Vec<Option<u32>>,
    last_delivery: Option<Instant>,
    /// Of each phase, the longest time without a delivery; only where there are several.
    gaps: Vec<Duration>,
    delivered: u64,
    duplicated: u64,
    reordered: u64,
    /// How often this user came online.
    pub(crate) connected: u64,
    /// Posts that the server refused for good.
    pub(crate) refused: u64,
    /// Messages handed to the client.
    pub(crate) sent: u64,
    /// How often the tail had to begin anew: what lies before was missed.
    pub(crate) skipped: u64,
}

impl Tally {
    pub(crate) fn new(user: usize, schedule: &Schedule) -> Self {
        Self {
            user,
            seen: Set::new(schedule.total),
            acked: Vec::new(),
            last_seq: 0,
            last_of: vec![None; schedule.speakers()],
            last_delivery: None,
            gaps: if schedule.phases() > 1 { vec![Duration::ZERO; schedule.phases()] } else { Vec::new() },
            connected: 0,
            delivered: 0,
            duplicated: 0,
            reordered: 0,
            refused: 0,
            sent: 0,
            skipped: 0,
        }
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> usize {
        self.user
    }

    /// A message was read. Returns how long it took, in microseconds, if it counts as a delivery.
    pub(crate) fn delivery(&mut self, schedule: &Schedule, message: u32, seq: u64, now: Instant) -> Option<u64> {
        let author = schedule.author(message);
        let counted = schedule.is_counted(message);
        if !self.seen.insert(message) {
            self.duplicated += u64::from(counted);
            return None;
        }
        // In the room's order, and each author's in the order in which they were said.
        let in_order = seq > self.last_seq && self.last_of[author].is_none_or(|last| last < message);
        self.last_seq = self.last_seq.max(seq);
        self.last_of[author] = self.last_of[author].max(Some(message));
        if !counted {
            return None;
        }
        self.reordered += u64::from(!in_order);
        self.delivered += 1;
        self.note_gap(schedule, now);
        self.last_delivery = Some(now);
        Some(u64::try_from(now.saturating_duration_since(schedule.due(message)).as_micros()).unwrap_or(u64::MAX))
    }

    /// A gap counts in the phase in which it ends, and in those that it covers; where it began there
    /// was a delivery.
    fn note_gap(&mut self, schedule: &Schedule, now: Instant) {
        let Some(last) = self.last_delivery.filter(|_| !self.gaps.is_empty()) else { return };
        let (gap, ends) = (now.saturating_duration_since(last), schedule.phase_at(now));
        let begins = (schedule.phase_at(last) + 1).min(ends);
        self.gaps[begins..=ends].iter_mut().for_each(|longest| *longest = gap.max(*longest));
    }

    /// A message of this user is on the server's disk.
    pub(crate) fn ack(&mut self, message: u32) {
        self.acked.push(message);
    }
}

/// Everything that happened.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Totals {
    /// Messages that were to be sent.
    pub(crate) due: u64,
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    pub(crate) expected: u64,
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) reordered: u64,
    pub(crate) refused: u64,
    pub(crate) skipped: u64,
    /// Connections that were made anew.
    pub(crate) reconnects: u64,
    /// Of each user, the longest time without a delivery in each phase; only where there are several.
    pub(crate) gaps: Vec<Vec<Duration>>,
    /// Of each phase.
    #[serde(with = "crate::histogram_text::several")]
    pub(crate) latency: Vec<Histogram<u32>>,
    /// See [`Timing::lag`].
    #[serde(with = "crate::histogram_text")]
    pub(crate) lag: Histogram<u32>,
    /// From the first counted message to the last counted delivery.
    pub(crate) span: Duration,
}

impl Totals {
    pub(crate) fn of(schedule: &Schedule, tallies: &[Tally], timing: &Timing) -> anyhow::Result<Self> {
        Self::knowing(&acked(schedule, tallies), schedule, tallies, timing)
    }

    /// Of these users, where messages of others too were acked.
    pub(crate) fn knowing(
        all_acked: &Set,
        schedule: &Schedule,
        tallies: &[Tally],
        timing: &Timing,
    ) -> anyhow::Result<Self> {
        let mut acked = vec![Vec::new(); schedule.rooms];
        for message in (schedule.counted_from..schedule.total).filter(|message| all_acked.contains(*message)) {
            acked[schedule.room(schedule.author(message))].push(message);
        }
        let mut lost = 0;
        for tally in tallies {
            let missing = |message: &&u32| !tally.seen.contains(**message);
            lost += acked[schedule.room(tally.user)].iter().filter(missing).count() as u64;
        }
        let of_room = |(room, acked): (usize, &Vec<u32>)| acked.len() as u64 * schedule.members(room);
        let sum = |part: fn(&Tally) -> u64| tallies.iter().map(part).sum();
        let last = tallies.iter().filter_map(|tally| tally.last_delivery).max();
        Ok(Self {
            due: schedule.counted(),
            sent: sum(|tally| tally.sent),
            acked: acked.iter().map(|room| room.len() as u64).sum(),
            expected: acked.iter().enumerate().map(of_room).sum(),
            delivered: sum(|tally| tally.delivered),
            lost,
            duplicated: sum(|tally| tally.duplicated),
            reordered: sum(|tally| tally.reordered),
            refused: sum(|tally| tally.refused),
            skipped: sum(|tally| tally.skipped),
            reconnects: sum(|tally| tally.connected.saturating_sub(1)),
            gaps: tallies.iter().map(|tally| tally.gaps.clone()).filter(|gaps| !gaps.is_empty()).collect(),
            latency: timing.latency()?,
            lag: timing.lag.all()?,
            span: last.map_or(Duration::ZERO, |last| last.saturating_duration_since(schedule.counted_start())),
        })
    }

    /// Those of other users of the same run, reckoned from the same acked messages.
    pub(crate) fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.refused += other.refused;
        self.skipped += other.skipped;
        self.reconnects += other.reconnects;
        self.gaps.extend_from_slice(&other.gaps);
        for (all, other) in self.latency.iter_mut().zip(&other.latency) {
            all.add(other)?;
        }
        self.lag.add(&other.lag)?;
        self.span = self.span.max(other.span);
        Ok(())
    }
}

impl Totals {
    /// Of all phases together.
    pub(crate) fn latency_of_all(&self) -> anyhow::Result<Histogram<u32>> {
        let mut all = latencies()?;
        self.latency.iter().try_for_each(|of_phase| all.add(of_phase))?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        // Messages 0 to 3 warm up, 4 to 11 count; users 0 and 2 are in room 0, user 1 in room 1.
        let spans = (Duration::from_secs(4), &[Duration::from_secs(8)][..]);
        Schedule::new(Instant::now(), 1.0, (3, 2), spans, 20)
    }

    #[test]
    fn loss_is_what_was_acked_and_not_seen_by_a_member() {
        let schedule = schedule();
        let mut tallies: Vec<Tally> = (0..3).map(|user| Tally::new(user, &schedule)).collect();
        let now = schedule.end();
        for message in [0, 6, 9] {
            tallies[0].ack(message);
            tallies[0].delivery(&schedule, message, u64::from(message) + 1, now);
        }
        // User 2 misses message 9; user 1 is elsewhere and said two things, one of them heard.
        tallies[2].delivery(&schedule, 6, 7, now);
        tallies[1].ack(4);
        tallies[1].ack(7);
        tallies[1].delivery(&schedule, 4, 3, now);
        let totals = Totals::of(&schedule, &tallies, &Timing::new(&schedule).unwrap()).unwrap();
        assert_eq!((totals.acked, totals.expected, totals.delivered, totals.lost), (4, 6, 4, 2));
        assert_eq!((totals.duplicated, totals.reordered), (0, 0));
        assert_eq!(totals.span, Duration::from_secs(8));
        // The same from two processes, neither of which has all the acks.
        let (here, there) = (&tallies[..1], &tallies[1..]);
        let mut all_acked = acked(&schedule, there);
        all_acked.unite(&acked(&schedule, here));
        let part = |tallies| Totals::knowing(&all_acked, &schedule, tallies, &Timing::new(&schedule).unwrap()).unwrap();
        let told: Totals = serde_json::from_str(&serde_json::to_string(&part(there)).unwrap()).unwrap();
        let mut merged = part(here);
        merged.add(&told).unwrap();
        let figures = |of: &Totals| (of.acked, of.expected, of.delivered, of.lost, of.span);
        assert_eq!(figures(&merged), figures(&totals));
    }

    #[test]
    fn a_gap_counts_where_it_ends_and_in_what_it_covers() {
        let phases = [4, 2, 4].map(Duration::from_secs);
        let schedule = Schedule::new(Instant::now(), 1.0, (1, 1), (Duration::ZERO, &phases), 20);
        let mut tally = Tally::new(0, &schedule);
        for (message, late_s) in [(0, 0), (1, 0), (3, 0), (4, 4), (5, 3), (9, 0)] {
            tally.delivery(
                &schedule,
                message,
                u64::from(message) + 1,
                schedule.due(message) + Duration::from_secs(late_s),
            );
        }
        // From 3 s to 8 s, over the whole second phase and into the third.
        let totals = Totals::of(&schedule, &[tally], &Timing::new(&schedule).unwrap()).unwrap();
        assert_eq!(totals.gaps, [[2, 5, 5].map(Duration::from_secs)]);
    }

    #[test]
    fn a_message_that_is_late_doubled_or_out_of_order_is_noticed() {
        let schedule = schedule();
        let mut tally = Tally::new(0, &schedule);
        let at = |message, late_ms| schedule.due(message) + Duration::from_millis(late_ms);
        assert_eq!(tally.delivery(&schedule, 0, 1, at(0, 1)), None, "a warm-up does not count");
        assert_eq!(tally.delivery(&schedule, 6, 9, at(6, 5)), Some(5_000));
        assert_eq!(tally.delivery(&schedule, 6, 9, at(6, 6)), None);
        assert_eq!(tally.delivery(&schedule, 8, 8, at(8, 7)), Some(7_000), "behind a later seq");
        assert_eq!(tally.delivery(&schedule, 11, 12, at(11, 9)), Some(9_000));
        let totals = Totals::of(&schedule, &[tally], &Timing::new(&schedule).unwrap()).unwrap();
        assert_eq!((totals.delivered, totals.duplicated, totals.reordered), (3, 1, 1));
    }
}
