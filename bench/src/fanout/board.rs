//! All posts of a run by their numbers: when each was handed over, where it stands in the log,
//! and how far everybody is together.

use hdrhistogram::Histogram;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{pulse::Pulse, timing::Shared};

#[derive(Debug, Default)]
struct Post {
    /// Since the start.
    handed_over_us: AtomicU64,
    /// 0 until somebody knows.
    seq: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Board {
    start: Instant,
    posts: Vec<Post>,
    counted_from: u32,
    members: u64,
    drawn: AtomicU32,
    accepted: AtomicU64,
    refused: AtomicU64,
    delivered: AtomicU64,
    last_delivery_us: AtomicU64,
    /// Of the posts that count, in microseconds.
    latency: Shared,
    pulse: Arc<Pulse>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    pub(crate) refused: u64,
    pub(crate) delivered: u64,
}

impl Standing {
    /// What came since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            sent: self.sent - before.sent,
            acked: self.acked - before.acked,
            refused: self.refused - before.refused,
            delivered: self.delivered - before.delivered,
        }
    }
}

impl Board {
    /// Of `posts` posts, which count from the number `counted_from` on.
    pub(crate) fn new(posts: u32, counted_from: u32, members: usize, pulse: Arc<Pulse>) -> anyhow::Result<Self> {
        Ok(Self {
            start: Instant::now(),
            posts: (0..posts).map(|_| Post::default()).collect(),
            counted_from,
            members: members as u64,
            drawn: AtomicU32::new(0),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            last_delivery_us: AtomicU64::new(0),
            latency: Shared::new()?,
            pulse,
        })
    }

    /// The number of the next post, which is handed over now; nothing from `limit` on.
    pub(super) fn draw(&self, limit: u32) -> Option<u32> {
        let number = self.drawn.fetch_update(Relaxed, Relaxed, |next| (next < limit).then_some(next + 1)).ok()?;
        self.posts[number as usize].handed_over_us.store(self.us(Instant::now()), Relaxed);
        Some(number)
    }

    /// Somebody found a post at this place. Returns whether all others have found it there too.
    pub(super) fn stands_at(&self, number: u32, seq: u64) -> bool {
        let Some(post) = self.posts.get(number as usize) else { return false };
        post.seq.compare_exchange(0, seq, Relaxed, Relaxed).map_or_else(|known| known == seq, |_| true)
    }

    pub(super) fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
        self.pulse.error();
    }

    /// A member read these posts, each for the first time.
    pub(super) fn read(&self, member: usize, numbers: &[u32], now: Instant) {
        let now_us = self.us(now);
        let age_us = |number: u32| now_us.saturating_sub(self.posts[number as usize].handed_over_us.load(Relaxed));
        let counted = numbers.iter().filter(|number| **number >= self.counted_from);
        self.latency.record_all(member, counted.map(|number| age_us(*number)));
        self.pulse.done_all(member, numbers.iter().map(|number| age_us(*number)));
        self.last_delivery_us.fetch_max(now_us, Relaxed);
        self.delivered.fetch_add(numbers.len() as u64, Relaxed);
    }

    pub(crate) fn standing(&self) -> Standing {
        let read = |count: &AtomicU64| count.load(Relaxed);
        Standing {
            sent: self.drawn.load(Relaxed).into(),
            acked: read(&self.accepted),
            refused: read(&self.refused),
            delivered: read(&self.delivered),
        }
    }

    /// Whether the posts below `limit` were answered, and those that were accepted are with
    /// everybody.
    pub(crate) fn is_settled(&self, limit: u32) -> bool {
        let Standing { acked, refused, delivered, .. } = self.standing();
        acked + refused == u64::from(limit) && delivered == acked * self.members
    }

    pub(crate) fn last_delivery(&self) -> Instant {
        self.start + Duration::from_micros(self.last_delivery_us.load(Relaxed))
    }

    pub(crate) fn latency(&self) -> anyhow::Result<Histogram<u32>> {
        self.latency.all()
    }

    fn us(&self, moment: Instant) -> u64 {
        u64::try_from(moment.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        Board::new(5, 2, 3, Arc::new(Pulse::new().unwrap())).unwrap()
    }

    #[test]
    fn posts_are_drawn_once_each_up_to_the_limit() {
        let board = board();
        let drawn = |limit| std::iter::from_fn(|| board.draw(limit)).collect::<Vec<_>>();
        assert_eq!((drawn(2), drawn(2), drawn(5)), (vec![0, 1], vec![], vec![2, 3, 4]));
    }

    #[test]
    fn a_run_is_settled_when_everybody_has_read_what_was_accepted() {
        let board = board();
        assert!(board.is_settled(0));
        while board.draw(5).is_some() {}
        for _ in 0..4 {
            board.accepted();
        }
        board.refused();
        let now = Instant::now();
        for member in 0..2 {
            board.read(member, &[0, 1, 2, 3], now);
        }
        board.read(2, &[0, 1, 2], now);
        assert!(!board.is_settled(5), "one has not read the last one");
        board.read(2, &[3], now);
        assert!(board.is_settled(5));
        assert_eq!(board.standing(), Standing { sent: 5, acked: 4, refused: 1, delivered: 12 });
        assert_eq!(board.latency().unwrap().len(), 6, "two of the posts that were read count");
    }

    #[test]
    fn a_post_stands_at_one_place() {
        let board = board();
        assert!(board.stands_at(1, 7) && board.stands_at(1, 7));
        assert!(!board.stands_at(1, 8));
        assert!(!board.stands_at(5, 9), "no post of this run");
    }
}
