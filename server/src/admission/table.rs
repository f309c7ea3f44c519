//! Buckets by key, in bounded memory.

use std::{collections::HashMap, hash::Hash, time::Duration};

use super::bucket::{Bucket, Rate};

/// The part of a full table that is cleared in one go, so that each newcomer pays for
/// the look at a few entries only.
const CLEARED: usize = 8;

/// `N` buckets a key. A key that is not here has full ones.
///
/// When the table is full, the fullest go first. Who wants his empty bucket forgotten
/// has to empty nearly as many others as the table holds.
pub(super) struct Table<K, const N: usize> {
    entries: HashMap<K, [Bucket; N]>,
    entries_max: usize,
}

impl<K: Copy + Eq + Hash, const N: usize> Table<K, N> {
    pub(super) fn new(entries_max: usize) -> Self {
        Self { entries: HashMap::new(), entries_max }
    }

    /// Takes from the bucket of `key` at `which`, or says when to come again. A limit that
    /// is off takes nothing.
    pub(super) fn take(
        &mut self,
        key: K,
        which: usize,
        rate: Option<&Rate>,
        amount: u64,
        now_ns: u64,
    ) -> Result<(), Duration> {
        let Some(rate) = rate else { return Ok(()) };
        self.bucket(key, which, now_ns).take(rate, amount, now_ns)
    }

    /// Takes what has come already, and says how long nothing more should.
    pub(super) fn spend(&mut self, key: K, which: usize, rate: Option<&Rate>, amount: u64, now_ns: u64) -> Duration {
        let Some(rate) = rate else { return Duration::ZERO };
        self.bucket(key, which, now_ns).spend(rate, amount, now_ns)
    }

    /// Gives back what was taken.
    pub(super) fn give(&mut self, key: K, which: usize, rate: Option<&Rate>, amount: u64) {
        if let (Some(rate), Some(buckets)) = (rate, self.entries.get_mut(&key)) {
            buckets[which].give(rate, amount);
        }
    }

    /// The buckets of `key` are full again.
    pub(super) fn forgive(&mut self, key: K) {
        self.entries.remove(&key);
    }

    fn bucket(&mut self, key: K, which: usize, now_ns: u64) -> &mut Bucket {
        if self.entries.len() >= self.entries_max && !self.entries.contains_key(&key) {
            self.make_room(now_ns);
        }
        &mut self.entries.entry(key).or_insert([Bucket::default(); N])[which]
    }

    fn make_room(&mut self, now_ns: u64) {
        let debt_ns = |buckets: &[Bucket; N]| buckets.iter().map(|bucket| bucket.debt_ns(now_ns)).max().unwrap_or(0);
        self.entries.retain(|_, buckets| debt_ns(buckets) > 0);
        let kept_max = self.entries_max - (self.entries_max / CLEARED).max(1);
        let Some(mut surplus) = self.entries.len().checked_sub(kept_max).filter(|surplus| *surplus > 0) else { return };
        let mut debts: Vec<u64> = self.entries.values().map(debt_ns).collect();
        let (_, highest, _) = debts.select_nth_unstable(surplus - 1);
        let highest = *highest;
        self.entries.retain(|_, buckets| {
            let goes = surplus > 0 && debt_ns(buckets) <= highest;
            surplus -= usize::from(goes);
            !goes
        });
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_buckets_do_not_touch_each_other() {
        let rate = Rate::per_minute(1);
        let mut table = Table::<u32, 2>::new(8);
        assert!(table.take(1, 0, rate.as_ref(), 1, 0).is_ok());
        assert!(table.take(1, 0, rate.as_ref(), 1, 0).is_err());
        assert!(table.take(1, 1, rate.as_ref(), 1, 0).is_ok());
        assert!(table.take(2, 0, rate.as_ref(), 1, 0).is_ok());
        assert!(table.take(1, 0, None, 1, 0).is_ok(), "off");
    }

    #[test]
    fn a_crowd_of_strangers_neither_grows_the_table_nor_has_a_penalty_forgotten() {
        let rate = Rate::per_minute(10);
        let mut table = Table::<u32, 1>::new(64);
        assert!(table.take(0, 0, rate.as_ref(), 10, 0).is_ok());
        for stranger in 1..10_000 {
            assert!(table.take(stranger, 0, rate.as_ref(), 1, u64::from(stranger)).is_ok());
            assert!(table.len() <= 64, "{}", table.len());
        }
        assert!(table.take(0, 0, rate.as_ref(), 1, 10_000).is_err(), "the empty bucket is still known");
    }

    #[test]
    fn who_was_idle_goes_first() {
        let rate = Rate::per_second(10);
        let mut table = Table::<u32, 1>::new(16);
        let later_ns = 60_000_000_000;
        for key in 0..16 {
            // The first eight are full again by then.
            let at_ns = if key < 8 { 0 } else { later_ns };
            table.take(key, 0, rate.as_ref(), 100, at_ns).unwrap();
        }
        table.take(16, 0, rate.as_ref(), 1, later_ns).unwrap();
        assert_eq!(table.len(), 9);
        for key in 8..16 {
            assert!(table.take(key, 0, rate.as_ref(), 1, later_ns).is_err(), "{key}");
        }
    }
}
