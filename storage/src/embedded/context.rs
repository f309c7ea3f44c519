//! What commands may use besides the batch.

use rill_protocol::Epoch;
use std::{collections::HashMap, sync::Arc};

use super::heads::LogId;
use crate::limits::Bounds;

/// Fills a buffer with random bytes that nobody can guess.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

pub(crate) struct Context {
    pub(crate) bounds: Bounds,
    pub(crate) entropy: Entropy,
    /// Recorded heads whose log the engine has lost: the log's next life must not
    /// wear the same epoch.
    pub(crate) lost: HashMap<LogId, Epoch>,
}

impl Context {
    /// An epoch that no log ever had.
    pub(crate) fn fresh_epoch(&self) -> Epoch {
        let mut bytes = [0; 16];
        (self.entropy)(&mut bytes);
        Epoch(bytes)
    }

    /// The epoch of a log that begins: as proposed, unless it had that one before.
    pub(crate) fn first_epoch(&self, log: LogId, proposed: Epoch) -> Epoch {
        match self.lost.get(&log) {
            Some(lost) if *lost == proposed => self.fresh_epoch(),
            _ => proposed,
        }
    }
}
