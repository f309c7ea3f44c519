//! Whether the entries of a log come to one reader once each and in order.

use anyhow::ensure;
use std::collections::BTreeSet;

/// A hole that is longer is none that a run could have made.
const HOLE_MAX: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Check {
    last: u64,
    /// Below it, and not come yet.
    missing: BTreeSet<u64>,
    pub(super) duplicated: u64,
    /// Came behind a later one.
    pub(super) reordered: u64,
}

impl Check {
    /// Of a reader who begins behind this entry.
    pub(super) fn behind(last: u64) -> Self {
        Self { last, missing: BTreeSet::new(), duplicated: 0, reordered: 0 }
    }

    /// An entry came. Returns whether for the first time.
    pub(super) fn came(&mut self, seq: u64) -> anyhow::Result<bool> {
        if seq == self.last + 1 {
            self.last = seq;
            return Ok(true);
        }
        if seq > self.last {
            ensure!(seq - self.last <= HOLE_MAX, "entry {seq} came behind {}", self.last);
            self.missing.extend(self.last + 1..seq);
            self.last = seq;
            return Ok(true);
        }
        let is_late = self.missing.remove(&seq);
        if is_late {
            self.reordered += 1;
        } else {
            self.duplicated += 1;
        }
        Ok(is_late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_doubled_or_far_out_is_noticed() {
        let mut check = Check::behind(10);
        let came: Vec<bool> = [11, 14, 12, 12, 14, 15].into_iter().map(|seq| check.came(seq).unwrap()).collect();
        assert_eq!(came, [true, true, true, false, false, true]);
        assert_eq!((check.reordered, check.duplicated), (1, 2));
        assert_eq!(check.missing.iter().copied().collect::<Vec<_>>(), [13]);
        assert!(!check.came(10).unwrap(), "what lies before the beginning came unasked");
        assert!(check.came(u64::MAX).is_err());
    }
}
