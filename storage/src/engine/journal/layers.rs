//! What is in the journal alone, over the engine: the generation that gathers, over the
//! one that the applier puts into the engine, over the engine.

use parking_lot::RwLock;
use std::sync::Arc;

use super::{Direction, Engine, Overlay, Visit};
use crate::{
    StoreError,
    engine::{
        bytes_of,
        overlay::{scan, scan_upon},
    },
};

#[derive(Default)]
struct Generations {
    /// On its way to be durable; readers do not see it.
    staged: Option<Overlay>,
    gathering: Overlay,
    gathering_bytes: usize,
    handed_bytes: usize,
    /// The engine may have all of it, some of it or none.
    handed: Option<Arc<Overlay>>,
}

pub(super) struct Layers {
    pub(super) engine: Arc<dyn Engine>,
    /// Held while reading, so that no row is missed on its way down.
    generations: RwLock<Generations>,
}

impl Layers {
    pub(super) fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine, generations: RwLock::default() }
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_below(&self.generations.read(), key)
    }

    /// With the batch that is staged.
    pub(super) fn get_ahead(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let generations = self.generations.read();
        match generations.staged.as_ref().and_then(|staged| staged.get(key)) {
            Some(value) => Ok(value.clone()),
            None => self.get_below(&generations, key),
        }
    }

    fn get_below(&self, generations: &Generations, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(value) = generations.gathering.get(key) {
            return Ok(value.clone());
        }
        if let Some(value) = generations.handed.as_ref().and_then(|handed| handed.get(key)) {
            return Ok(value.clone());
        }
        self.engine.get(key)
    }

    pub(super) fn scan(
        &self,
        from: &[u8],
        until: &[u8],
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        self.scan_below(&self.generations.read(), (from, until), direction, visit)
    }

    /// With the batch that is staged.
    pub(super) fn scan_ahead(
        &self,
        range: (&[u8], &[u8]),
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let generations = self.generations.read();
        let mut lower = |visit: &mut Visit<'_>| self.scan_below(&generations, range, direction, visit);
        match &generations.staged {
            Some(staged) => scan_upon(&mut lower, staged, range, direction, visit),
            None => lower(visit),
        }
    }

    fn scan_below(
        &self,
        generations: &Generations,
        range: (&[u8], &[u8]),
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let engine = &*self.engine;
        let mut lower = |visit: &mut Visit<'_>| match &generations.handed {
            Some(handed) => scan(engine, handed, range, direction, usize::MAX, visit),
            None => engine.scan(range.0, range.1, direction, visit),
        };
        scan_upon(&mut lower, &generations.gathering, range, direction, visit)
    }

    /// Bytes of the generation that gathers.
    pub(super) fn gathered_bytes(&self) -> usize {
        self.generations.read().gathering_bytes
    }

    /// Bytes that the engine is not known to have.
    pub(super) fn waiting_bytes(&self) -> usize {
        let generations = self.generations.read();
        generations.gathering_bytes + generations.handed_bytes
    }

    /// Takes a batch that readers do not see yet.
    pub(super) fn stage(&self, batch: Overlay) {
        self.generations.write().staged = Some(batch);
    }

    /// Drops it.
    pub(super) fn unstage(&self) {
        let dropped = self.generations.write().staged.take();
        drop(dropped);
    }

    pub(super) fn look_at_staged<T>(&self, look: impl FnOnce(&Overlay) -> T) -> Option<T> {
        self.generations.read().staged.as_ref().map(look)
    }

    /// Makes the batch that is staged visible.
    pub(super) fn gather(&self) {
        let mut generations = self.generations.write();
        let Some(batch) = generations.staged.take() else { return };
        // Rows that replace others count again: it is the journal's size that matters too.
        generations.gathering_bytes += bytes_of(&batch);
        generations.gathering.extend(batch);
    }

    /// Ends the generation that gathers; nothing may be on its way to the engine.
    pub(super) fn freeze(&self) -> Arc<Overlay> {
        let mut generations = self.generations.write();
        debug_assert!(generations.handed.is_none(), "one generation at a time");
        generations.handed_bytes = std::mem::take(&mut generations.gathering_bytes);
        let rows = Arc::new(std::mem::take(&mut generations.gathering));
        generations.handed = Some(Arc::clone(&rows));
        rows
    }

    /// The engine has the generation that was handed to it, durably.
    pub(super) fn thaw(&self) {
        let handed = {
            let mut generations = self.generations.write();
            generations.handed_bytes = 0;
            generations.handed.take()
        };
        // Freed after the lock.
        drop(handed);
    }
}
