//! What the server counts of itself, for `/metrics` (OpenMetrics).
//!
//! One registry a server, handed around, never global: two servers in one process stay
//! apart. A label's values come from tables of this program and never from a peer, so
//! that nobody can grow the registry.

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use rill_protocol::Code;

/// Every metric of one server.
pub struct Metrics {
    registry: Registry,
    refusals: Family<Refusal, Counter>,
}

/// Where a peer was refused, and with which code.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refusal {
    door: &'static str,
    code: &'static str,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("rill");
        let refusals = Family::default();
        registry.register("refusals", "Peers, frames and requests that were refused", refusals.clone());
        Self { registry, refusals }
    }

    /// Something of a peer was refused. `door` is a transport's name, or `http`.
    pub fn refused(&self, door: &'static str, code: Code) {
        self.refusals.get_or_create(&Refusal { door, code: code.name() }).inc();
    }

    /// The page of `/metrics`.
    pub fn page(&self) -> String {
        let mut page = String::new();
        // Writing into a String does not fail.
        let _ = text::encode(&mut page, &self.registry);
        page
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_counted_by_door_and_code() {
        let metrics = Metrics::new();
        metrics.refused("quic", Code::BadTicket);
        metrics.refused("quic", Code::BadTicket);
        let page = metrics.page();
        assert!(page.contains(r#"rill_refusals_total{door="quic",code="bad_ticket"} 2"#), "{page}");
    }
}
