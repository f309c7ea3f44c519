//! A disk that takes its time: writing into a folder's blobs waits for as long as a test says.

use parking_lot::{Condvar, Mutex};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

static ROOTS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
static LET_GO: Condvar = Condvar::new();

/// While it lives nothing is written.
#[derive(Debug)]
pub struct Held(PathBuf);

impl Held {
    /// Holds the folder of these blobs.
    pub fn folder(root: &Path) -> Self {
        ROOTS.lock().insert(root.to_owned());
        Self(root.to_owned())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        ROOTS.lock().remove(&self.0);
        LET_GO.notify_all();
    }
}

pub(super) fn wait(root: &Path) {
    let mut roots = ROOTS.lock();
    while roots.contains(root) {
        LET_GO.wait(&mut roots);
    }
}
