//! The engine of tests and simulation: a sorted map that forgets at the end.

use parking_lot::RwLock;
use std::{
    collections::BTreeMap,
    ops::{Bound, ControlFlow},
};

use super::{Direction, Engine, Overlay, Visit};
use crate::StoreError;

#[derive(Default)]
struct Content {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
}

/// Keys and values in memory, at most `bytes_max` of them.
pub(crate) struct MemoryEngine {
    content: RwLock<Content>,
    bytes_max: usize,
}

impl MemoryEngine {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { content: RwLock::default(), bytes_max }
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.content.read().rows.get(key).cloned())
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if from >= until {
            return Ok(());
        }
        let content = self.content.read();
        let range = content.rows.range::<[u8], _>((Bound::Included(from), Bound::Excluded(until)));
        let visit = |(key, value): (&Vec<u8>, &Vec<u8>)| visit(key, value);
        // Breaking is how a visitor says that it has enough: no failure.
        let _: ControlFlow<()> = match direction {
            Direction::Forward => range.into_iter().try_for_each(visit),
            Direction::Reverse => range.rev().try_for_each(visit),
        };
        Ok(())
    }

    fn commit(&self, batch: Overlay) -> Result<(), StoreError> {
        let mut content = self.content.write();
        let (mut gained, mut freed) = (0, 0);
        for (key, value) in &batch {
            gained += value.as_ref().map_or(0, |value| key.len() + value.len());
            freed += content.rows.get(key).map_or(0, |old| key.len() + old.len());
        }
        let bytes = content.bytes + gained - freed;
        if bytes > self.bytes_max {
            let max = self.bytes_max;
            return Err(StoreError::Engine(format!("the in-memory store may hold {max} bytes and is full")));
        }
        content.bytes = bytes;
        for (key, value) in batch {
            match value {
                Some(value) => content.rows.insert(key, value),
                None => content.rows.remove(&key),
            };
        }
        Ok(())
    }

    fn barrier(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
