//! How far a transfer is.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Over so long a time the rate is measured.
const RATE_WINDOW: Duration = Duration::from_secs(3);
/// Moments that the rate remembers.
const MOMENTS_MAX: usize = 32;

/// What a transfer does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Others are before it.
    Queued,
    /// There is no connection, or the server asked to try again later.
    Waiting,
    /// The file is read for its digest.
    Reading,
    /// Bytes travel.
    Moving,
    /// All bytes are there, and are looked at.
    Finishing,
    /// The application said so.
    Paused,
    /// It is over; the handle says how.
    Over,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    pub phase: Phase,
    /// On the disk where they go: the server's for an upload, this one's for a download.
    pub durable_bytes: u64,
    /// Given to the transport or taken from it: what of it is not durable may have to travel
    /// again.
    pub moved_bytes: u64,
    /// Of the whole file; 0 until a download's first answer.
    pub size_bytes: u64,
    /// Of the last few seconds.
    pub bytes_per_s: f64,
    /// The place of an upload's message, once it has one.
    pub seq: Option<u64>,
}

impl Progress {
    pub(crate) fn new(phase: Phase, size_bytes: u64) -> Self {
        Self { phase, durable_bytes: 0, moved_bytes: 0, size_bytes, bytes_per_s: 0.0, seq: None }
    }

    /// What is left at the rate of the moment.
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.size_bytes.checked_sub(self.durable_bytes)? as f64;
        if self.bytes_per_s < 1.0 { None } else { Duration::try_from_secs_f64(left / self.bytes_per_s).ok() }
    }
}

/// Measures a rate.
#[derive(Debug, Default)]
pub(crate) struct Rate(VecDeque<(Instant, u64)>);

impl Rate {
    /// So many bytes are there now; the rate.
    pub(crate) fn at(&mut self, bytes: u64, now: Instant) -> f64 {
        // Fewer than were there before: the transfer began anew.
        if self.0.back().is_some_and(|(_, before)| *before > bytes) {
            self.0.clear();
        }
        let spacing = RATE_WINDOW / MOMENTS_MAX as u32;
        if self.0.back().is_none_or(|(at, _)| now.duration_since(*at) >= spacing) {
            self.0.push_back((now, bytes));
        }
        while self.0.len() > 2 && self.0.front().is_some_and(|(at, _)| now.duration_since(*at) > RATE_WINDOW) {
            self.0.pop_front();
        }
        let Some((since, first)) = self.0.front() else { return 0.0 };
        let seconds = now.duration_since(*since).as_secs_f64();
        if seconds > 0.0 { (bytes - first) as f64 / seconds } else { 0.0 }
    }

    /// Nothing moves.
    pub(crate) fn stop(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_of_the_last_seconds() {
        let (mut rate, start) = (Rate::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(rate.at(0, start), 0.0);
        let mut bytes = 0;
        let mut last = 0.0;
        for ms in (10..=10_000).step_by(10) {
            bytes += if ms <= 5_000 { 10_000 } else { 20_000 };
            last = rate.at(bytes, at(ms));
        }
        assert!((1.9e6..2.1e6).contains(&last), "{last}");
        assert!(rate.0.len() <= MOMENTS_MAX + 2);
        assert_eq!(rate.at(5, at(10_010)), 0.0, "it began anew");
        let progress = Progress { durable_bytes: 50, bytes_per_s: 10.0, ..Progress::new(Phase::Moving, 100) };
        assert_eq!(progress.time_left(), Some(Duration::from_secs(5)));
        assert_eq!(Progress::new(Phase::Moving, 100).time_left(), None);
    }
}
