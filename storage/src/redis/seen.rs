//! Where this node has seen logs end, and what becomes of a log that went back.
//!
//! Redis may come back with less than it had: a primary that a replica took the place of
//! before it had everything, a crash between two syncs, a dump that was put back. Its logs
//! look healthy, only shorter, and whoever has seen the lost end would take the next
//! entries under the same seqs for those. So a log that ends before where this node has
//! seen it, or holds another entry there, goes on in a new epoch: before anything is
//! appended by this node, and for all of them when another Redis answers than before.

use parking_lot::Mutex;
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use super::{connect::Connection, core::Core, probe::Primary, tended::Greet, wants::Found};
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
struct Mark {
    author: UserId,
    client_id: ClientId,
}

/// The end of a log, as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    epoch: Epoch,
    seq: u64,
    /// Of the entry there, if it was this node's.
    mark: Option<Mark>,
}

/// See the module. What is forgotten, because there are too many, is not noticed.
#[derive(Default)]
pub(super) struct Seen(Mutex<BTreeMap<LogId, Point>>);

impl Point {
    fn tells_more(&self, other: &Self) -> bool {
        let is_further = self.seq > other.seq || self.seq == other.seq && (self.mark.is_some() || other.mark.is_none());
        self.epoch == other.epoch && is_further
    }
}

fn slot(log: LogId) -> Slot {
    match log {
        LogId::Room(room) => Slot::Room(room),
        LogId::User(user) => Slot::User(user),
    }
}

impl Seen {
    fn note(&self, log: LogId, point: Point) {
        let mut logs = self.0.lock();
        match logs.get(&log) {
            Some(known) if known.tells_more(&point) => {}
            Some(_) => drop(logs.insert(log, point)),
            None => {
                if logs.len() >= LOGS_SEEN_MAX {
                    logs.pop_first();
                }
                logs.insert(log, point);
            }
        }
    }

    /// What a commit of this node appended.
    pub(super) fn committed(&self, effects: &Effects) {
        for (log, epoch, seq) in &effects.heads {
            self.note(*log, Point { epoch: *epoch, seq: *seq, mark: None });
        }
        for (room, epoch, entry) in &effects.entries {
            self.note(LogId::Room(*room), Point { epoch: *epoch, seq: entry.seq, mark: Some(Mark::of(entry)) });
        }
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

    /// The logs that a batch would append to where something else has been seen already.
    pub(super) fn went_back(&self, effects: &Effects) -> Vec<LogId> {
        let logs = self.0.lock();
        let mut first: BTreeMap<LogId, (Epoch, u64)> = BTreeMap::new();
        for (log, epoch, seq) in &effects.heads {
            first.entry(*log).or_insert((*epoch, *seq));
        }
        let is_back = |log: &LogId, epoch: Epoch, seq: u64| {
            logs.get(log).is_some_and(|seen| seen.epoch == epoch && seq <= seen.seq)
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
    let at = |epoch, seq| Point { epoch, seq, mark: None };
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
        return Ok(false);
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
    /// Who answered last, as far as is known.
    last: Mutex<Option<Vec<(String, String)>>>,
}

impl Comparing {
    pub(super) fn new(core: &Arc<Core>) -> Self {
        Self { core: Arc::downgrade(core), last: Mutex::default() }
    }
}

#[async_trait::async_trait]
impl Greet for Comparing {
    async fn greet(&self, _: &Connection, primaries: &[Primary]) -> Result<(), StoreError> {
        let who = |primary: &Primary| (primary.run_id.clone(), primary.replication_id.clone());
        let mut now: Vec<_> = primaries.iter().map(who).collect();
        now.sort();
        let is_same = self.last.lock().replace(now.clone()) == Some(now);
        if let Some(core) = self.core.upgrade().filter(|_| !is_same) {
            // Over the connection that is handed out next. What this node appends meanwhile
            // is held against what it has seen by itself.
            (core.spawn.clone())(Box::pin(core.compare()));
        }
        Ok(())
    }
}

impl Core {
    /// All logs that were seen, a few at a time.
    async fn compare(self: Arc<Self>) {
        let logs: Vec<_> = self.seen.0.lock().iter().map(|(log, point)| (*log, *point)).collect();
        let logs = Arc::new(Mutex::new(logs.into_iter()));
        for _ in 0..LOGS_COMPARED_AT_ONCE {
            let (core, logs) = (Arc::clone(&self), Arc::clone(&logs));
            (self.spawn)(Box::pin(async move {
                while let Some((log, seen)) = { logs.lock().next() } {
                    if let Err(error) = core.compare_one(log, seen).await {
                        // It is asked again with the next connection.
                        tracing::warn!(?log, %error, "a log cannot be held against what was seen of it");
                        return;
                    }
                }
            }));
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
