//! What was acknowledged, each with the disk's moment.

use parking_lot::Mutex;
use std::sync::Arc;

use crate::disk::Disk;

/// See the module. Clones share it.
pub(crate) struct Acknowledged<T>(Arc<Mutex<Vec<(usize, T)>>>);

impl<T> Clone for Acknowledged<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Acknowledged<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Acknowledged<T> {
    pub(crate) fn note(&self, disk: &Disk, done: T) {
        let moment = disk.moment();
        self.0.lock().push((moment, done));
    }

    /// How much there was by a moment, of what counts.
    pub(crate) fn by(&self, moment: usize, counts: impl Fn(&T) -> bool) -> usize {
        self.0.lock().iter().filter(|(at, done)| *at <= moment && counts(done)).count()
    }

    /// All of it, in order.
    pub(crate) fn all(&self) -> Vec<(usize, T)> {
        self.0.lock().clone()
    }
}
