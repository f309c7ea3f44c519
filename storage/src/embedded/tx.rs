//! A batch while it is being made: commands run one after the other, each sees what
//! the ones before it wrote, and one that fails leaves nothing behind.

use rill_protocol::{Epoch, RoomId, SessionId, UserId};
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{
    cache::{Cache, Settle},
    changed::changed,
    context::Context,
    heads::LogId,
    keys::Key,
    read::Read,
    stored,
};
use crate::{
    StoreError,
    engine::{Direction, Engine, Overlay, Visit, scan_over},
    limits::COMMAND_BYTES_MAX,
    model::{Entry, UserEntry},
    planted,
    port::changes::Changed,
    record::{self, KeyRing, Record},
    table::Table,
};

/// What is told beside the rows: observers and the recorded heads once the batch is durable,
/// and where others share the store the logins that it ends.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) entries: Vec<(RoomId, Epoch, Arc<Entry>)>,
    pub(crate) user_entries: Vec<(UserId, UserEntry)>,
    /// Who has moved a mark or was named in a room; everybody, without a user.
    pub(crate) marks: Vec<(RoomId, Option<UserId>)>,
    /// At whom more of a private chat has arrived; without a user it was closed or opened.
    pub(crate) chats: Vec<(RoomId, Option<UserId>)>,
    pub(crate) heads: Vec<(LogId, Epoch, u64)>,
    pub(crate) ended: Vec<SessionId>,
    /// Known of a whole batch.
    pub(crate) changed: BTreeSet<Changed>,
}

/// A key that a command wrote, and what the batch said of it before, if anything.
struct Replaced {
    key: Vec<u8>,
    before: Option<Option<Vec<u8>>>,
}

/// The batch under way. Only the committer has one.
pub(crate) struct Tx<'a> {
    context: &'a Context,
    ring: &'a KeyRing,
    engine: &'a dyn Engine,
    overlay: Overlay,
    bytes: usize,
    /// What the engine holds under keys that were read or, if it shows batches early,
    /// are being written.
    durable: RefCell<HashMap<Vec<u8>, Option<Vec<u8>>>>,
    cache: RefCell<Cache>,
    /// How to take back the command that is running.
    journal: Vec<Replaced>,
    pub(crate) effects: Effects,
}

/// A finished batch.
pub(crate) struct Batch {
    pub(crate) writes: Overlay,
    /// The durable value of every key in `writes`.
    pub(crate) old: Overlay,
    pub(crate) effects: Effects,
    /// For the next batch, if this one becomes durable.
    pub(crate) cache: Cache,
}

/// What a remembered record counts before it is sealed.
const REMEMBERED_BYTES: usize = 160;

impl Read for Tx<'_> {
    fn get<R: Record>(&self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        let mut cache = self.cache.borrow_mut();
        let Some(slots) = R::remembered(&mut cache) else { return self.get_stored(key) };
        if let Some(record) = slots.get(&key.bytes) {
            return Ok(record);
        }
        let record = self.get_stored(key)?;
        slots.learn(&key.bytes, record.clone());
        Ok(record)
    }

    fn contains<R: Record>(&self, key: &Key<R>) -> Result<bool, StoreError> {
        if R::remembered(&mut self.cache.borrow_mut()).is_some() {
            return Ok(self.get(key)?.is_some());
        }
        Ok(self.get_sealed(&key.bytes)?.is_some())
    }

    fn ring(&self) -> &KeyRing {
        self.ring
    }

    fn get_sealed(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.overlay.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.durable(key),
        }
    }

    fn is_partial(&self) -> bool {
        self.engine.is_partial()
    }

    fn foresee(&self, keys: &mut dyn Iterator<Item = Vec<u8>>) {
        self.engine.foresee(keys);
    }

    fn scan_sealed(
        &self,
        range: (&[u8], &[u8]),
        direction: Direction,
        limit: usize,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        debug_assert!(!is_remembered(range.0), "remembered records are not scanned");
        scan_over(self.engine, &self.overlay, range, direction, limit, visit)
    }
}

/// Whether a range is of records that may not be written yet.
fn is_remembered(from: &[u8]) -> bool {
    const TABLES: [Table; 4] = [Table::RoomHead, Table::Standing, Table::Member, Table::FormerMember];
    from.first().is_some_and(|first| TABLES.iter().any(|table| *table as u8 == *first))
}

impl<'a> Tx<'a> {
    #[cfg(test)]
    pub(crate) fn new(context: &'a Context, ring: &'a KeyRing, engine: &'a dyn Engine) -> Self {
        Self::begin(context, ring, engine, Cache::default())
    }

    pub(crate) fn begin(context: &'a Context, ring: &'a KeyRing, engine: &'a dyn Engine, cache: Cache) -> Self {
        Self {
            context,
            ring,
            engine,
            overlay: Overlay::new(),
            bytes: 0,
            durable: RefCell::default(),
            cache: RefCell::new(cache),
            journal: Vec::new(),
            effects: Effects::default(),
        }
    }

    pub(crate) fn context(&self) -> &Context {
        self.context
    }

    /// Keys and values so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn cache(&self) -> std::cell::RefMut<'_, Cache> {
        self.cache.borrow_mut()
    }

    fn get_stored<R: Record>(&self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        let sealed = self.get_sealed(&key.bytes)?;
        sealed.map(|value| record::open(self.ring, key.table, &key.bytes, &value)).transpose()
    }

    /// Before a key is written: what readers go on seeing until that is durable.
    fn keep_old(&self, key: &[u8]) -> Result<(), StoreError> {
        if self.engine.shows_early() {
            self.durable(key)?;
        }
        Ok(())
    }

    /// Changes a record that is remembered; `false` if those of its kind are not.
    fn change<R: Record>(&mut self, key: &Key<R>, record: Option<&R>) -> Result<bool, StoreError> {
        let mut cache = self.cache.borrow_mut();
        let Some(slots) = R::remembered(&mut cache) else { return Ok(false) };
        if slots.change(key.bytes.clone(), record.cloned()) {
            self.keep_old(&key.bytes)?;
            self.bytes += REMEMBERED_BYTES;
        }
        Ok(true)
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
    pub(crate) fn put<R: Record>(&mut self, key: Key<R>, record: &R) -> Result<(), StoreError> {
        if self.change(&key, Some(record))? {
            return Ok(());
        }
        self.keep_old(&key.bytes)?;
        let value = record::seal(self.ring, key.table, &key.bytes, record)?;
        self.write(key.bytes, Some(value));
        Ok(())
    }

    /// Writes a record under a key that was never used, such as the next seq: the
    /// engine need not be asked what it holds there.
    pub(crate) fn insert<R: Record>(&mut self, key: Key<R>, record: &R) -> Result<(), StoreError> {
        debug_assert!(
            planted::is_any() || self.engine.is_partial() || !matches!(self.contains(&key), Ok(true)),
            "a new {} has a used key",
            key.table.name()
        );
        let value = record::seal(self.ring, key.table, &key.bytes, record)?;
        if self.engine.shows_early() {
            self.durable.borrow_mut().entry(key.bytes.clone()).or_insert(None);
        }
        self.write(key.bytes, Some(value));
        Ok(())
    }

    /// Removes a record; it need not be there.
    pub(crate) fn delete<R: Record>(&mut self, key: Key<R>) -> Result<(), StoreError> {
        // Where asking has a price, what is not there is removed once more.
        if self.engine.is_partial() || self.contains(&key)? {
            if self.change(&key, None)? {
                return Ok(());
            }
            // Also where only the overlay has it: the batch must know its durable value.
            self.keep_old(&key.bytes)?;
            self.write(key.bytes, None);
        }
        Ok(())
    }

    /// Runs one command: all of its writes and effects, or none.
    pub(crate) fn run<T>(
        &mut self,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.journal.clear();
        self.cache.get_mut().begin();
        let bytes = self.bytes;
        let Effects { entries, user_entries, heads, ended, marks, chats, .. } = &self.effects;
        let before = (entries.len(), user_entries.len(), heads.len(), ended.len(), marks.len(), chats.len());
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
            self.cache.get_mut().take_back();
            self.bytes = bytes;
            self.effects.entries.truncate(before.0);
            self.effects.user_entries.truncate(before.1);
            self.effects.heads.truncate(before.2);
            self.effects.ended.truncate(before.3);
            self.effects.marks.truncate(before.4);
            self.effects.chats.truncate(before.5);
        }
        outcome
    }

    /// The batch, with what it replaces.
    pub(crate) fn finish(self) -> Result<Batch, StoreError> {
        let Self { ring, engine, overlay, durable, cache, mut effects, .. } = self;
        let mut cache = cache.into_inner();
        let mut sealing = Sealing { ring, writes: overlay, failure: None };
        cache.settle(&mut sealing);
        let Sealing { writes, failure, .. } = sealing;
        if let Some(error) = failure {
            return Err(error);
        }
        effects.changed = changed(&writes);
        let mut durable = durable.into_inner();
        let old = match engine.shows_early() {
            true => writes.keys().map(|key| (key.clone(), durable.remove(key).flatten())).collect(),
            false => Overlay::new(),
        };
        Ok(Batch { writes, old, effects, cache })
    }
}

/// Seals what was remembered into a batch.
struct Sealing<'a> {
    ring: &'a KeyRing,
    writes: Overlay,
    failure: Option<StoreError>,
}

impl Sealing<'_> {
    fn write<R: Record>(&mut self, table: Table, key: &[u8], record: Option<&R>) {
        match record.map(|record| record::seal(self.ring, table, key, record)).transpose() {
            Ok(value) => drop(self.writes.insert(key.to_vec(), value)),
            Err(error) => self.failure = Some(error),
        }
    }
}

impl Settle for Sealing<'_> {
    fn room_head(&mut self, key: &[u8], record: Option<&stored::RoomHead>) {
        self.write(Table::RoomHead, key, record);
    }

    fn standing(&mut self, key: &[u8], record: Option<&stored::Standing>) {
        self.write(Table::Standing, key, record);
    }

    fn member(&mut self, key: &[u8], record: Option<&stored::Membership>) {
        // Present and former members have records of one shape, in two tables.
        let is_former = key.first() == Some(&(Table::FormerMember as u8));
        self.write(if is_former { Table::FormerMember } else { Table::Member }, key, record);
    }
}
