//! The stopwatch of a storm: who is back, and when.
//!
//! A client is back when it was given an entry that the new process made: what it missed
//! stands before that in the room's log, and so it was given that too.

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use rill_client::Posted;
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

use crate::{
    chaos::{
        Watch,
        plan::{Message, Plan},
    },
    pulse::Pulse,
    tally::latencies,
};

/// Reasons that are told apart.
const REASONS_MAX: usize = 32;
/// Reasons that are remembered of one client.
const REASONS_OF_ONE_MAX: usize = 16;

/// See the module.
pub(crate) struct Storm {
    plan: Arc<Plan>,
    pulse: Arc<Pulse>,
    state: Mutex<State>,
    all_back: Notify,
}

struct State {
    killed: Option<Instant>,
    /// What the server makes from this moment of its clock on is made by the new process;
    /// nothing while that was not started.
    running_since_ms: Option<u64>,
    /// Of each client, from the kill.
    back: Vec<Option<Duration>>,
    away: usize,
    /// Why clients were without a connection from then on, and how often.
    reasons: BTreeMap<String, u64>,
    /// The first of each client, from the kill.
    reasons_of: Vec<Vec<(Duration, String)>>,
}

/// A client, when it was back, and when and why it was without a connection: all from the kill.
#[derive(Debug, PartialEq)]
pub(crate) struct Slow {
    pub(crate) client: usize,
    pub(crate) back: Option<Duration>,
    pub(crate) reasons: Vec<(Duration, String)>,
}

impl Storm {
    pub(crate) fn new(clients: usize, plan: Arc<Plan>, pulse: Arc<Pulse>) -> Self {
        let state = State {
            killed: None,
            running_since_ms: None,
            back: vec![None; clients],
            away: clients,
            reasons: BTreeMap::new(),
            reasons_of: vec![Vec::new(); clients],
        };
        Self { plan, pulse, state: Mutex::new(state), all_back: Notify::new() }
    }

    /// The signal is about to be sent.
    pub(crate) fn killed(&self, now: Instant) {
        let mut state = self.state.lock();
        state.killed = Some(now);
        state.back.iter().for_each(|_| self.pulse.disconnected());
    }

    /// The new process is about to be started.
    pub(crate) fn restarting(&self, now_ms: u64) {
        // An entry of the old process may be of this very millisecond; starting takes longer.
        self.state.lock().running_since_ms = Some(now_ms + 1);
    }

    /// Resolves when everybody is back. Cancel safe.
    pub(crate) async fn over(&self) {
        while self.state.lock().away > 0 {
            self.all_back.notified().await;
        }
    }

    /// Why clients were without a connection since the kill, and how often: once each, and once more
    /// for every try that failed.
    pub(crate) fn reasons(&self) -> BTreeMap<String, u64> {
        self.state.lock().reasons.clone()
    }

    /// So many of those who were back last, or not at all, the slowest first.
    pub(crate) fn slowest(&self, count: usize) -> Vec<Slow> {
        let state = self.state.lock();
        let mut clients: Vec<_> = (0..state.back.len()).collect();
        clients.sort_by_key(|client| Reverse(state.back[*client].unwrap_or(Duration::MAX)));
        clients.truncate(count);
        let of = |client: usize| Slow { client, back: state.back[client], reasons: state.reasons_of[client].clone() };
        clients.into_iter().map(of).collect()
    }

    /// Of those who are back, in microseconds from the kill.
    pub(crate) fn back_us(&self) -> anyhow::Result<Histogram<u32>> {
        let mut us = latencies()?;
        for back in self.state.lock().back.iter().flatten() {
            us.saturating_record(u64::try_from(back.as_micros())?.max(1));
        }
        Ok(us)
    }
}

impl Watch for Storm {
    fn acked(&self, _user: usize, _transport: usize, _posted: &Posted, _due: Instant, _now: Instant) {}

    fn away(&self, user: usize, reason: &str) {
        let mut state = self.state.lock();
        let Some(killed) = state.killed else { return };
        // What differs from client to client is a number: an address, a connection's id.
        let reason: String = reason.chars().filter(|c| !c.is_ascii_digit()).collect();
        let of_one = &mut state.reasons_of[user];
        if of_one.len() < REASONS_OF_ONE_MAX {
            of_one.push((killed.elapsed(), reason.clone()));
        }
        if state.reasons.len() < REASONS_MAX || state.reasons.contains_key(&reason) {
            *state.reasons.entry(reason).or_default() += 1;
        }
    }

    fn delivered(&self, user: usize, at_ms: u64, message: Option<Message>, now: Instant) {
        if let Some(number) = message.and_then(Message::said_number) {
            let us = now.saturating_duration_since(self.plan.due(number)).as_micros();
            self.pulse.done(user, u64::try_from(us).unwrap_or(u64::MAX));
        }
        let mut state = self.state.lock();
        let is_new = state.running_since_ms.is_some_and(|since_ms| at_ms >= since_ms);
        let Some(killed) = state.killed.filter(|_| is_new && state.back[user].is_none()) else { return };
        state.back[user] = Some(now.saturating_duration_since(killed));
        state.away -= 1;
        self.pulse.connected(1);
        if state.away == 0 {
            self.all_back.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_given_something_of_the_new_process_is_back() {
        let start = Instant::now();
        let plan = Arc::new(Plan { start, rate: 1.0, speakers: 1 });
        let storm = Storm::new(2, plan, Arc::new(Pulse::new().unwrap()));
        let at = |ms| start + Duration::from_millis(ms);
        storm.delivered(0, 4_000, None, at(1));
        storm.killed(at(10));
        storm.delivered(0, 4_100, None, at(20));
        storm.restarting(5_000);
        storm.delivered(0, 5_000, None, at(30));
        assert_eq!(storm.back_us().unwrap().len(), 0, "the old process made those");
        storm.delivered(0, 5_001, None, at(1_010));
        storm.delivered(0, 6_000, None, at(1_900));
        assert_eq!((storm.back_us().unwrap().len(), storm.state.lock().away), (1, 1));
        storm.away(1, "reset by 10.0.0.1");
        let [slowest] = &storm.slowest(1)[..] else { panic!("one was asked for") };
        assert_eq!((slowest.client, slowest.back, slowest.reasons.len()), (1, None, 1));
        assert_eq!(slowest.reasons[0].1, "reset by ...");
        storm.delivered(1, 6_000, None, at(2_010));
        assert_eq!(storm.slowest(9).iter().map(|slow| slow.client).collect::<Vec<_>>(), [1, 0]);
        let us = storm.back_us().unwrap();
        // To three digits, as the histogram keeps them.
        let tens_of_ms = |us: u64| (us + 5_000) / 10_000;
        assert_eq!((us.len(), tens_of_ms(us.min()), tens_of_ms(us.max())), (2, 100, 200));
    }
}
