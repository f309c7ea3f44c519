//! What a node remembers of its slots: small rows that are read again, with the version that
//! they were read at. Whoever uses them asks Redis whether that still is the version, or
//! commits on the condition that it is; so they save rows on the way, and never tell what is
//! not true any more.

use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use super::{bell::Changes, layout, queue::Waiting, statistics::Counters, version::Version};
use crate::{
    aggregates::Slot,
    engine::Overlay,
    limits::{REMEMBERED_BYTES_MAX, REMEMBERED_SLOT_BYTES_MAX, REMEMBERED_SLOTS_MAX},
    table::Table,
};

#[derive(Default)]
struct Rows {
    version: Option<Version>,
    rows: HashMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    /// The slot is in the list of those with something due or to be swept: nobody took it
    /// out since, for that takes a version.
    is_listed: bool,
}

/// The rows of one slot.
pub(super) struct Remembered {
    rows: Mutex<Rows>,
    /// Bytes of all slots.
    total_bytes: Arc<AtomicUsize>,
    counters: Arc<Counters>,
}

/// Whether a row is one of those.
pub(super) fn is_remembered(key: &[u8]) -> bool {
    key.first().and_then(|number| Table::of(*number)).is_some_and(layout::is_remembered)
}

impl Rows {
    fn clear(&mut self) {
        self.rows.clear();
        self.bytes = 0;
    }

    fn insert(&mut self, key: &[u8], value: Option<&Vec<u8>>) {
        let bytes = |value: Option<&Vec<u8>>| key.len() + value.map_or(0, Vec::len);
        self.bytes += bytes(value);
        if let Some(before) = self.rows.insert(key.to_vec(), value.cloned()) {
            self.bytes -= bytes(before.as_ref());
        }
    }
}

impl Remembered {
    pub(super) fn version(&self) -> Option<Version> {
        self.rows.lock().version.clone()
    }

    pub(super) fn get(&self, version: &Version, key: &[u8]) -> Option<Option<Vec<u8>>> {
        if !is_remembered(key) {
            return None;
        }
        let rows = self.rows.lock();
        let found = rows.rows.get(key).filter(|_| rows.version.as_ref() == Some(version)).cloned();
        let counter = if found.is_some() { &self.counters.hits } else { &self.counters.misses };
        counter.fetch_add(1, Relaxed);
        found
    }

    /// Rows as they were at a version.
    pub(super) fn learn(&self, version: &Version, found: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) {
        self.change(|rows| {
            if rows.version.as_ref() != Some(version) {
                let is_older = rows.version.as_ref().is_some_and(|known| known.number() > version.number());
                *rows = Rows::default();
                // An answer that was overtaken by a later one, or a Redis that went back: the
                // next answer tells.
                if is_older {
                    return;
                }
                rows.version = Some(version.clone());
            }
            for (key, value) in found.iter().filter(|(key, _)| is_remembered(key)) {
                rows.insert(key, value.as_ref());
            }
        });
    }

    /// A commit of this node made one version of another.
    pub(super) fn advance(&self, before: &Version, after: Version, writes: &Overlay) {
        self.change(|rows| {
            if rows.version.as_ref() != Some(before) {
                *rows = Rows::default();
            }
            for (key, value) in writes.iter().filter(|(key, _)| is_remembered(key)) {
                rows.insert(key, value.as_ref());
            }
            // A commit that writes nothing has taken the slot out of its list.
            rows.is_listed &= !writes.is_empty();
            rows.version = Some(after);
        });
    }

    /// A commit of another node did so. Only who knows what it was made upon learns from it:
    /// what came too early or too late, or a second time, is of no use.
    pub(super) fn told(&self, changes: &Changes) {
        self.change(|rows| {
            let Some(version) = rows.version.as_ref().filter(|version| version.newest() == changes.before.as_bytes())
            else {
                return;
            };
            rows.version = Some(version.after(changes.after));
            // Who took it out may be the one.
            rows.is_listed = false;
            for (key, value) in &changes.rows {
                // What was never asked for here need not be kept.
                if rows.rows.contains_key(key) {
                    rows.insert(key, value.as_ref());
                }
            }
        });
    }

    /// Whether the slot is known to be in its list, at that version.
    pub(super) fn is_listed(&self, version: &Version) -> bool {
        let rows = self.rows.lock();
        rows.is_listed && rows.version.as_ref() == Some(version)
    }

    /// Notes that it is, if this still is the version, or that it may not be.
    pub(super) fn note_listed(&self, version: Option<&Version>) {
        let mut rows = self.rows.lock();
        rows.is_listed = version.is_some() && rows.version.as_ref() == version;
    }

    pub(super) fn forget(&self) {
        self.change(|rows| *rows = Rows::default());
    }

    fn change(&self, change: impl FnOnce(&mut Rows)) {
        let mut rows = self.rows.lock();
        let before = rows.bytes;
        change(&mut rows);
        if rows.bytes > REMEMBERED_SLOT_BYTES_MAX {
            rows.clear();
        }
        self.total_bytes.fetch_add(rows.bytes, Relaxed);
        self.total_bytes.fetch_sub(before, Relaxed);
    }
}

impl Drop for Remembered {
    fn drop(&mut self) {
        self.total_bytes.fetch_sub(self.rows.get_mut().bytes, Relaxed);
    }
}

/// What a node knows of a slot.
pub(super) struct Known {
    pub(super) slot: Slot,
    pub(super) remembered: Remembered,
    pub(super) waiting: Mutex<Waiting>,
    used: AtomicU64,
}

/// All slots that a node knows something of.
pub(super) struct Slots {
    known: Mutex<HashMap<Slot, Arc<Known>>>,
    total_bytes: Arc<AtomicUsize>,
    uses: AtomicU64,
    counters: Arc<Counters>,
}

impl Slots {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { known: Mutex::default(), total_bytes: Arc::default(), uses: AtomicU64::new(0), counters }
    }

    pub(super) fn known(&self, slot: Slot) -> Arc<Known> {
        let mut known = self.known.lock();
        let used = self.uses.fetch_add(1, Relaxed);
        if let Some(found) = known.get(&slot) {
            found.used.store(used, Relaxed);
            return Arc::clone(found);
        }
        if known.len() >= REMEMBERED_SLOTS_MAX || self.total_bytes.load(Relaxed) > REMEMBERED_BYTES_MAX {
            Self::forget_half(&mut known);
        }
        let fresh = Arc::new(Known {
            slot,
            remembered: Remembered {
                rows: Mutex::default(),
                total_bytes: Arc::clone(&self.total_bytes),
                counters: Arc::clone(&self.counters),
            },
            waiting: Mutex::default(),
            used: AtomicU64::new(used),
        });
        known.insert(slot, Arc::clone(&fresh));
        fresh
    }

    /// What is known of a slot, if anything is.
    pub(super) fn find(&self, slot: Slot) -> Option<Arc<Known>> {
        self.known.lock().get(&slot).cloned()
    }

    /// Forgets the half that was not used for the longest time, but for what is in use.
    fn forget_half(known: &mut HashMap<Slot, Arc<Known>>) {
        let mut uses: Vec<u64> = known.values().map(|slot| slot.used.load(Relaxed)).collect();
        let middle = uses.len() / 2;
        let (_, middle, _) = uses.select_nth_unstable(middle);
        known.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.used.load(Relaxed) > *middle);
    }
}
