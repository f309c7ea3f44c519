//! Holds transfers to a rate, all of those together that share it.

use parking_lot::Mutex;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// What was not used so long ago may still be used: timers are coarse.
const BURST: Duration = Duration::from_millis(20);

/// A rate in bytes a second. Clones hold to it together.
#[derive(Clone, Debug)]
pub struct Throttle {
    bytes_per_s: f64,
    /// When everything that was let through is paid for.
    paid_at: Arc<Mutex<Instant>>,
}

impl Throttle {
    /// `bytes_per_s` begins at 1.
    pub fn new(bytes_per_s: u64) -> Self {
        Self { bytes_per_s: bytes_per_s.max(1) as f64, paid_at: Arc::new(Mutex::new(Instant::now())) }
    }

    /// So many bytes pass: until when nothing more may.
    pub(crate) fn passed(&self, bytes: usize) -> Option<Instant> {
        self.due(bytes, Instant::now())
    }

    fn due(&self, bytes: usize, now: Instant) -> Option<Instant> {
        let mut paid_at = self.paid_at.lock();
        let start = (*paid_at).max(now.checked_sub(BURST).unwrap_or(now));
        *paid_at = start + Duration::from_secs_f64(bytes as f64 / self.bytes_per_s);
        Some(*paid_at).filter(|due| *due > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_brings_as_many_bytes_as_said() {
        let throttle = Throttle::new(1_000_000);
        let mut now = Instant::now();
        let start = now;
        for _ in 0..200 {
            now = throttle.due(10_000, now).unwrap_or(now);
        }
        let seconds = (now - start).as_secs_f64();
        assert!((1.9..=2.0).contains(&seconds), "{seconds} s for two million bytes");
        // A pause is not made up for.
        let later = now + Duration::from_secs(60);
        assert_eq!(throttle.due(20_000, later), None);
        assert!(throttle.due(20_000, later).is_some());
    }
}
