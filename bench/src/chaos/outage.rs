//! How long there was no answer.
//!
//! An ack or a delivery is one of the restarted server if its entry was made after the
//! new process began, or if the server says that it had made the entry before: an ack
//! that the old process gave just before its end is none. Time runs from the signal.

use parking_lot::Mutex;
use rill_client::Posted;
use rill_protocol::message::Replay;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

use super::{Watch, plan::Message};
use crate::args::SPREAD;

/// One kill and what came after it.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    killed: Instant,
    /// The first ack over each transport.
    pub(crate) first_ack: [Option<Duration>; SPREAD.len()],
}

impl Outage {
    /// When posting worked on every transport.
    pub(crate) fn over(&self) -> Option<Duration> {
        self.first_ack.iter().copied().collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

#[derive(Debug)]
struct State {
    outages: Vec<Outage>,
    /// What the server makes from this moment of its clock on is made by the process that
    /// runs now; nothing while none does.
    now_running_since_ms: Option<u64>,
    /// Of each user: the kill since which nothing of a later process was heard.
    cut_off: Vec<Option<Instant>>,
    back_after: Vec<Vec<Duration>>,
}

/// The stopwatch that everybody shares.
#[derive(Debug)]
pub(crate) struct Outages {
    state: Mutex<State>,
    over: Notify,
}

impl Outages {
    pub(crate) fn new(users: usize) -> Self {
        let state = State {
            outages: Vec::new(),
            now_running_since_ms: None,
            cut_off: vec![None; users],
            back_after: vec![Vec::new(); users],
        };
        Self { state: Mutex::new(state), over: Notify::new() }
    }

    /// The signal is about to be sent.
    pub(crate) fn killed(&self, now: Instant) {
        let mut state = self.state.lock();
        state.now_running_since_ms = None;
        state.cut_off.iter_mut().for_each(|since| *since = Some(since.unwrap_or(now)));
        state.outages.push(Outage { killed: now, first_ack: Default::default() });
    }

    /// A new process is about to be started.
    pub(crate) fn restarting(&self, now_ms: u64) {
        // An entry of the old process may be of this very millisecond; starting takes longer.
        self.state.lock().now_running_since_ms = Some(now_ms + 1);
    }

    /// Resolves when the last outage is over. Cancel safe.
    pub(crate) async fn over(&self) {
        while self.state.lock().outages.last().is_some_and(|outage| outage.over().is_none()) {
            self.over.notified().await;
        }
    }

    pub(crate) fn outages(&self) -> Vec<Outage> {
        self.state.lock().outages.clone()
    }

    /// How long each of some users was cut off, for each time that it was.
    pub(crate) fn back_after(&self, users: std::ops::Range<usize>) -> Vec<Duration> {
        self.state.lock().back_after[users].concat()
    }
}

impl Watch for Outages {
    fn acked(&self, user: usize, transport: usize, posted: &Posted, _due: Instant, now: Instant) {
        let is_replay = posted.replay != Replay::First;
        let mut state = self.state.lock();
        if !state.is_of_this_process(posted.at_ms, is_replay) {
            return;
        }
        state.back(user, now);
        let Some(outage) = state.outages.last_mut() else { return };
        if outage.first_ack[transport].is_none() {
            outage.first_ack[transport] = Some(now.saturating_duration_since(outage.killed));
            if outage.over().is_some() {
                self.over.notify_one();
            }
        }
    }

    fn delivered(&self, user: usize, at_ms: u64, _message: Option<Message>, now: Instant) {
        let mut state = self.state.lock();
        if state.is_of_this_process(at_ms, false) {
            state.back(user, now);
        }
    }
}

impl State {
    fn is_of_this_process(&self, at_ms: u64, is_replay: bool) -> bool {
        self.now_running_since_ms.is_some_and(|since_ms| is_replay || at_ms >= since_ms)
    }

    fn back(&mut self, user: usize, now: Instant) {
        if let Some(since) = self.cut_off[user].take() {
            self.back_after[user].push(now.saturating_duration_since(since));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{ClientId, Epoch, RoomId};

    fn posted(at_ms: u64, replay: Replay) -> Posted {
        let (room, client_id, epoch) = (RoomId::default(), ClientId::default(), Epoch::default());
        Posted { room, client_id, epoch, seq: 1, at_ms, replay }
    }

    #[test]
    fn an_outage_ends_with_the_first_ack_of_the_new_process_over_the_slowest_transport() {
        let (outages, start) = (Outages::new(3), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        outages.killed(start);
        outages.acked(0, 0, &posted(5_000, Replay::First), start, at(1));
        outages.restarting(5_000);
        outages.acked(0, 0, &posted(5_000, Replay::First), start, at(2));
        assert_eq!(outages.outages()[0].first_ack, [None; 3], "the old process said that");
        outages.acked(0, 0, &posted(5_300, Replay::First), start, at(300));
        outages.acked(0, 0, &posted(5_400, Replay::First), start, at(400));
        outages.acked(1, 1, &posted(4_000, Replay::Same), start, at(500));
        assert_eq!(outages.outages()[0].over(), None);
        outages.acked(2, 2, &posted(5_700, Replay::First), start, at(700));
        assert_eq!(outages.outages()[0].over(), Some(Duration::from_millis(700)));
        assert_eq!(outages.back_after(0..2), [300, 500].map(Duration::from_millis));
    }

    #[test]
    fn who_sleeps_through_a_kill_is_cut_off_since_the_first() {
        let (outages, start) = (Outages::new(1), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        outages.killed(start);
        outages.restarting(1_000);
        outages.killed(at(50));
        outages.delivered(0, 1_500, None, at(60));
        outages.restarting(2_000);
        outages.delivered(0, 2_500, None, at(90));
        assert_eq!(outages.back_after(0..1), [Duration::from_millis(90)]);
    }
}
