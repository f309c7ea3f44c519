//! Which logs are to be looked at, and when. No IO; the time is an argument.
//!
//! A log is looked at by one read at a time. What is heard of it meanwhile makes one more
//! look, and looks keep a distance, so that a busy log costs its node a bounded number of
//! reads whatever rings.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Bound,
    time::Duration,
};
use tokio::time::Instant;

use super::wants::Log;
use crate::limits::{
    CATCH_UP_DISTANCE_MS, CATCH_UP_RETRY_MS, CATCH_UP_RETRY_MS_MAX, SWEEP_PERIOD_MS, SWEEP_READS_PER_S_MAX,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Queued,
    Reading,
    /// Something was heard during the read.
    ReadingAndDue,
}

#[derive(Default)]
struct Place {
    state: State,
    looked_at: Option<Instant>,
    /// When to look unless it is reached by then.
    later: Option<(Instant, u64)>,
    failures: u32,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    UpToDate,
    /// There is more than one read brings.
    MoreIsThere,
    Failed,
}

/// See the module.
#[derive(Default)]
pub(super) struct Places {
    by_log: BTreeMap<Log, Place>,
    queue: VecDeque<Log>,
    later: BTreeSet<(Instant, Log)>,
    /// The last log that the sweep came by.
    swept: Option<Log>,
    swept_at: Option<Instant>,
    /// Of the next look of the sweep, in logs times milliseconds.
    swept_part: u64,
}

impl Places {
    /// `false` if it is followed already.
    pub(super) fn follow(&mut self, log: Log) -> bool {
        let is_new = !self.by_log.contains_key(&log);
        self.by_log.entry(log).or_default();
        is_new
    }

    /// Whether it was followed.
    pub(super) fn unfollow(&mut self, log: Log) -> bool {
        let Some(place) = self.by_log.remove(&log) else { return false };
        if let Some((at, _)) = place.later {
            self.later.remove(&(at, log));
        }
        // It may stand in the queue; whoever takes it from there finds no place.
        true
    }

    pub(super) fn follows(&self, log: Log) -> bool {
        self.by_log.contains_key(&log)
    }

    /// The log is to be looked at, soon.
    pub(super) fn look(&mut self, log: Log, now: Instant) {
        let Some(place) = self.by_log.get_mut(&log) else { return };
        let distance = Duration::from_millis(CATCH_UP_DISTANCE_MS);
        match (place.state, place.looked_at) {
            (State::Idle, Some(looked_at)) if looked_at + distance > now => {
                self.look_later(log, looked_at + distance, u64::MAX);
            }
            (State::Idle, _) => {
                place.state = State::Queued;
                self.queue.push_back(log);
            }
            (State::Reading, _) => place.state = State::ReadingAndDue,
            (State::Queued | State::ReadingAndDue, _) => {}
        }
    }

    /// The log is to be looked at then, unless it has reached `seq` by itself.
    pub(super) fn look_later(&mut self, log: Log, at: Instant, seq: u64) {
        let Some(place) = self.by_log.get_mut(&log) else { return };
        let (at, seq) = match place.later {
            Some((earlier, other)) => {
                self.later.remove(&(earlier, log));
                (earlier.min(at), other.max(seq))
            }
            None => (at, seq),
        };
        place.later = Some((at, seq));
        self.later.insert((at, log));
    }

    /// Everything is to be looked at.
    pub(super) fn look_at_all(&mut self, now: Instant) {
        let logs: Vec<Log> = self.by_log.keys().copied().collect();
        logs.into_iter().for_each(|log| self.look(log, now));
    }

    /// When [`Self::ripen`] has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Queues what was put off until now. `reached` tells how far a log has come.
    pub(super) fn ripen(&mut self, now: Instant, reached: impl Fn(Log) -> u64) {
        while let Some((at, log)) = self.later.first().copied()
            && at <= now
        {
            self.later.pop_first();
            let later = self.by_log.get_mut(&log).and_then(|place| place.later.take());
            if later.is_some_and(|(_, seq)| reached(log) < seq) {
                self.look(log, now);
            }
        }
    }

    /// The next log to read.
    pub(super) fn next(&mut self) -> Option<Log> {
        loop {
            let log = self.queue.pop_front()?;
            if let Some(place) = self.by_log.get_mut(&log)
                && place.state == State::Queued
            {
                place.state = State::Reading;
                return Some(log);
            }
        }
    }

    /// A read has ended.
    pub(super) fn looked(&mut self, log: Log, looked: Looked, now: Instant) {
        let Some(place) = self.by_log.get_mut(&log) else { return };
        // It was given up and followed again meanwhile.
        if !matches!(place.state, State::Reading | State::ReadingAndDue) {
            return;
        }
        let is_due = place.state == State::ReadingAndDue;
        place.state = State::Idle;
        match looked {
            Looked::Failed => {
                let wait_ms = CATCH_UP_RETRY_MS << place.failures.min(16);
                place.failures += 1;
                let wait = Duration::from_millis(wait_ms.min(CATCH_UP_RETRY_MS_MAX));
                self.look_later(log, now + wait, u64::MAX);
            }
            Looked::MoreIsThere => {
                place.failures = 0;
                place.looked_at = None;
                self.look(log, now);
            }
            Looked::UpToDate => {
                place.failures = 0;
                place.looked_at = Some(now);
                if is_due {
                    self.look(log, now);
                }
            }
        }
    }

    /// One tick of the sweep, for the time since the last one: the next few logs in their order.
    pub(super) fn sweep(&mut self, now: Instant) {
        let logs = self.by_log.len() as u64;
        let period_ms = SWEEP_PERIOD_MS.max(logs * 1_000 / SWEEP_READS_PER_S_MAX);
        let since = now - self.swept_at.replace(now).unwrap_or(now);
        self.swept_part += logs * (since.as_millis() as u64).min(period_ms);
        for _ in 0..self.swept_part / period_ms {
            let behind = self.swept.map_or(Bound::Unbounded, Bound::Excluded);
            let next = self.by_log.range((behind, Bound::Unbounded)).next().or_else(|| self.by_log.first_key_value());
            self.swept = next.map(|(log, _)| *log);
            self.swept.into_iter().for_each(|log| self.look(log, now));
        }
        self.swept_part %= period_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SWEEP_TICK_MS;
    use rill_protocol::RoomId;

    fn log(number: u8) -> Log {
        Log::Room(RoomId([number; 16]))
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[tokio::test(start_paused = true)]
    async fn however_often_it_rings_one_read_is_under_way_and_one_follows() {
        let (mut places, now) = (Places::default(), Instant::now());
        assert!(places.follow(log(1)) && !places.follow(log(1)));
        (0..5).for_each(|_| places.look(log(1), now));
        assert_eq!((places.next(), places.next()), (Some(log(1)), None));
        (0..5).for_each(|_| places.look(log(1), now));
        assert_eq!(places.next(), None);
        places.looked(log(1), Looked::UpToDate, now);
        assert_eq!(places.next(), None, "looks keep a distance");
        let then = places.due().unwrap();
        places.ripen(then, |_| 0);
        assert_eq!((places.next(), places.due()), (Some(log(1)), None));
        places.looked(log(1), Looked::MoreIsThere, then);
        assert_eq!(places.next(), Some(log(1)), "what is known to be there is read at once");
        places.looked(log(1), Looked::UpToDate, then);
        assert_eq!((places.next(), places.due()), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_by_itself_is_not_read_and_what_fails_is_tried_again_later_each_time() {
        let (mut places, now) = (Places::default(), Instant::now());
        places.follow(log(1));
        places.look_later(log(1), now + ms(20), 7);
        places.ripen(now + ms(20), |_| 7);
        assert_eq!(places.next(), None);
        places.look_later(log(1), now + ms(20), 7);
        places.look_later(log(1), now + ms(30), 8);
        places.ripen(now + ms(20), |_| 7);
        assert_eq!(places.next(), Some(log(1)));
        places.looked(log(1), Looked::Failed, now);
        let first = places.due().unwrap();
        places.ripen(first, |_| 0);
        assert_eq!(places.next(), Some(log(1)));
        places.looked(log(1), Looked::Failed, first);
        assert!(places.due().unwrap() - first > first - now);
        assert!(places.unfollow(log(1)) && !places.unfollow(log(1)));
        assert_eq!((places.due(), places.next()), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn the_sweep_comes_by_everything_within_its_period() {
        let mut places = Places::default();
        (0..200).for_each(|number| assert!(places.follow(log(number))));
        let (mut now, mut seen) = (Instant::now(), BTreeMap::<Log, u32>::new());
        for _ in 0..=SWEEP_PERIOD_MS / SWEEP_TICK_MS {
            places.sweep(now);
            while let Some(log) = places.next() {
                *seen.entry(log).or_default() += 1;
                places.looked(log, Looked::UpToDate, now);
            }
            now += ms(SWEEP_TICK_MS);
        }
        assert_eq!(seen.len(), 200);
        assert!(seen.values().all(|times| *times == 1));
    }
}
