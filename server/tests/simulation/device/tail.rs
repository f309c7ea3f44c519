//! What a device has of one room: a contiguous run of entries above a base, as
//! docs/protocol.md asks for it.

use rill_protocol::{
    Epoch,
    limits::REORDER_ENTRIES_MAX,
    message::{Outcome, ResumedRoom},
};
use std::collections::BTreeMap;

use crate::witness::Seen;

#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    pub(crate) epoch: Epoch,
    pub(crate) base: u64,
    /// Everything above the base, in order.
    pub(crate) seen: Vec<Seen>,
    held: BTreeMap<(Epoch, u64), (Seen, Removed)>,
    resuming: Option<u32>,
    dropped: bool,
}

/// The entry whose text goes with another one.
type Removed = Option<u64>;

/// Whether the room is to be resumed.
pub(super) type MustResume = bool;

impl Tail {
    pub(crate) fn have(&self) -> u64 {
        self.base + self.seen.len() as u64
    }

    pub(super) fn is_resuming(&self) -> bool {
        self.resuming.is_some()
    }

    /// Whether that is the newest `Resume` of the room.
    pub(super) fn is_resumed_by(&self, request: u32) -> bool {
        self.resuming == Some(request)
    }

    pub(super) fn offer(&mut self, epoch: Epoch, seq: u64, seen: (Seen, Removed)) -> MustResume {
        if epoch == self.epoch && seq <= self.have() {
            return false;
        }
        self.held.insert((epoch, seq), seen);
        self.release();
        if self.held.len() > REORDER_ENTRIES_MAX {
            self.held.clear();
            self.dropped = self.is_resuming();
            return !self.dropped;
        }
        epoch != self.epoch && !self.is_resuming()
    }

    fn release(&mut self) {
        while let Some((seen, removed)) = self.held.remove(&(self.epoch, self.have() + 1)) {
            self.seen.push(seen);
            let place = removed.and_then(|seq| seq.checked_sub(self.base + 1));
            if let Some(removed) = place.and_then(|place| self.seen.get_mut(place as usize)) {
                *removed = Seen::Erased;
            }
        }
    }

    pub(super) fn resume_sent(&mut self, request: u32) {
        (self.resuming, self.dropped) = (Some(request), false);
    }

    /// Takes the answer to a `Resume`; `None`: the room was not listed.
    ///
    /// # Errors
    /// What the server must not answer.
    pub(super) fn resumed(&mut self, request: u32, answer: Option<&ResumedRoom>) -> Result<MustResume, String> {
        if !self.is_resumed_by(request) {
            return Ok(false);
        }
        self.resuming = None;
        let known = self.epoch != Epoch::default();
        if let Some(answer) = answer {
            let base = answer.base.get();
            match answer.outcome {
                Outcome::Complete if known && answer.epoch == self.epoch => {}
                Outcome::Limited if !known || answer.epoch == self.epoch => {
                    if !known || base > self.have() {
                        self.start(answer.epoch, base);
                    }
                }
                Outcome::EpochChanged if answer.epoch != self.epoch => self.start(answer.epoch, base),
                _ => {
                    return Err(format!(
                        "{:?} with head {} for a cursor at {}, the epoch {}",
                        answer.outcome,
                        answer.head.get(),
                        self.have(),
                        if answer.epoch == self.epoch { "unchanged" } else { "changed" }
                    ));
                }
            }
        } else if !known {
            return Err("a room without a cursor is unchanged".into());
        }
        let (epoch, have) = (self.epoch, self.have());
        self.held.retain(|(of, seq), _| *of == epoch && *seq > have);
        self.release();
        Ok(std::mem::take(&mut self.dropped))
    }

    fn start(&mut self, epoch: Epoch, base: u64) {
        (self.epoch, self.base) = (epoch, base);
        self.seen.clear();
    }

    /// The connection is gone, and with it whatever was under way.
    pub(super) fn disconnected(&mut self) {
        (self.resuming, self.dropped) = (None, false);
        self.held.clear();
    }
}
