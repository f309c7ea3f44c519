//! One room's live tail: contiguous from its base upward, whatever the lanes do.
//!
//! Lanes, reconnects and a change of the room in view can bring an entry twice or
//! early. The tail gives each entry out once, in the order of seqs; holds at most
//! [`REORDER_ENTRIES_MAX`] that came early; and says when it needs a `Resume`. The
//! answer to a `Resume` comes on another stream than the entries, so either may be
//! first. Nothing here does IO or knows the time.

use rill_protocol::{
    Epoch,
    limits::REORDER_ENTRIES_MAX,
    message::{Outcome, ResumedRoom},
};
use std::collections::{BTreeMap, VecDeque};

use crate::{Entry, Event, TailCause};

/// What became of something that was offered to a tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    /// A `Resume` from [`Tail::cursor`] must be sent.
    NeedsResume,
    /// The room is gone, or the user is no member.
    Gone,
}

/// The live tail of one room.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// All zero until the first answer.
    epoch: Epoch,
    /// The last entry given out, or the base.
    have: u64,
    held: BTreeMap<(Epoch, u64), Entry>,
    /// The number of the `Resume` whose answer counts.
    resuming: Option<u32>,
    /// Whether an entry was thrown away since that `Resume`.
    dropped: bool,
}

impl Tail {
    /// Where the server should go on.
    pub(crate) fn cursor(&self) -> (Epoch, u64) {
        (self.epoch, self.have)
    }

    /// A `Resume` with the cursor was sent; answers to earlier ones no longer count.
    pub(crate) fn resume_sent(&mut self, request: u32) {
        self.resuming = Some(request);
        self.dropped = false;
    }

    /// The connection is gone, and with it what was under way.
    pub(crate) fn disconnected(&mut self) {
        self.resuming = None;
        self.dropped = false;
        self.held.clear();
    }

    /// An entry came.
    pub(crate) fn offer(&mut self, entry: Entry, out: &mut VecDeque<Event>) -> Verdict {
        if entry.epoch == self.epoch {
            if entry.seq <= self.have {
                return Verdict::Fine;
            }
            if entry.seq == self.have + 1 {
                self.have = entry.seq;
                out.push_back(Event::Entry(entry));
                self.release(out);
                return Verdict::Fine;
            }
        }
        // It is early, or of a log whose epoch is not known yet.
        let unknown = entry.epoch != self.epoch;
        if self.held.len() >= REORDER_ENTRIES_MAX {
            if self.resuming.is_some() {
                self.dropped = true;
                return Verdict::Fine;
            }
            self.held.clear();
            return Verdict::NeedsResume;
        }
        self.held.insert((entry.epoch, entry.seq), entry);
        if unknown && self.resuming.is_none() { Verdict::NeedsResume } else { Verdict::Fine }
    }

    /// `Resume` number `request` was answered; `answer` is missing when the cursor
    /// stood at the head.
    pub(crate) fn resumed(&mut self, request: u32, answer: Option<&ResumedRoom>, out: &mut VecDeque<Event>) -> Verdict {
        if self.resuming != Some(request) {
            return Verdict::Fine;
        }
        self.resuming = None;
        if let Some(answer) = answer {
            if answer.outcome == Outcome::Gone {
                return Verdict::Gone;
            }
            self.rebase(answer, out);
        }
        self.held.retain(|(epoch, seq), _| *epoch == self.epoch && *seq > self.have);
        self.release(out);
        if std::mem::take(&mut self.dropped) { Verdict::NeedsResume } else { Verdict::Fine }
    }

    fn rebase(&mut self, answer: &ResumedRoom, out: &mut VecDeque<Event>) {
        let base = answer.base.get();
        let cause = match answer.outcome {
            _ if self.epoch == Epoch::default() => TailCause::Started,
            // What a later version says is taken like the most careful outcome known.
            Outcome::EpochChanged | Outcome::Other(_) => TailCause::EpochChanged,
            _ if answer.epoch != self.epoch => TailCause::EpochChanged,
            // Entries that were under way may have closed the gap by now.
            Outcome::Limited if base > self.have => TailCause::Limited,
            _ => return,
        };
        self.epoch = answer.epoch;
        self.have = base;
        out.push_back(Event::Tail { room: answer.room, epoch: answer.epoch, base, head: answer.head.get(), cause });
    }

    /// Gives out what is held and due.
    fn release(&mut self, out: &mut VecDeque<Event>) {
        if self.held.is_empty() {
            return;
        }
        while let Some(entry) = self.held.remove(&(self.epoch, self.have + 1)) {
            self.have = entry.seq;
            out.push_back(Event::Entry(entry));
        }
        // Of this log nothing at or below the tail is of use any more.
        let have = (self.epoch, self.have);
        while let Some(oldest) = self.held.range((self.epoch, 0)..=have).next().map(|(key, _)| *key) {
            self.held.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
