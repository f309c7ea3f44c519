//! Files on their way, both ways.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use rill_protocol::Code;

use super::Counted;

/// See the module.
pub struct FileCounters {
    received: Counter,
    sent: Counter,
    uploads: Gauge,
    ended: Family<Ended, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

impl FileCounters {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (received, sent) = (Counter::default(), Counter::default());
        registry.register("file_received_bytes", "Bytes of files that were taken", received.clone());
        registry.register("file_sent_bytes", "Bytes of files that were handed out", sent.clone());
        let uploads = Gauge::default();
        registry.register("uploads", "Files that are being sent to this server", uploads.clone());
        let ended = Family::default();
        registry.register("uploads_ended", "Uploads that are done, wait for more, or have failed", ended.clone());
        Self { received, sent, uploads, ended }
    }

    pub fn received(&self, bytes: usize) {
        self.received.inc_by(bytes as u64);
    }

    pub fn sent(&self, bytes: usize) {
        self.sent.inc_by(bytes as u64);
    }

    /// An upload goes on, for as long as what is returned lives.
    pub fn upload(&self) -> Counted {
        self.uploads.inc();
        Counted(self.uploads.clone())
    }

    /// `done`, `instant` (nothing had to travel) or `suspended`.
    pub fn ended(&self, outcome: &'static str) {
        self.ended.get_or_create(&Ended { outcome }).inc();
    }

    /// It will not come to its end.
    pub fn failed(&self, code: Code) {
        self.ended(code.name());
    }
}
