//! Signs of life: when to ping, when the peer counts as dead, how long a round trip is.

use std::time::{Duration, Instant};

use crate::limits::{PROBE_AFTER, PROBE_PATIENCE};

/// The clockwork of one connection.
#[derive(Debug)]
pub(crate) struct Liveness {
    interval: Duration,
    dead_after: Duration,
    heard: Instant,
    next_ping: Instant,
    nonce: u32,
    probe_sent: Option<(u32, Instant)>,
    /// While requests wait for their answers: the beginning of the wait, or the last thing
    /// heard in it.
    waiting_since: Option<Instant>,
    /// Since when a ping is not answered, the first of a silence.
    asked: Option<Instant>,
}

impl Liveness {
    /// From the limits that `Welcome` told.
    pub(crate) fn new(interval: Duration, dead_after: Duration, now: Instant) -> Self {
        // A server that asks for a ping every instant gets one a second.
        let interval = interval.max(Duration::from_secs(1));
        let dead_after = dead_after.max(interval * 2);
        Self {
            interval,
            dead_after,
            heard: now,
            next_ping: now,
            nonce: 0,
            probe_sent: None,
            waiting_since: None,
            asked: None,
        }
    }

    /// Anything came.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
        self.waiting_since = self.waiting_since.map(|_| now);
    }

    /// Whether requests wait for their answers. A server may have taken a request and died:
    /// then nothing is left to send that would find out, and a killed one says nothing on
    /// UDP unless it is spoken to.
    pub(crate) fn waiting(&mut self, is_waiting: bool, now: Instant) {
        self.waiting_since = is_waiting.then(|| self.waiting_since.unwrap_or(now));
    }

    fn probe_due(&self) -> Option<Instant> {
        self.waiting_since.filter(|_| self.asked.is_none()).map(|since| since + PROBE_AFTER)
    }

    /// When the peer counts as dead, if it says nothing until then.
    fn death(&self) -> Instant {
        let silent = self.heard + self.dead_after;
        self.asked.map_or(silent, |asked| silent.min(asked + PROBE_PATIENCE))
    }

    pub(crate) fn is_dead(&self, now: Instant) -> bool {
        now >= self.death()
    }

    /// When to look again.
    pub(crate) fn next_due(&self) -> Instant {
        let regular = self.next_ping.min(self.death());
        self.probe_due().map_or(regular, |probe| probe.min(regular))
    }

    /// The nonce of a ping, if one is due.
    pub(crate) fn ping(&mut self, now: Instant) -> Option<u32> {
        if now < self.next_ping && self.probe_due().is_none_or(|due| now < due) {
            return None;
        }
        self.asked = self.asked.or(Some(now));
        self.next_ping = now + self.interval;
        self.nonce = self.nonce.wrapping_add(1);
        self.probe_sent = Some((self.nonce, now));
        Some(self.nonce)
    }

    /// The next look sends a ping.
    pub(crate) fn ask_at_once(&mut self) {
        self.next_ping = self.heard;
    }

    /// The round trip, if the pong answers the last ping and is the first to do so.
    pub(crate) fn pong(&mut self, nonce: u32, now: Instant) -> Option<Duration> {
        let (_, sent) = self.probe_sent.take_if(|(expected, _)| *expected == nonce)?;
        Some(now.saturating_duration_since(sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_pinged_and_then_is_death() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut liveness = Liveness::new(Duration::from_secs(15), Duration::from_secs(40), start);
        assert_eq!(liveness.ping(start), Some(1), "the first probe goes at once");
        assert_eq!(liveness.pong(1, start + Duration::from_millis(7)), Some(Duration::from_millis(7)));
        assert_eq!(liveness.pong(1, start), None, "the same ping travels twice: the first answer counts");
        liveness.heard(start);
        assert_eq!((liveness.ping(at(14)), liveness.ping(at(15))), (None, Some(2)));
        let death = at(15) + PROBE_PATIENCE;
        assert_eq!(liveness.next_due(), death);
        assert!(!liveness.is_dead(death - Duration::from_millis(1)) && liveness.is_dead(death));
        liveness.heard(at(18));
        assert!(!liveness.is_dead(at(30)));
        assert_eq!(liveness.next_due(), at(30));
        // Whoever never pings, because nobody lets them, still has the protocol's bound.
        assert!(!liveness.is_dead(at(57)) && liveness.is_dead(at(58)));
    }

    #[test]
    fn who_has_another_address_asks_at_once() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut liveness = Liveness::new(Duration::from_secs(15), Duration::from_secs(40), start);
        assert_eq!(liveness.ping(start), Some(1));
        liveness.heard(at(1));
        assert_eq!(liveness.ping(at(2)), None);
        liveness.ask_at_once();
        assert!(liveness.next_due() <= at(2));
        assert_eq!((liveness.ping(at(2)), liveness.ping(at(2))), (Some(2), None));
        assert!(liveness.is_dead(at(2) + PROBE_PATIENCE), "and knows soon if nobody hears");
    }

    #[test]
    fn who_waits_for_an_answer_and_hears_nothing_asks_once_what_is_wrong() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut liveness = Liveness::new(Duration::from_secs(15), Duration::from_secs(40), start);
        assert_eq!(liveness.ping(start), Some(1));
        liveness.heard(at(1));
        liveness.waiting(true, at(5_000));
        liveness.heard(at(5_200));
        liveness.waiting(true, at(5_300));
        let due = at(5_200) + PROBE_AFTER;
        assert_eq!((liveness.next_due(), liveness.ping(at(5_300))), (due, None));
        assert_eq!((liveness.ping(due), liveness.ping(due + PROBE_AFTER)), (Some(2), None));
        assert!(
            !liveness.is_dead(due + PROBE_PATIENCE - Duration::from_millis(1))
                && liveness.is_dead(due + PROBE_PATIENCE)
        );
        assert_eq!(liveness.next_due(), due + PROBE_PATIENCE);
        // The answer takes its time, but the server lives.
        liveness.heard(at(6_000));
        assert_eq!(liveness.next_due(), at(6_000) + PROBE_AFTER);
        liveness.waiting(false, at(6_100));
        assert_eq!(liveness.ping(at(10_000)), None);
    }
}
