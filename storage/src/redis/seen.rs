//! Where this node has seen logs end, and what becomes of a log that went back.
//!
//! Redis may come back with less than it had: a primary that a replica took the place of
//! before it had everything, a crash between two syncs, a dump that was put back. Its logs
//! look healthy, only shorter, and whoever has seen the lost end would take the next
//! entries under the same seqs for those. So a log that ends before where this node has
//! seen it, or holds another entry there, goes on in a new epoch: before anything is
//! appended by this node, and for all of them when another Redis answers than before, also
//! than before this node's start (see [`super::recorded`]).

use parking_lot::Mutex;
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::{connect::Connection, core::Core, probe::Primary, recorded::Record, tended::Greet, wants::Found};
use crate::{
    StoreError,
    aggregates::Slot,
    embedded::{
        epochs,
        heads::LogId,
        keys,
        read::Read,
        stored,
        tx::{Effects, Tx},
    },
    limits::{LOGS_COMPARED_AT_ONCE, LOGS_SEEN_MAX},
    model::Entry,
    record::{self, KeyRing},
    table::Table,
};

/// What tells one entry from another under the same seq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) author: UserId,
    pub(super) client_id: ClientId,
}

/// The end of a log, as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) epoch: Epoch,
    pub(super) seq: u64,
    /// Of the entry there, if it was this node's.
    pub(super) mark: Option<Mark>,
    /// The epochs that it has left, the last first: only a log that went back wears one again.
    pub(super) left: [Option<Epoch>; 2],
}

/// Who answers at the other end: a hash of the primaries' processes and of their data's
/// histories. Another one may have other data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Met(pub(super) [u8; 16]);

/// Not yet held against whoever answers.
const NOBODY: Met = Met([0; 16]);

/// See the module. What is forgotten, because there are too many, is not noticed.
#[derive(Default)]
pub(super) struct Seen(Mutex<Logs>);

#[derive(Default)]
struct Logs {
    ends: BTreeMap<LogId, Point>,
    /// Of those, the ones that are not recorded so.
    changed: BTreeSet<LogId>,
    /// The Redis that all of them were last held against; nobody while that is under way.
    met: Option<Met>,
    is_met_changed: bool,
}

impl Point {
    fn new(epoch: Epoch, seq: u64, mark: Option<Mark>) -> Self {
        Self { epoch, seq, mark, left: [None; 2] }
    }

    fn has_left(&self, epoch: Epoch) -> bool {
        self.left.contains(&Some(epoch))
    }

    /// Whether the other one is old. An epoch that was left may have been read before it was.
    fn tells_more(&self, other: &Self) -> bool {
        let is_further = self.seq > other.seq || self.seq == other.seq && (self.mark.is_some() || other.mark.is_none());
        self.epoch == other.epoch && is_further || self.has_left(other.epoch)
    }

    /// The same log, later.
    fn followed_by(&self, other: Self) -> Self {
        let left = if self.epoch == other.epoch { self.left } else { [Some(self.epoch), self.left[0]] };
        Self { left, ..other }
    }
}

fn slot(log: LogId) -> Slot {
    match log {
        LogId::Room(room) => Slot::Room(room),
        LogId::User(user) => Slot::User(user),
    }
}

impl Logs {
    /// Whether it was news.
    fn take(&mut self, log: LogId, mut point: Point) -> bool {
        match self.ends.get(&log) {
            Some(known) if known.tells_more(&point) => return false,
            Some(known) => point = known.followed_by(point),
            None if self.ends.len() < LOGS_SEEN_MAX => {}
            None => {
                if let Some((forgotten, _)) = self.ends.pop_first() {
                    self.changed.remove(&forgotten);
                }
            }
        }
        self.ends.insert(log, point);
        true
    }

    fn records<'a>(&'a self, logs: impl Iterator<Item = &'a LogId>) -> Vec<Record> {
        logs.filter_map(|log| Some(Record::Log(*log, *self.ends.get(log)?))).collect()
    }
}

impl Seen {
    fn note(&self, log: LogId, point: Point) {
        let mut logs = self.0.lock();
        if logs.take(log, point) {
            logs.changed.insert(log);
        }
    }

    /// What was recorded before this node's start.
    pub(super) fn recall(&self, record: Record) {
        let mut logs = self.0.lock();
        match record {
            // The later record knows what it has left.
            Record::Log(log, point) => {
                logs.ends.remove(&log);
                logs.take(log, point);
            }
            Record::Met(met) => logs.met = Some(met),
        }
    }

    /// What is to be recorded since the last time this was asked.
    pub(super) fn changed(&self) -> Vec<Record> {
        let mut logs = self.0.lock();
        let changed = std::mem::take(&mut logs.changed);
        let mut records = logs.records(changed.iter());
        if std::mem::take(&mut logs.is_met_changed) {
            records.extend(logs.met.map(Record::Met));
        }
        records
    }

    /// Everything.
    pub(super) fn all(&self) -> Vec<Record> {
        let logs = self.0.lock();
        let mut records = logs.records(logs.ends.keys());
        records.extend(logs.met.map(Record::Met));
        records
    }

    pub(super) fn count(&self) -> usize {
        self.0.lock().ends.len()
    }

    /// What is to be held against that Redis: nothing, if that has been done. Until then it
    /// is nobody's, also for a start after this one.
    fn uncompared(&self, met: Met) -> Option<Vec<(LogId, Point)>> {
        let mut logs = self.0.lock();
        if logs.met == Some(met) {
            return None;
        }
        logs.met = Some(NOBODY);
        logs.is_met_changed = true;
        Some(logs.ends.iter().map(|(log, point)| (*log, *point)).collect())
    }

    fn compared(&self, met: Met) {
        let mut logs = self.0.lock();
        logs.met = Some(met);
        logs.is_met_changed = true;
    }

    #[cfg(test)]
    pub(super) fn all_changed(&self) {
        let mut logs = self.0.lock();
        logs.changed = logs.ends.keys().copied().collect();
    }

    /// What a commit of this node appended.
    pub(super) fn committed(&self, effects: &Effects) {
        for (log, epoch, seq) in &effects.heads {
            self.note(*log, Point::new(*epoch, *seq, None));
        }
        for (room, epoch, entry) in &effects.entries {
            self.note(LogId::Room(*room), Point::new(*epoch, entry.seq, Some(Mark::of(entry))));
        }
    }

    /// What another node has committed, as its doorbell says.
    pub(super) fn told(&self, room: RoomId, epoch: Epoch, last: &Entry) {
        self.note(LogId::Room(room), Point::new(epoch, last.seq, Some(Mark::of(last))));
    }

    /// What was read.
    pub(super) fn read(&self, ring: &KeyRing, found: &[Found]) {
        for row in found {
            if let Found::Row(key, Some(value)) = row
                && let Some((log, point)) = head(ring, key, value)
            {
                self.note(log, point);
            }
        }
    }

    fn end(&self, log: LogId) -> Option<Point> {
        self.0.lock().ends.get(&log).copied()
    }

    /// The logs that a batch would append to where something else has been seen already.
    pub(super) fn went_back(&self, effects: &Effects) -> Vec<LogId> {
        let logs = self.0.lock();
        let mut first: BTreeMap<LogId, (Epoch, u64)> = BTreeMap::new();
        for (log, epoch, seq) in &effects.heads {
            first.entry(*log).or_insert((*epoch, *seq));
        }
        let is_back = |log: &LogId, epoch: Epoch, seq: u64| {
            logs.ends.get(log).is_some_and(|seen| seen.epoch == epoch && seq <= seen.seq || seen.has_left(epoch))
        };
        first.into_iter().filter(|(log, (epoch, seq))| is_back(log, *epoch, *seq)).map(|(log, _)| log).collect()
    }
}

impl Mark {
    fn of(entry: &Entry) -> Self {
        Self { author: entry.author, client_id: entry.client_id }
    }
}

/// A row that says where a log ends.
fn head(ring: &KeyRing, key: &[u8], value: &[u8]) -> Option<(LogId, Point)> {
    let id = || <[u8; 16]>::try_from(key.get(1..17)?).ok();
    let at = |epoch, seq| Point::new(epoch, seq, None);
    match Table::of(*key.first()?)? {
        Table::RoomHead => {
            let head: stored::RoomHead = record::open(ring, Table::RoomHead, key, value).ok()?;
            Some((LogId::Room(RoomId(id()?)), at(head.epoch, head.seq)))
        }
        Table::UserHead => {
            let head: stored::UserHead = record::open(ring, Table::UserHead, key, value).ok()?;
            Some((LogId::User(UserId(id()?)), at(head.epoch, head.seq)))
        }
        _ => None,
    }
}

/// Whether a log is not any more what it was seen to be.
fn is_another(read: &impl Read, log: LogId, seen: Point) -> Result<bool, StoreError> {
    let Some(found) = epochs::find(read, log)? else { return Ok(false) };
    if found.epoch != seen.epoch {
        // Another node may have given it a new one.
        return Ok(seen.has_left(found.epoch));
    }
    if found.seq < seen.seq {
        return Ok(true);
    }
    let (LogId::Room(room), Some(mark)) = (log, seen.mark) else { return Ok(false) };
    let entry = read.get(&keys::entry(room, seen.seq))?;
    Ok(entry.is_none_or(|entry| mark != Mark { author: entry.author, client_id: entry.client_id }))
}

/// Gives a log the epoch in which it goes on, if there is one. Nothing is told of it where
/// the batch appends: that says the same.
pub(super) fn renew(tx: &mut Tx<'_>, log: LogId) -> Result<Option<(Epoch, u64)>, StoreError> {
    let Some(found) = epochs::find(tx, log)? else { return Ok(None) };
    let epoch = tx.context().fresh_epoch();
    tracing::warn!(?log, seq = found.seq, "a log has lost entries that were seen; it goes on in a new epoch");
    epochs::wear(tx, log, epoch)?;
    Ok(Some((epoch, found.seq)))
}

/// Holds what was seen against what another Redis has.
pub(super) struct Comparing {
    core: Weak<Core>,
}

impl Met {
    pub(super) fn of(primaries: &[Primary]) -> Self {
        let mut all: Vec<_> =
            primaries.iter().map(|primary| format!("{} {}\n", primary.run_id, primary.replication_id)).collect();
        all.sort();
        let mut met = [0; 16];
        met.copy_from_slice(&blake3::hash(all.concat().as_bytes()).as_bytes()[..16]);
        Self(met)
    }
}

impl Comparing {
    pub(super) fn new(core: &Arc<Core>) -> Self {
        Self { core: Arc::downgrade(core) }
    }
}

#[async_trait::async_trait]
impl Greet for Comparing {
    async fn greet(&self, _: &Connection, primaries: &[Primary]) -> Result<(), StoreError> {
        if let Some(core) = self.core.upgrade() {
            core.hold_against(Met::of(primaries));
        }
        Ok(())
    }
}

/// Of several that compare at once, the last one done.
struct Comparison {
    met: Met,
    logs: Mutex<std::vec::IntoIter<(LogId, Point)>>,
    /// Tasks that are not done, each with all its logs.
    undone: AtomicU64,
}

impl Core {
    /// Compares, in the background, if another Redis answers than all was last held against.
    /// What this node appends meanwhile is held against what it has seen by itself.
    pub(super) fn hold_against(self: &Arc<Self>, met: Met) {
        let Some(logs) = self.seen.uncompared(met) else { return };
        let tasks = logs.len().clamp(1, LOGS_COMPARED_AT_ONCE);
        let undone = AtomicU64::new(tasks as u64);
        let comparison = Arc::new(Comparison { met, logs: Mutex::new(logs.into_iter()), undone });
        for _ in 0..tasks {
            let (core, comparison) = (Arc::clone(self), Arc::clone(&comparison));
            (self.spawn)(Box::pin(core.compare(comparison)));
        }
    }

    async fn compare(self: Arc<Self>, comparison: Arc<Comparison>) {
        while let Some((log, seen)) = { comparison.logs.lock().next() } {
            match self.compare_one(log, seen).await {
                Ok(()) => {}
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::warn!(?log, %error, "a log cannot be held against what was seen of it");
                    // All of it again, with the next connection or at the next start; but a
                    // damaged log stays what it is.
                    if matches!(error, StoreError::Unreachable(_) | StoreError::Busy) {
                        return;
                    }
                }
            }
        }
        if comparison.undone.fetch_sub(1, Relaxed) == 1 {
            self.seen.compared(comparison.met);
        }
    }

    /// Compares one log with what was seen of it.
    pub(super) async fn doubt(self: &Arc<Self>, room: RoomId) -> Result<(), StoreError> {
        self.ensure_open()?;
        let log = LogId::Room(room);
        match self.seen.end(log) {
            Some(seen) => self.compare_one(log, seen).await,
            None => Ok(()),
        }
    }

    async fn compare_one(self: &Arc<Self>, log: LogId, seen: Point) -> Result<(), StoreError> {
        if !self.read(slot(log), |view| is_another(view, log, seen)).await? {
            return Ok(());
        }
        self.submit(slot(log), move |tx| {
            if is_another(tx, log, seen)?
                && let Some((epoch, seq)) = renew(tx, log)?
            {
                // Rings for the other nodes.
                tx.effects.heads.push((log, epoch, seq));
            }
            Ok(())
        })
        .await
    }
}
