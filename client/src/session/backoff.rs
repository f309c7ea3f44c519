//! Pauses that grow, with jitter, so that a thousand clients of a restarted server do
//! not come back in the same instant.

use std::time::Duration;

/// A small generator for jitter only (xorshift64, Marsaglia 2003): seeded from
/// outside, so that a test repeats.
#[derive(Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number in `0.0..1.0`.
    fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The pause before try number `tries` (from 0): doubled each time up to the
    /// longest, then shortened by up to a half.
    pub(crate) fn pause(&mut self, (shortest, longest): (Duration, Duration), tries: u32) -> Duration {
        let full = shortest.saturating_mul(1u32 << tries.min(20)).min(longest);
        full.mul_f64(1.0 - self.fraction() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pauses_stay_between_half_and_full(seed: u64, tries in 0u32..40) {
            let range = (Duration::from_millis(200), Duration::from_secs(20));
            let full = (200u64 << tries.min(20)).min(20_000);
            let pause = Jitter::new(seed).pause(range, tries).as_millis() as u64;
            prop_assert!((full / 2 - 1..=full).contains(&pause), "{}", pause);
        }
    }
}
