//! What is known of pictures: what somebody has tried to set, and what was answered while nobody
//! else was at it. Of two at the same time nobody knows who was last; the store says so in the end.

use std::collections::{BTreeMap, BTreeSet};

use super::Of;

#[derive(Default)]
struct Known {
    /// Images that somebody has sent for it.
    tried: BTreeSet<u8>,
    /// Changes that go on, by their numbers.
    under_way: BTreeSet<u64>,
    /// The one that began last.
    newest: u64,
    /// What it is: an image or none. Only where the newest change was alone, and answered.
    is: Option<Option<u8>>,
    /// The highest version that anybody was told.
    version: u64,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Facts {
    of: BTreeMap<Of, Known>,
    changes: u64,
    lived: Lived,
}

/// How much of it there was in a life.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lived {
    /// Changes that were answered.
    pub(crate) changed: u64,
    /// Pictures that were looked at, and were there.
    pub(crate) seen: u64,
}

/// What a look must find, at least if no change begins before it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    newest: u64,
    pub(super) is: Option<Option<u8>>,
    pub(super) version: u64,
}

impl Facts {
    fn known(&mut self, of: Of) -> &mut Known {
        self.of.entry(of).or_default()
    }

    /// Somebody sets it, or takes it away. The change's number.
    pub(super) fn begins(&mut self, of: Of, image: Option<u8>) -> u64 {
        self.changes += 1;
        let number = self.changes;
        let known = self.known(of);
        known.tried.extend(image);
        known.under_way.insert(number);
        known.newest = number;
        known.is = None;
        number
    }

    /// It is over, with an answer or without.
    pub(super) fn is_over(&mut self, of: Of, number: u64) {
        self.known(of).under_way.remove(&number);
    }

    /// It was answered: this is what it is now, unless another is under way, or was.
    pub(super) fn is_answered(&mut self, of: Of, (number, was_alone): (u64, bool), image: Option<u8>) {
        self.lived.changed += 1;
        let known = self.known(of);
        if was_alone && known.newest == number {
            known.is = Some(image);
        }
    }

    /// Whether nothing else is under way.
    pub(super) fn is_alone(&mut self, of: Of) -> bool {
        self.known(of).under_way.len() == 1
    }

    pub(super) fn expected(&mut self, of: Of) -> Expected {
        let Known { newest, is, version, .. } = *self.known(of);
        Expected { newest, is, version }
    }

    /// Whether nobody has begun to change it since.
    pub(super) fn is_unchanged(&mut self, of: Of, expected: Expected) -> bool {
        self.known(of).newest == expected.newest
    }

    pub(super) fn was_tried(&mut self, of: Of, image: u8) -> bool {
        self.known(of).tried.contains(&image)
    }

    /// Somebody was told a version. One that goes back is an error.
    pub(super) fn is_told(&mut self, of: Of, version: u64) {
        let known = self.known(of);
        known.version = known.version.max(version);
    }

    pub(super) fn is_seen(&mut self) {
        self.lived.seen += 1;
    }

    /// What was put back may be anything that was tried.
    pub(crate) fn restored(&mut self) {
        for known in self.of.values_mut() {
            let tried = std::mem::take(&mut known.tried);
            *known = Known { tried, newest: known.newest, ..Known::default() };
        }
    }

    pub(crate) fn lived(&self) -> Lived {
        self.lived
    }
}
