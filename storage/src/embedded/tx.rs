//! A batch while it is being made: commands run one after the other, each sees what
//! the ones before it wrote, and one that fails leaves nothing behind.

use rill_protocol::{Epoch, RoomId, UserId};
use std::{
    cell::RefCell,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{context::Context, heads::LogId, keys::Key, read::Read};
use crate::{
    StoreError,
    engine::{Direction, Engine, Overlay, Visit, scan_over},
    limits::COMMAND_BYTES_MAX,
    model::{Entry, UserEntry},
    record::{self, KeyRing, Record},
};

/// What observers and the recorded heads are told once the batch is durable.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) entries: Vec<(RoomId, Epoch, Arc<Entry>)>,
    pub(super) user_entries: Vec<(UserId, UserEntry)>,
    pub(super) heads: Vec<(LogId, Epoch, u64)>,
}

/// A key that a command wrote, and what the batch said of it before, if anything.
struct Replaced {
    key: Vec<u8>,
    before: Option<Option<Vec<u8>>>,
}

/// The batch under way. Only the committer has one.
pub(super) struct Tx<'a> {
    context: &'a Context,
    ring: &'a KeyRing,
    engine: &'a dyn Engine,
    overlay: Overlay,
    bytes: usize,
    /// What the engine holds under keys that were read or are being written.
    durable: RefCell<HashMap<Vec<u8>, Option<Vec<u8>>>>,
    /// How to take back the command that is running.
    journal: Vec<Replaced>,
    pub(super) effects: Effects,
}

/// A finished batch.
pub(super) struct Batch {
    pub(super) writes: Overlay,
    /// The durable value of every key in `writes`.
    pub(super) old: Overlay,
    pub(super) effects: Effects,
}

impl Read for Tx<'_> {
    fn ring(&self) -> &KeyRing {
        self.ring
    }

    fn get_sealed(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.overlay.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.durable(key),
        }
    }

    fn scan_sealed(
        &self,
        range: (&[u8], &[u8]),
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        scan_over(self.engine, &self.overlay, range, direction, visit)
    }
}

impl<'a> Tx<'a> {
    pub(super) fn new(context: &'a Context, ring: &'a KeyRing, engine: &'a dyn Engine) -> Self {
        Self {
            context,
            ring,
            engine,
            overlay: Overlay::new(),
            bytes: 0,
            durable: RefCell::default(),
            journal: Vec::new(),
            effects: Effects::default(),
        }
    }

    pub(super) fn context(&self) -> &Context {
        self.context
    }

    /// Keys and values so far.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn durable(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(value) = self.durable.borrow().get(key) {
            return Ok(value.clone());
        }
        let value = self.engine.get(key)?;
        self.durable.borrow_mut().insert(key.to_vec(), value.clone());
        Ok(value)
    }

    fn write(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        let before = self.overlay.insert(key.clone(), value);
        if let Some(Some(before)) = &before {
            self.bytes -= key.len() + before.len();
        } else if before.is_some() {
            self.bytes -= key.len();
        }
        self.journal.push(Replaced { key, before });
    }

    /// Writes a record.
    pub(super) fn put<R: Record>(&mut self, key: Key<R>, record: &R) -> Result<(), StoreError> {
        self.durable(&key.bytes)?;
        let value = record::seal(self.ring, key.table, &key.bytes, record)?;
        self.write(key.bytes, Some(value));
        Ok(())
    }

    /// Writes a record under a key that was never used, such as the next seq: the
    /// engine need not be asked what it holds there.
    pub(super) fn insert<R: Record>(&mut self, key: Key<R>, record: &R) -> Result<(), StoreError> {
        debug_assert!(matches!(self.contains(&key), Ok(false)), "a new {} has a used key", key.table.name());
        let value = record::seal(self.ring, key.table, &key.bytes, record)?;
        self.durable.borrow_mut().entry(key.bytes.clone()).or_insert(None);
        self.write(key.bytes, Some(value));
        Ok(())
    }

    /// Removes a record; it need not be there.
    pub(super) fn delete<R: Record>(&mut self, key: Key<R>) -> Result<(), StoreError> {
        if self.contains(&key)? {
            // Also where only the overlay has it: the batch must know its durable value.
            self.durable(&key.bytes)?;
            self.write(key.bytes, None);
        }
        Ok(())
    }

    /// Runs one command: all of its writes and effects, or none.
    pub(super) fn run<T>(
        &mut self,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.journal.clear();
        let bytes = self.bytes;
        let marks = (self.effects.entries.len(), self.effects.user_entries.len(), self.effects.heads.len());
        let outcome = catch_unwind(AssertUnwindSafe(|| command(self)))
            .unwrap_or_else(|_| Err(StoreError::Engine("a command of the store panicked".into())));
        let outcome = match outcome {
            Ok(_) if self.bytes.saturating_sub(bytes) > COMMAND_BYTES_MAX => {
                Err(StoreError::Engine("a command writes more than a batch has room for".into()))
            }
            other => other,
        };
        if outcome.is_err() {
            for Replaced { key, before } in self.journal.drain(..).rev() {
                match before {
                    Some(before) => self.overlay.insert(key, before),
                    None => self.overlay.remove(&key),
                };
            }
            self.bytes = bytes;
            self.effects.entries.truncate(marks.0);
            self.effects.user_entries.truncate(marks.1);
            self.effects.heads.truncate(marks.2);
        }
        outcome
    }

    /// The batch, with what it replaces.
    pub(super) fn finish(self) -> Batch {
        let mut durable = self.durable.into_inner();
        let old = self.overlay.keys().map(|key| (key.clone(), durable.remove(key).flatten())).collect();
        Batch { writes: self.overlay, old, effects: self.effects }
    }
}
