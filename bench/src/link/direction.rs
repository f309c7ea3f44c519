//! One direction of a link: which packet gets through, and when.

use std::time::Duration;

use super::spec::LinkSpec;
use crate::dice::Dice;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It comes out at this moment.
    Out(Duration),
    /// The queue is full.
    Dropped,
    /// It was sent and got lost.
    Lost,
}

/// A sender with a queue, and a wire behind it. Moments are times since any one beginning.
#[derive(Debug)]
pub(super) struct Direction {
    one_way: Duration,
    rate_bits_per_s: u64,
    queue: Duration,
    /// Of 2^64.
    loss: u64,
    dice: Dice,
    /// When the sender will have sent what it holds.
    idle_at: Duration,
}

impl Direction {
    pub(super) fn new(spec: &LinkSpec, name: &str) -> Self {
        let LinkSpec { rtt, loss, rate_bits_per_s, queue, seed } = *spec;
        Self {
            one_way: rtt / 2,
            rate_bits_per_s,
            queue,
            loss: (loss * 2f64.powi(64)) as u64,
            dice: Dice::new(seed, name),
            idle_at: Duration::ZERO,
        }
    }

    /// A packet of `bytes` arrives `now`, never before the one before it.
    pub(super) fn pass(&mut self, now: Duration, bytes: usize) -> Fate {
        let begins = self.idle_at.max(now);
        if begins - now > self.queue {
            return Fate::Dropped;
        }
        let nanoseconds = bytes as u64 * 8 * 1_000_000_000 / self.rate_bits_per_s;
        self.idle_at = begins + Duration::from_nanos(nanoseconds);
        // What is lost took its time too: the loss is on the wire.
        if self.dice.throw() < self.loss { Fate::Lost } else { Fate::Out(self.idle_at + self.one_way) }
    }
}
