//! What a connection over QUIC shares with its streams.

use super::{Codes, windows::Windows};
use crate::transport::ending::Ending;
use parking_lot::Mutex;
use std::sync::Arc;

/// Outlives the connection as long as one of its streams is held.
pub(in crate::transport) struct Owner {
    pub(in crate::transport) codes: Codes,
    pub(in crate::transport) ending: Ending,
    /// Halves that were let go after the end. A session's end takes its streams along;
    /// to reset or stop them one by one beside it makes Chromium lose the code of the
    /// close, and sometimes crash. There are no more of them than QUIC allows streams.
    orphans: Mutex<Vec<Orphan>>,
    pub(super) windows: Arc<Windows>,
}

/// Half of a stream.
#[allow(dead_code)] // held, never read
pub(in crate::transport) enum Orphan {
    Send(quinn::SendStream),
    Recv(quinn::RecvStream),
}

impl Owner {
    pub(in crate::transport) fn new(codes: Codes, windows: Arc<Windows>) -> Self {
        Self { codes, ending: Ending::default(), orphans: Mutex::default(), windows }
    }

    /// Whether the connection has ended, so that its streams are over too.
    pub(in crate::transport) fn is_over(&self) -> bool {
        self.ending.get().is_some()
    }

    /// Keeps a half until the connection is gone.
    pub(in crate::transport) fn adopt(&self, orphan: Orphan) {
        self.orphans.lock().push(orphan);
    }

    /// Lets go of all halves, after the connection.
    pub(in crate::transport) fn release(&self) {
        self.orphans.lock().clear();
    }
}
