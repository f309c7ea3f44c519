//! What says whether a slot is still what it was.
//!
//! Each commit gives its slot a stamp that nobody gave before: the number of the commit and
//! a random one. A stamp is compared and never counted on, so that a Redis which has lost
//! its last commits, and makes others with the same numbers, is not taken for what it was.
//!
//! The version of a slot is its last few stamps, newest first. Who does not know whether a
//! commit was made looks for its stamp there.

use crate::embedded::Entropy;

const STAMP_BYTES: usize = 16;
/// Stamps that a slot keeps: the script cuts off what is older.
const STAMPS: usize = 4;

/// A commit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp([u8; STAMP_BYTES]);

/// A slot's; empty where nothing was ever committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version(Vec<u8>);

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Made,
    NotMade,
    /// Too much was committed since.
    Unknown,
}

impl Stamp {
    pub(super) fn of(bytes: [u8; STAMP_BYTES]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn number(&self) -> u64 {
        let mut number = [0; 8];
        number.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(number)
    }
}

impl Version {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    fn stamps(&self) -> impl Iterator<Item = Stamp> {
        self.0.as_chunks().0.iter().copied().map(Stamp)
    }

    /// The bytes that the newest stamp is compared by; none for a slot that is empty.
    pub(super) fn newest(&self) -> &[u8] {
        self.0.get(..STAMP_BYTES).unwrap_or_default()
    }

    pub(super) fn number(&self) -> u64 {
        self.stamps().next().map_or(0, |stamp| stamp.number())
    }

    /// The stamp of a commit upon this version.
    pub(super) fn next(&self, entropy: &Entropy) -> Stamp {
        let mut stamp = [0; STAMP_BYTES];
        let (number, random) = stamp.split_at_mut(8);
        number.copy_from_slice(&(self.number() + 1).to_be_bytes());
        entropy(random);
        Stamp(stamp)
    }

    /// What the script makes of this one.
    pub(super) fn after(&self, stamp: Stamp) -> Self {
        let older = &self.0[..self.0.len().min((STAMPS - 1) * STAMP_BYTES)];
        Self([stamp.as_bytes(), older].concat())
    }

    /// Whether the commit of a stamp is in this version, which is a later one than that it
    /// was made upon.
    pub(super) fn fate(&self, stamp: Stamp) -> Fate {
        let since = match self.number().checked_sub(stamp.number()) {
            // The slot went back to before it.
            None => return Fate::NotMade,
            Some(since) => usize::try_from(since).unwrap_or(usize::MAX),
        };
        match self.stamps().nth(since) {
            Some(found) if found == stamp => Fate::Made,
            Some(_) => Fate::NotMade,
            None => Fate::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    };

    #[test]
    fn a_commit_is_found_until_enough_came_behind_it() {
        let count = AtomicU64::new(0);
        let entropy: Entropy =
            Arc::new(move |bytes: &mut [u8]| bytes.copy_from_slice(&count.fetch_add(1, Relaxed).to_be_bytes()));
        let first = Version::default();
        let (mine, lost) = (first.next(&entropy), first.next(&entropy));
        assert_eq!((first.number(), first.newest(), first.fate(mine)), (0, &[][..], Fate::NotMade));
        let mut version = first.after(mine);
        for behind in 0..6 {
            let expected = if behind < STAMPS { (Fate::Made, Fate::NotMade) } else { (Fate::Unknown, Fate::Unknown) };
            assert_eq!((version.fate(mine), version.fate(lost)), expected, "{behind} behind it");
            assert_eq!(version.number(), behind as u64 + 1);
            version = version.after(version.next(&entropy));
        }
    }
}
