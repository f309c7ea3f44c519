//! Signs of life: when to ping, when the peer counts as dead, how long a round trip is.

use std::time::{Duration, Instant};

/// The clockwork of one connection.
#[derive(Debug)]
pub(crate) struct Liveness {
    interval: Duration,
    dead_after: Duration,
    heard: Instant,
    next_ping: Instant,
    nonce: u32,
    probe_sent: Option<(u32, Instant)>,
}

impl Liveness {
    /// From the limits that `Welcome` told.
    pub(crate) fn new(interval: Duration, dead_after: Duration, now: Instant) -> Self {
        // A server that asks for a ping every instant gets one a second.
        let interval = interval.max(Duration::from_secs(1));
        let dead_after = dead_after.max(interval * 2);
        Self { interval, dead_after, heard: now, next_ping: now, nonce: 0, probe_sent: None }
    }

    /// Anything came.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    pub(crate) fn is_dead(&self, now: Instant) -> bool {
        now >= self.heard + self.dead_after
    }

    /// When to look again.
    pub(crate) fn next_due(&self) -> Instant {
        self.next_ping.min(self.heard + self.dead_after)
    }

    /// The nonce of a ping, if one is due.
    pub(crate) fn ping(&mut self, now: Instant) -> Option<u32> {
        if now < self.next_ping {
            return None;
        }
        self.next_ping = now + self.interval;
        self.nonce = self.nonce.wrapping_add(1);
        self.probe_sent = Some((self.nonce, now));
        Some(self.nonce)
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
        assert_eq!((liveness.ping(at(14)), liveness.ping(at(15))), (None, Some(2)));
        assert!(!liveness.is_dead(at(39)));
        assert!(liveness.is_dead(at(40)));
        liveness.heard(at(39));
        assert!(!liveness.is_dead(at(78)));
        assert_eq!(liveness.next_due(), at(30));
    }
}
