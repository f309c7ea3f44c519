//! The newest entries of a room, encoded once.

use bytes::Bytes;
use rill_protocol::UserId;
use rill_storage::planted::{self, Bug};
use std::collections::VecDeque;

/// Entries kept for sessions that are close to the head.
const ENTRIES_MAX: usize = 512;
/// Their encoded size.
const BYTES_MAX: usize = 512 * 1024;

/// One encoded entry.
#[derive(Clone, Debug)]
pub struct RingEntry {
    pub frame: Bytes,
    /// Whose departure it is, if it is one: their drain ends here.
    pub leaver: Option<UserId>,
    /// The entry that it speaks of: itself, or an older one.
    pub target: u64,
}

/// A contiguous run of entries up to the newest that was published.
#[derive(Debug, Default)]
pub struct Ring {
    /// The seq of the first entry.
    first: u64,
    entries: VecDeque<RingEntry>,
    bytes: usize,
}

impl Ring {
    /// Appends the entry at `seq`. What came before a gap is dropped: the run stays
    /// contiguous, and the store has the rest.
    pub fn push(&mut self, seq: u64, entry: RingEntry) {
        let is_taken_as_next = planted::is(Bug::CatchUpOutOfOrder) && seq > self.end() && !self.entries.is_empty();
        if seq != self.end() && !is_taken_as_next {
            if seq < self.end() && !self.entries.is_empty() {
                return;
            }
            self.entries.clear();
            self.bytes = 0;
            self.first = seq;
        }
        self.bytes += entry.frame.len();
        self.entries.push_back(entry);
        while self.entries.len() > ENTRIES_MAX || self.bytes > BYTES_MAX {
            let Some(old) = self.entries.pop_front() else { break };
            self.bytes -= old.frame.len();
            self.first += 1;
        }
    }

    /// What it costs to keep the entries.
    pub fn weight(&self) -> usize {
        self.bytes + self.entries.len() * size_of::<RingEntry>()
    }

    /// The seq behind the last entry.
    fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Entries behind `cursor`, or `None` if the ring no longer (or not yet) holds the
    /// first of them.
    pub fn after(&self, cursor: u64) -> Option<impl Iterator<Item = (u64, &RingEntry)>> {
        let next = cursor + 1;
        let is_near = planted::is(Bug::RingOffByOne) && next + 1 == self.first;
        if (next < self.first && !is_near) || next >= self.end() {
            return None;
        }
        let skip = next.saturating_sub(self.first) as usize;
        Some(self.entries.iter().skip(skip).enumerate().map(move |(at, entry)| (next + at as u64, entry)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(ring: &mut Ring, seq: u64, len: usize) {
        ring.push(seq, RingEntry { frame: Bytes::from(vec![seq as u8; len]), leaver: None, target: seq });
    }

    fn seqs(ring: &Ring, cursor: u64) -> Option<Vec<u64>> {
        ring.after(cursor).map(|entries| entries.map(|(seq, _)| seq).collect())
    }

    #[test]
    fn a_cursor_inside_the_ring_reads_on_and_one_outside_asks_the_store() {
        let mut ring = Ring::default();
        assert_eq!(seqs(&ring, 0), None);
        (7..=10).for_each(|seq| push(&mut ring, seq, 1));
        assert_eq!(seqs(&ring, 6), Some(vec![7, 8, 9, 10]));
        assert_eq!(seqs(&ring, 9), Some(vec![10]));
        assert_eq!(seqs(&ring, 10), None);
        assert_eq!(seqs(&ring, 5), None);
    }

    #[test]
    fn the_bounds_drop_the_oldest() {
        let mut ring = Ring::default();
        (1..=2 * ENTRIES_MAX as u64).for_each(|seq| push(&mut ring, seq, 1));
        assert_eq!(seqs(&ring, ENTRIES_MAX as u64).unwrap().len(), ENTRIES_MAX);
        assert_eq!(seqs(&ring, ENTRIES_MAX as u64 - 1), None);
        let mut ring = Ring::default();
        (1..=4).for_each(|seq| push(&mut ring, seq, BYTES_MAX / 2));
        assert_eq!(seqs(&ring, 2), Some(vec![3, 4]));
    }

    #[test]
    fn a_gap_starts_the_run_again_and_a_repeat_changes_nothing() {
        let mut ring = Ring::default();
        (1..=3).for_each(|seq| push(&mut ring, seq, 1));
        push(&mut ring, 2, 9);
        assert_eq!(seqs(&ring, 0), Some(vec![1, 2, 3]));
        push(&mut ring, 8, 1);
        assert_eq!((seqs(&ring, 2), seqs(&ring, 7)), (None, Some(vec![8])));
    }
}
