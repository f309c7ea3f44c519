//! Requests: which wait, which are under way and under which number, and which the
//! server asked to repeat later.

use rill_protocol::RoomId;
use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use super::command::Ask;
use crate::limits;

/// What a number on the wire stands for.
#[derive(Debug)]
pub(crate) enum Purpose {
    Attach,
    Resume(Vec<RoomId>),
    Post(RoomId),
    /// Said on every connection; nobody waits for the answer.
    Wish,
    Ask(Ask),
}

/// All requests of one session.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last: u32,
    under_way: HashMap<u32, Purpose>,
    waiting: VecDeque<Ask>,
    later: Vec<(Instant, Ask)>,
}

impl Requests {
    /// A number for a request that is sent now. Numbers are never 0, which stands for
    /// no request.
    pub(crate) fn begin(&mut self, purpose: Purpose) -> u32 {
        self.last = self.last.wrapping_add(1).max(1);
        self.under_way.insert(self.last, purpose);
        self.last
    }

    /// What was answered.
    pub(crate) fn finish(&mut self, request: u32) -> Option<Purpose> {
        self.under_way.remove(&request)
    }

    /// Whether any waits for its answer.
    pub(crate) fn are_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Whether another may be sent.
    pub(crate) fn has_room(&self) -> bool {
        self.under_way.len() < limits::REQUESTS_IN_FLIGHT_MAX
    }

    /// Whether handles may ask for more.
    pub(crate) fn accepts(&mut self) -> bool {
        let is_full = |this: &Self| this.waiting.len() + this.later.len() >= limits::REQUESTS_WAITING_MAX;
        if is_full(self) {
            self.waiting.retain(|ask| !ask.answer.is_closed());
            self.later.retain(|(_, ask)| !ask.answer.is_closed());
        }
        !is_full(self)
    }

    pub(crate) fn push(&mut self, ask: Ask) {
        self.waiting.push_back(ask);
    }

    /// The next that waits; those nobody waits for any more are dropped.
    pub(crate) fn next_waiting(&mut self) -> Option<Ask> {
        loop {
            let ask = self.waiting.pop_front()?;
            if !ask.answer.is_closed() {
                return Some(ask);
            }
        }
    }

    pub(crate) fn delay(&mut self, ask: Ask, at: Instant) {
        self.later.push((at, ask));
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.later.iter().map(|(at, _)| *at).min()
    }

    pub(crate) fn wake(&mut self, now: Instant) {
        for (_, ask) in self.later.extract_if(.., |(at, _)| *at <= now) {
            self.waiting.push_back(ask);
        }
    }

    /// The connection is gone: asks that were under way go again, in their order; the
    /// machine makes the rest anew.
    pub(crate) fn disconnected(&mut self) {
        let lost = self.under_way.drain().collect();
        self.again(lost);
    }

    /// The history stream is gone, and only it.
    pub(crate) fn history_lost(&mut self) {
        let is_lost = |purpose: &Purpose| matches!(purpose, Purpose::Ask(ask) if ask.request.is_history());
        let lost = self.under_way.extract_if(|_, purpose| is_lost(purpose)).collect();
        self.again(lost);
    }

    fn again(&mut self, mut lost: Vec<(u32, Purpose)>) {
        lost.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        for (_, purpose) in lost {
            if let Purpose::Ask(ask) = purpose {
                self.waiting.push_front(ask);
            }
        }
    }

    /// Every ask, for the end.
    pub(crate) fn drain(&mut self) -> Vec<Ask> {
        self.disconnected();
        self.waiting.drain(..).chain(self.later.drain(..).map(|(_, ask)| ask)).collect()
    }
}
