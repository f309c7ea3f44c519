//! A room that somebody follows: its ring, its head, its subscribers.

use bytes::Bytes;
use parking_lot::Mutex;
use rill_protocol::{Epoch, RoomId, UserId};
use rill_storage::{
    model::{Entry, Fact, Head},
    planted::{self, Bug},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::time::Instant;

use super::{
    EncodeEntry,
    inbox::{Inbox, Start},
    intake::Intake,
    interest::Missing,
    ring::{Fresh, Gather, Ring},
    subscription::SLOTS_MAX,
};

/// See the module.
pub struct LiveRoom {
    pub id: RoomId,
    pub handle: u32,
    log: Mutex<LiveLog>,
    subscribers: Mutex<Subscribers>,
    /// Whether it waits for the fan-out.
    pub(super) grown: AtomicBool,
    not_before: Mutex<Option<Instant>>,
}

struct LiveLog {
    epoch: Epoch,
    head: u64,
    ring: Ring,
    /// Where other nodes append too.
    intake: Option<Intake>,
    /// The entry that says that the room is deleted: nothing else is handed on any more.
    deleted: Option<(u64, Bytes)>,
}

/// What a publication came to.
pub(super) struct Published {
    /// The ring's weight before and after.
    pub(super) weights: (usize, usize),
    pub(super) has_grown: bool,
    /// Entries that are missing, or nothing if none are.
    pub(super) missing: Option<Missing>,
}

impl LiveLog {
    /// Entries that are to come into the ring in the order of their seqs; whether any did.
    fn take_in(&mut self, handle: u32, entries: &[Arc<Entry>], encode: EncodeEntry) -> bool {
        if let Some(entry) = entries.iter().find(|entry| entry.fact == Fact::RoomDeleted) {
            self.head = entry.seq.max(self.head);
            self.deleted = Some((entry.seq, encode(handle, entry)));
            if let Some(intake) = &mut self.intake {
                intake.skip_to(entry.seq + 1);
            }
        }
        if self.deleted.is_some() {
            self.ring = Ring::default();
            return true;
        }
        let Self { head, intake, ring, .. } = self;
        let mut fresh = Vec::with_capacity(entries.len());
        // What was removed is not handed on as it was.
        let mut gone = 0;
        let mut take = |head: &mut u64, entry: &Entry| {
            if let Fact::Deleted { target } = entry.fact {
                gone = gone.max(target);
            }
            let leaver = entry.fact.leaver(entry.author);
            fresh.push(Fresh { seq: entry.seq, frame: encode(handle, entry), leaver, target: entry.target_seq() });
            *head = entry.seq.max(*head);
        };
        for entry in entries {
            let jumps = planted::is(Bug::CatchUpOutOfOrder) && entry.seq > *head;
            match intake {
                Some(intake) if !jumps => intake.offer(entry, |entry| take(head, entry)),
                _ => take(head, entry),
            }
        }
        ring.append(&fresh);
        if !planted::is(Bug::RemovedKeptInRing) {
            ring.forget_through(gone);
        }
        !fresh.is_empty()
    }
}

#[derive(Default)]
struct Subscribers {
    /// Stable places, so that a fan-out in slices misses nobody.
    slots: Vec<Option<Arc<Inbox>>>,
    free: Vec<u32>,
    /// Out of the hub's tables: nobody may subscribe any more.
    retired: bool,
}

impl Subscribers {
    fn are_none(&self) -> bool {
        self.free.len() == self.slots.len()
    }
}

/// What a drain of the ring came to.
pub enum Drained {
    /// Nothing is behind the cursor.
    UpToDate,
    /// The ring does not hold the entry behind the cursor: read the store.
    Behind,
    /// The cursor's new place, and whether more is left than the budget allowed.
    Frames { cursor: u64, more: bool, left: bool },
}

impl LiveRoom {
    pub(super) fn new(id: RoomId, handle: u32, epoch: Epoch, is_shared: bool) -> Self {
        Self {
            id,
            handle,
            log: Mutex::new(LiveLog {
                epoch,
                head: 0,
                ring: Ring::default(),
                intake: is_shared.then(Intake::default),
                deleted: None,
            }),
            subscribers: Mutex::default(),
            grown: AtomicBool::new(false),
            not_before: Mutex::default(),
        }
    }

    /// The log's epoch.
    pub fn epoch(&self) -> Epoch {
        self.log.lock().epoch
    }

    /// Entries that this node has appended, or another one has told of.
    pub(super) fn publish(&self, epoch: Epoch, entries: &[Arc<Entry>], encode: EncodeEntry) -> Published {
        let mut log = self.log.lock();
        let before = log.ring.weight();
        if log.intake.is_some() && log.epoch != epoch {
            return Published { weights: (before, before), has_grown: false, missing: Some(Missing::Unknown) };
        }
        log.epoch = epoch;
        let has_grown = log.take_in(self.handle, entries, encode);
        let missing = log.intake.as_ref().and_then(Intake::waits_until).map(Missing::Until);
        Published { weights: (before, log.ring.weight()), has_grown, missing }
    }

    /// Entries that the store has, from anybody; `None` if the log is another one now. More
    /// are missing if [`Self::reached`] is below the head.
    pub(super) fn feed(&self, head: &Head, entries: &[Arc<Entry>], encode: EncodeEntry) -> Option<Published> {
        let mut log = self.log.lock();
        if log.epoch != head.epoch {
            return None;
        }
        let before = log.ring.weight();
        if let (Some(intake), Some(first)) = (&mut log.intake, entries.first()) {
            intake.skip_to(first.seq);
        }
        let has_grown = log.take_in(self.handle, entries, encode);
        let is_behind = log.intake.as_ref().is_some_and(|intake| intake.reached() < head.seq);
        let missing = is_behind.then_some(Missing::Unknown);
        Some(Published { weights: (before, log.ring.weight()), has_grown, missing })
    }

    /// The last entry that came this way, where other nodes append too.
    pub fn reached(&self) -> u64 {
        self.log.lock().intake.as_ref().map_or(0, Intake::reached)
    }

    /// What the ring holds is read from the store from here on. Its weight until now.
    pub(super) fn empty_ring(&self) -> usize {
        std::mem::take(&mut self.log.lock().ring).weight()
    }

    pub(super) fn raise_head(&self, head: u64) {
        let mut log = self.log.lock();
        log.head = log.head.max(head);
        if let Some(intake) = &mut log.intake {
            intake.begin(head);
        }
    }

    /// The log's end as far as this node knows.
    pub fn head(&self) -> u64 {
        self.log.lock().head
    }

    /// The last entry of a room that is deleted, encoded: whoever follows it hears that and
    /// nothing more.
    pub fn deleted(&self) -> Option<(u64, Bytes)> {
        self.log.lock().deleted.clone()
    }

    /// Adds the frames behind `cursor` to `out`, at most `budget` bytes of them (but one
    /// at least), and none behind the departure of `user`. Who sees everything from
    /// `visible_from` on may not see what speaks of an older entry: that is the store's to tell.
    pub fn drain(
        &self,
        (cursor, visible_from): (u64, u64),
        user: UserId,
        budget: usize,
        out: &mut Vec<Bytes>,
    ) -> Drained {
        let log = self.log.lock();
        if cursor >= log.head {
            return Drained::UpToDate;
        }
        if let Some((seq, frame)) = &log.deleted {
            out.push(frame.clone());
            return Drained::Frames { cursor: *seq, more: false, left: true };
        }
        let Some(entries) = log.ring.after(cursor) else { return Drained::Behind };
        let mut gather = Gather::new(out);
        let (mut at, mut bytes) = (cursor, 0);
        for (seq, entry) in entries {
            if planted::is(Bug::CursorMovedBeforeWrite) {
                at = seq;
            }
            if entry.target < visible_from {
                let more = Drained::Frames { cursor: at, more: true, left: false };
                return if bytes > 0 { more } else { Drained::Behind };
            }
            if bytes > 0 && bytes + entry.frame.length() > budget {
                return Drained::Frames { cursor: at, more: true, left: false };
            }
            bytes += entry.frame.length();
            gather.add(&entry.frame);
            at = seq;
            if entry.leaver == Some(user) && !planted::is(Bug::RemovalSkipped) {
                return Drained::Frames { cursor: at, more: false, left: true };
            }
        }
        Drained::Frames { cursor: at, more: at < log.head, left: false }
    }

    /// Adds a subscriber, or restarts one that is there. `false` if the room is retired.
    pub(super) fn subscribe(&self, inbox: &Arc<Inbox>, start: Start) -> bool {
        let mut subscribers = self.subscribers.lock();
        if subscribers.retired {
            return false;
        }
        if !inbox.restart(self.handle, start) {
            let slot = match subscribers.free.pop() {
                Some(slot) => slot,
                None if subscribers.slots.len() < SLOTS_MAX => {
                    subscribers.slots.push(None);
                    (subscribers.slots.len() - 1) as u32
                }
                // Far above the members that a room may have.
                None => return true,
            };
            if inbox.insert(self.id, self.handle, slot, start) {
                subscribers.slots[slot as usize] = Some(inbox.clone());
            } else {
                subscribers.free.push(slot);
            }
        }
        drop(subscribers);
        // Looked at after subscribing: an entry published before it is seen here, a
        // later one by the fan-out.
        if self.head() > start.cursor {
            inbox.mark(self.handle);
        }
        true
    }

    /// Whether nobody is left.
    pub(super) fn unsubscribe(&self, slot: u32) -> bool {
        let mut subscribers = self.subscribers.lock();
        if let Some(place) = subscribers.slots.get_mut(slot as usize)
            && place.take().is_some()
        {
            subscribers.free.push(slot);
        }
        subscribers.are_none()
    }

    /// Whether this call has retired it.
    pub(super) fn retire_if_empty(&self) -> bool {
        let mut subscribers = self.subscribers.lock();
        let retires = !subscribers.retired && subscribers.are_none();
        subscribers.retired |= retires;
        retires
    }

    /// Nobody follows this incarnation of the log any more; who did.
    pub(super) fn retire(&self) -> Vec<Arc<Inbox>> {
        let mut subscribers = self.subscribers.lock();
        subscribers.retired = true;
        subscribers.free.clear();
        subscribers.slots.drain(..).flatten().collect()
    }

    /// Marks the room dirty for the subscribers in places `from..from + count`; whether
    /// there are places behind them.
    pub(super) fn mark_slice(&self, from: usize, count: usize) -> bool {
        let subscribers = self.subscribers.lock();
        let until = subscribers.slots.len().min(from + count);
        subscribers.slots.get(from..until).into_iter().flatten().flatten().for_each(|inbox| inbox.mark(self.handle));
        until < subscribers.slots.len()
    }

    /// Everybody who follows it; where they are many it holds up whoever comes and goes.
    pub(super) fn each_subscriber(&self, tell: impl FnMut(&Arc<Inbox>)) {
        self.subscribers.lock().slots.iter().flatten().for_each(tell);
    }

    /// How many sessions follow it.
    pub(super) fn subscribers(&self) -> usize {
        let subscribers = self.subscribers.lock();
        subscribers.slots.len() - subscribers.free.len()
    }

    /// From here on a publication marks the room again, to be told at `not_before`. A swap, so
    /// that what was published before it is seen by whoever is marked behind it.
    pub(super) fn take_grown(&self, not_before: Instant) {
        *self.not_before.lock() = Some(not_before);
        self.grown.swap(false, Ordering::AcqRel);
    }

    /// The moment from which on the fan-out may tell it again.
    pub(super) fn not_before(&self) -> Option<Instant> {
        *self.not_before.lock()
    }
}
