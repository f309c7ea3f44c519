//! What readers see: the durable state, all of it and nothing else.
//!
//! An engine behind a journal shows a batch when it is told to, which is when it is
//! durable. Another one shows it as soon as it is applied. There the committer first lays the old values of the batch's keys
//! over the engine, then commits and syncs, and only then lifts them. A read holds the
//! lock while it runs: it sees one durable state, however many keys it touches. The
//! committer holds it exclusively for the two swaps alone, so nobody ever waits for a
//! disk to sync. After a failed barrier the old values stay: readers go on, with the
//! last durable state, until a restart has found out which one the disk has.

use parking_lot::RwLock;
use std::sync::Arc;

use super::read::Read;
use crate::{
    StoreError,
    engine::{Direction, Engine, Overlay, Visit, get_over, scan_over},
    record::KeyRing,
};

struct State {
    /// Nothing once the store is closed.
    engine: Option<Arc<dyn Engine>>,
    /// The durable values of keys that a batch under way writes.
    concealed: Overlay,
}

/// The state that readers share with the committer.
pub(crate) struct Durable {
    ring: KeyRing,
    state: RwLock<State>,
}

/// One durable state, for as long as it is borrowed.
pub(crate) struct View<'a> {
    ring: &'a KeyRing,
    engine: &'a dyn Engine,
    concealed: &'a Overlay,
}

impl<'a> View<'a> {
    /// What an engine holds that nobody writes to.
    pub(crate) fn of(ring: &'a KeyRing, engine: &'a dyn Engine) -> Self {
        static NOTHING: Overlay = Overlay::new();
        Self { ring, engine, concealed: &NOTHING }
    }
}

impl Read for View<'_> {
    fn ring(&self) -> &KeyRing {
        self.ring
    }

    fn get_sealed(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        get_over(self.engine, self.concealed, key)
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
        scan_over(self.engine, self.concealed, range, direction, limit, visit)
    }
}

impl Durable {
    pub(crate) fn new(engine: Arc<dyn Engine>) -> Self {
        Self { ring: KeyRing, state: RwLock::new(State { engine: Some(engine), concealed: Overlay::new() }) }
    }

    pub(super) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Reads on the caller's thread. Every read is bounded, and mostly served from
    /// the engine's cache.
    pub(super) fn read<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let state = self.state.read();
        let engine = state.engine.as_deref().ok_or(StoreError::Closed)?;
        read(&View { ring: &self.ring, engine, concealed: &state.concealed })
    }

    /// What lies below.
    pub(super) fn engine(&self) -> Result<Arc<dyn Engine>, StoreError> {
        self.state.read().engine.clone().ok_or(StoreError::Closed)
    }

    /// Before a commit: readers keep these values.
    pub(super) fn conceal(&self, old: Overlay) {
        self.state.write().concealed = old;
    }

    /// After its barrier: the batch is visible, whole and at once.
    pub(super) fn reveal(&self) {
        let mut state = self.state.write();
        if let Some(engine) = &state.engine {
            engine.publish();
        }
        let lifted = std::mem::take(&mut state.concealed);
        drop(state);
        // Freed after the lock.
        drop(lifted);
    }

    /// Lets go of the engine, and with it of its files.
    pub(super) fn close(&self) {
        let engine = self.state.write().engine.take();
        drop(engine);
    }
}
