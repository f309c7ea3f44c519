//! How many of something each key holds at once.

use parking_lot::Mutex;
use std::{collections::HashMap, hash::Hash, sync::Arc};

/// Bounded by what is held: a key that holds nothing is not here.
pub(super) struct Counts<K> {
    held: Mutex<HashMap<K, u32>>,
    each_max: u32,
}

impl<K: Copy + Eq + Hash> Counts<K> {
    /// At most `each_max` for a key; zero is no limit.
    pub(super) fn new(each_max: u32) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), each_max: if each_max == 0 { u32::MAX } else { each_max } })
    }

    /// One more, until it is dropped; nothing if `key` holds all it may.
    pub(super) fn take(self: &Arc<Self>, key: K) -> Option<Held<K>> {
        let mut held = self.held.lock();
        let count = held.entry(key).or_insert(0);
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Held { counts: self.clone(), key })
    }

    /// Whether `key` holds all it may.
    pub(super) fn is_full(&self, key: K) -> bool {
        self.count(key) >= self.each_max
    }

    /// How many `key` holds.
    pub(super) fn count(&self, key: K) -> u32 {
        self.held.lock().get(&key).copied().unwrap_or(0)
    }
}

/// One of what a key holds.
pub(super) struct Held<K: Copy + Eq + Hash> {
    counts: Arc<Counts<K>>,
    key: K,
}

impl<K: Copy + Eq + Hash> Drop for Held<K> {
    fn drop(&mut self) {
        let mut held = self.counts.held.lock();
        if let Some(count) = held.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_holds_so_many_and_what_is_let_go_is_free_again() {
        let counts = Counts::new(2);
        let first = counts.take("a").unwrap();
        let _second = counts.take("a").unwrap();
        assert!(counts.take("a").is_none() && counts.is_full("a"));
        assert!(counts.take("b").is_some(), "another key");
        drop(first);
        assert!(counts.take("a").is_some());
        assert_eq!((counts.count("a"), counts.count("b"), counts.held.lock().len()), (1, 0, 1));
    }

    #[test]
    fn zero_is_no_limit() {
        let counts = Counts::new(0);
        let held: Vec<_> = (0..1_000).filter_map(|_| counts.take(())).collect();
        assert_eq!(held.len(), 1_000);
    }
}
