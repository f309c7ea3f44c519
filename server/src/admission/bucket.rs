//! A token bucket in integers, kept as one moment: when it will be full again (the
//! "theoretical arrival time" of the generic cell rate algorithm, ITU-T I.371).
//!
//! Moments are nanoseconds since the gate was made. A bucket that is full needs no
//! memory: it is the same as one that was never used.

use std::time::Duration;

const SECOND_NS: u64 = 1_000_000_000;
/// A rate by the second may be used up for this long at once.
const BURST_SECONDS: u64 = 10;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    units: u64,
    window_ns: u64,
    burst_ns: u64,
}

impl Rate {
    /// `units` a second, ten seconds' worth at once; nothing if the limit is off.
    pub(super) fn per_second(units: u64) -> Option<Self> {
        Self::of(units, SECOND_NS, BURST_SECONDS * SECOND_NS)
    }

    /// `units` a minute, all of them at once if so wished.
    pub(super) fn per_minute(units: u64) -> Option<Self> {
        Self::of(units, 60 * SECOND_NS, 60 * SECOND_NS)
    }

    /// `units` an hour, all of them at once if so wished.
    pub(super) fn per_hour(units: u64) -> Option<Self> {
        Self::of(units, 3_600 * SECOND_NS, 3_600 * SECOND_NS)
    }

    fn of(units: u64, window_ns: u64, burst_ns: u64) -> Option<Self> {
        (units > 0).then_some(Self { units, window_ns, burst_ns })
    }

    /// The time in which one unit flows in, and the one that may be used at once.
    pub(super) fn of_one_us(&self) -> (u64, u64) {
        (self.cost_ns(1) / 1_000, self.burst_ns / 1_000)
    }

    /// The time in which `amount` flows in.
    fn cost_ns(&self, amount: u64) -> u64 {
        let cost = u128::from(amount) * u128::from(self.window_ns) / u128::from(self.units);
        u64::try_from(cost).unwrap_or(u64::MAX)
    }
}

/// Full until it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    full_at_ns: u64,
}

impl Bucket {
    /// Takes `amount`, or nothing and says when to come again.
    pub(super) fn take(&mut self, rate: &Rate, amount: u64, now_ns: u64) -> Result<(), Duration> {
        let full_at_ns = self.full_at_ns.max(now_ns).saturating_add(rate.cost_ns(amount));
        match full_at_ns.saturating_sub(now_ns).checked_sub(rate.burst_ns) {
            Some(over_ns @ 1..) => Err(Duration::from_nanos(over_ns)),
            _ => {
                self.full_at_ns = full_at_ns;
                Ok(())
            }
        }
    }

    /// Takes what has come already, and says how long nothing more should.
    pub(super) fn spend(&mut self, rate: &Rate, amount: u64, now_ns: u64) -> Duration {
        self.full_at_ns = self.full_at_ns.max(now_ns).saturating_add(rate.cost_ns(amount));
        Duration::from_nanos((self.full_at_ns - now_ns).saturating_sub(rate.burst_ns))
    }

    /// Gives back what was taken.
    pub(super) fn give(&mut self, rate: &Rate, amount: u64) {
        self.full_at_ns = self.full_at_ns.saturating_sub(rate.cost_ns(amount));
    }

    /// How long until it is full.
    pub(super) fn debt_ns(&self, now_ns: u64) -> u64 {
        self.full_at_ns.saturating_sub(now_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let rate = Rate::per_second(5).unwrap();
        let mut bucket = Bucket::default();
        for _ in 0..50 {
            assert_eq!(bucket.take(&rate, 1, 0), Ok(()));
        }
        assert_eq!(bucket.take(&rate, 1, 0), Err(Duration::from_millis(200)));
        // A refusal takes nothing.
        assert_eq!(bucket.take(&rate, 1, 199_999_999), Err(Duration::from_nanos(1)));
        assert_eq!(bucket.take(&rate, 1, 200_000_000), Ok(()));
        assert!(bucket.take(&rate, 1, 200_000_000).is_err());
        // Full again, and no fuller.
        assert_eq!(bucket.debt_ns(100 * SECOND_NS), 0);
        assert_eq!(bucket.take(&rate, 50, 100 * SECOND_NS), Ok(()));
        assert!(bucket.take(&rate, 1, 100 * SECOND_NS).is_err());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let rate = Rate::per_minute(2).unwrap();
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(&rate, 2, 7), Ok(()));
        assert_eq!(bucket.take(&rate, 1, 7), Err(Duration::from_secs(30)));
        bucket.give(&rate, 1);
        assert_eq!(bucket.take(&rate, 1, 7), Ok(()));
    }

    #[test]
    fn what_has_come_already_is_waited_for() {
        let rate = Rate::per_second(1_000).unwrap();
        let mut bucket = Bucket::default();
        assert_eq!(bucket.spend(&rate, 10_000, 0), Duration::ZERO);
        assert_eq!(bucket.spend(&rate, 500, 0), Duration::from_millis(500));
        assert_eq!(bucket.spend(&rate, 500, SECOND_NS), Duration::ZERO);
    }

    #[test]
    fn nothing_overflows() {
        let rate = Rate::per_hour(1).unwrap();
        let mut bucket = Bucket::default();
        assert!(bucket.take(&rate, u64::MAX, u64::MAX - 1).is_err() || bucket.debt_ns(0) > 0);
        bucket.spend(&rate, u64::MAX, u64::MAX);
        assert!(bucket.take(&rate, 1, 0).is_err());
        assert_eq!(Rate::per_second(0), None);
    }
}
