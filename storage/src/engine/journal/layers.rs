//! What is in the journal alone, over the engine: the generation that gathers, over the
//! one that the applier puts into the engine, over the engine.

use parking_lot::RwLock;
use std::sync::Arc;

use super::{Direction, Engine, Overlay, Visit};
use crate::{
    StoreError,
    engine::overlay::{scan, scan_upon},
};

#[derive(Default)]
struct Generations {
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
        let generations = self.generations.read();
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
        let generations = self.generations.read();
        let engine = &*self.engine;
        let range = (from, until);
        let mut lower = |visit: &mut Visit<'_>| match &generations.handed {
            Some(handed) => scan(engine, handed, range, direction, usize::MAX, visit),
            None => engine.scan(from, until, direction, visit),
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

    /// Makes a batch visible.
    pub(super) fn gather(&self, batch: Overlay) {
        let bytes: usize = batch.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
        let mut generations = self.generations.write();
        // Rows that replace others count again: it is the journal's size that matters too.
        generations.gathering_bytes += bytes;
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
