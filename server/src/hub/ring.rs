//! The newest entries of a room, encoded once. Those that were published together lie behind
//! one another in one block, so that a reader who is handed several takes one piece of it and
//! not one an entry.

use bytes::{Bytes, BytesMut};
use rill_protocol::{UserId, limits::LANE_IN_FLIGHT_BYTES_MAX};
use rill_storage::planted::{self, Bug};
use std::{collections::VecDeque, ops::Range};

/// Entries kept for sessions that are close to the head.
const ENTRIES_MAX: usize = 512;
/// Their encoded size.
const BYTES_MAX: usize = 512 * 1024;

/// A block is no longer than a write that it may go into, but for its last entry: what is kept
/// of it in the end may be that one alone.
const BLOCK_BYTES_MAX: usize = LANE_IN_FLIGHT_BYTES_MAX;

/// One encoded entry as it comes.
#[derive(Clone, Debug)]
pub struct Fresh {
    pub seq: u64,
    pub frame: Bytes,
    /// Whose departure it is, if it is one: their drain ends here.
    pub leaver: Option<UserId>,
    /// The entry that it speaks of: itself, or an older one.
    pub target: u64,
}

/// The place of a frame, or of several behind one another.
#[derive(Clone, Debug)]
pub struct Piece {
    block: Bytes,
    at: Range<usize>,
}

impl Piece {
    /// In bytes.
    pub fn length(&self) -> usize {
        self.at.len()
    }

    fn bytes(&self) -> Bytes {
        self.block.slice(self.at.clone())
    }
}

/// Hands pieces on, as few as there can be.
pub struct Gather<'a> {
    out: &'a mut Vec<Bytes>,
    last: Option<Piece>,
}

impl<'a> Gather<'a> {
    pub fn new(out: &'a mut Vec<Bytes>) -> Self {
        Self { out, last: None }
    }

    pub fn add(&mut self, piece: &Piece) {
        match &mut self.last {
            Some(last) if last.block.as_ptr() == piece.block.as_ptr() && last.at.end == piece.at.start => {
                last.at.end = piece.at.end;
            }
            last => {
                let before = last.replace(piece.clone());
                self.out.extend(before.as_ref().map(Piece::bytes));
            }
        }
    }
}

impl Drop for Gather<'_> {
    fn drop(&mut self) {
        self.out.extend(self.last.as_ref().map(Piece::bytes));
    }
}

/// One encoded entry.
#[derive(Clone, Debug)]
pub struct RingEntry {
    pub frame: Piece,
    /// See [`Fresh`].
    pub leaver: Option<UserId>,
    /// See [`Fresh`].
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
    /// Appends entries that were published together, in their order.
    pub fn append(&mut self, entries: &[Fresh]) {
        let mut rest = entries;
        while !rest.is_empty() {
            let mut bytes = 0;
            let is_full = |entry: &Fresh| {
                bytes += entry.frame.len();
                bytes >= BLOCK_BYTES_MAX
            };
            let count = rest.iter().position(is_full).map_or(rest.len(), |last| last + 1);
            let (together, later) = rest.split_at(count);
            self.append_block(together);
            rest = later;
        }
    }

    fn append_block(&mut self, entries: &[Fresh]) {
        let block = match entries {
            [one] => one.frame.clone(),
            _ => {
                let mut block = BytesMut::with_capacity(entries.iter().map(|entry| entry.frame.len()).sum());
                entries.iter().for_each(|entry| block.extend_from_slice(&entry.frame));
                block.freeze()
            }
        };
        let mut start = 0;
        for Fresh { seq, frame, leaver, target } in entries {
            let at = start..start + frame.len();
            start = at.end;
            let frame = Piece { block: block.clone(), at };
            self.push(*seq, RingEntry { frame, leaver: *leaver, target: *target });
        }
    }

    /// Appends the entry at `seq`. What came before a gap is dropped: the run stays
    /// contiguous, and the store has the rest.
    fn push(&mut self, seq: u64, entry: RingEntry) {
        let is_taken_as_next = planted::is(Bug::CatchUpOutOfOrder) && seq > self.end() && !self.entries.is_empty();
        if seq != self.end() && !is_taken_as_next {
            if seq < self.end() && !self.entries.is_empty() {
                return;
            }
            self.entries.clear();
            self.bytes = 0;
            self.first = seq;
        }
        self.bytes += entry.frame.length();
        self.entries.push_back(entry);
        while self.entries.len() > ENTRIES_MAX || self.bytes > BYTES_MAX {
            let Some(old) = self.entries.pop_front() else { break };
            self.bytes -= old.frame.length();
            self.first += 1;
        }
    }

    /// Drops the entries up to this one: the store has them as they are now.
    pub fn forget_through(&mut self, seq: u64) {
        while self.first <= seq
            && let Some(old) = self.entries.pop_front()
        {
            self.bytes -= old.frame.length();
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
        ring.append(&[fresh(seq, len)]);
    }

    fn fresh(seq: u64, len: usize) -> Fresh {
        Fresh { seq, frame: Bytes::from(vec![seq as u8; len]), leaver: None, target: seq }
    }

    fn gathered(ring: &Ring, cursor: u64, count: usize) -> Vec<Bytes> {
        let mut out = Vec::new();
        let mut gather = Gather::new(&mut out);
        ring.after(cursor).unwrap().take(count).for_each(|(_, entry)| gather.add(&entry.frame));
        drop(gather);
        out
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
    fn what_was_published_together_is_handed_on_in_one_piece() {
        let mut ring = Ring::default();
        ring.append(&[fresh(1, 2), fresh(2, 1), fresh(3, 3)]);
        ring.append(&[fresh(4, 1)]);
        ring.append(&[fresh(5, 2), fresh(6, 1)]);
        assert_eq!(gathered(&ring, 0, 6), [&[1, 1, 2, 3, 3, 3][..], &[4], &[5, 5, 6]]);
        assert_eq!(gathered(&ring, 1, 4), [&[2, 3, 3, 3][..], &[4], &[5, 5]], "from a place within, to one within");
        assert!(gathered(&ring, 3, 0).is_empty());
        assert_eq!(ring.bytes, 10);
    }

    #[test]
    fn what_is_forgotten_is_the_stores_to_tell() {
        let mut ring = Ring::default();
        ring.forget_through(3);
        (7..=10).for_each(|seq| push(&mut ring, seq, 1));
        ring.forget_through(6);
        assert_eq!(seqs(&ring, 6), Some(vec![7, 8, 9, 10]));
        ring.forget_through(8);
        assert_eq!((seqs(&ring, 7), seqs(&ring, 8), ring.bytes), (None, Some(vec![9, 10]), 2));
        ring.forget_through(10);
        push(&mut ring, 11, 1);
        assert_eq!((seqs(&ring, 9), seqs(&ring, 10)), (None, Some(vec![11])));
    }

    #[test]
    fn a_block_is_as_long_as_a_write() {
        let mut ring = Ring::default();
        let entries: Vec<Fresh> = (1..=6).map(|seq| fresh(seq, BLOCK_BYTES_MAX / 2 - 1)).collect();
        ring.append(&entries);
        let frames: Vec<Bytes> = entries.iter().map(|entry| entry.frame.clone()).collect();
        assert_eq!(gathered(&ring, 0, 6), [frames[..3].concat(), frames[3..].concat()]);
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
