//! What the server counts of itself, for `/metrics` (OpenMetrics).
//!
//! One registry a server, handed around, never global: two servers in one process stay
//! apart. A label's values come from tables of this program and never from a peer, so
//! that nobody can grow the registry. What is counted for every delivery is one counter
//! that is at hand: it costs an addition and no lock.

mod cluster;
mod files;
mod memory;
mod process;
mod redis;
mod requests;
mod store;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};
use rill_protocol::Code;

use crate::app::StoreReport;
use cluster::ClusterCounters;
use files::FileCounters;
use memory::MemoryCounters;
use process::Process;
use redis::RedisGauges;
use requests::Requests;
use store::StoreGauges;

/// Every metric of one server.
pub struct Metrics {
    registry: Registry,
    refusals: Family<Refusal, Counter>,
    connections: Family<Transport, Gauge>,
    deliveries: Counter,
    requests: Requests,
    pub cluster: ClusterCounters,
    pub files: FileCounters,
    pub memory: MemoryCounters,
    store: StoreGauges,
    redis: RedisGauges,
    process: Process,
    certificate_ends: Gauge,
}

/// Where a peer was refused, and with which code.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refusal {
    door: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Transport {
    transport: &'static str,
}

/// Counted until this is dropped.
pub struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("rill");
        let refusals = Family::default();
        registry.register("refusals", "Peers, frames and requests that were refused", refusals.clone());
        let connections = Family::default();
        registry.register("connections", "Sessions that are connected", connections.clone());
        let deliveries = Counter::default();
        registry.register("deliveries", "Entries written to the lanes of clients", deliveries.clone());
        let certificate_ends = Gauge::default();
        let help = "The last second of the HTTPS certificate, since 1970";
        registry.register("certificate_ends_seconds", help, certificate_ends.clone());
        registry.register("build", "This server", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let requests = Requests::new(&mut registry);
        let cluster = ClusterCounters::new(&mut registry);
        let files = FileCounters::new(&mut registry);
        let memory = MemoryCounters::new(&mut registry);
        let store = StoreGauges::new(&mut registry);
        let redis = RedisGauges::new();
        let process = Process::new(&mut registry);
        Self {
            registry,
            refusals,
            connections,
            deliveries,
            requests,
            cluster,
            files,
            memory,
            store,
            redis,
            process,
            certificate_ends,
        }
    }

    /// Something of a peer was refused. `door` is a transport's name, or `http`.
    pub fn refused(&self, door: &'static str, code: Code) {
        self.refusals.get_or_create(&Refusal { door, code: code.name() }).inc();
    }

    /// A session of this transport is connected, for as long as what is returned lives.
    pub fn connected(&self, transport: &'static str) -> Counted {
        let gauge = self.connections.get_or_create(&Transport { transport }).clone();
        gauge.inc();
        Counted(gauge)
    }

    /// So many entries were written to a lane.
    pub fn delivered(&self, entries: u64) {
        self.deliveries.inc_by(entries);
    }

    /// A request was answered: `what` is a route's template or a kind's name, `code` a
    /// code's name or `ok`.
    pub fn answered(&self, door: &'static str, what: &str, code: &'static str, seconds: f64) {
        self.requests.answered(door, what, code, seconds);
    }

    /// The page of `/metrics`, with what is read when it is asked for.
    pub fn page(&self, store: &StoreReport, certificate_ends_ms: u64) -> String {
        self.store.set(&store.statistics);
        self.process.look();
        self.certificate_ends.set(i64::try_from(certificate_ends_ms / 1000).unwrap_or(i64::MAX));
        let mut page = String::new();
        // Writing into a String does not fail.
        let _ = text::encode_registry(&mut page, &self.registry);
        if let Some(redis) = &store.redis {
            let _ = text::encode_registry(&mut page, self.redis.set(redis));
        }
        let _ = text::encode_eof(&mut page);
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
    use rill_storage::embedded::{Spread, Statistics};

    #[test]
    fn what_happens_is_on_the_page() {
        let metrics = Metrics::new();
        metrics.refused("quic", Code::BadTicket);
        metrics.refused("quic", Code::BadTicket);
        let counted = metrics.connected("websocket");
        drop(metrics.connected("websocket"));
        metrics.delivered(3);
        metrics.answered("quic", "post", "ok", 0.003);
        let wait_us = Spread { counts: [0, 0, 4, 0, 0, 0, 0, 0], above: 1, sum: 2_008_000 };
        let batch_commands = Spread { counts: [2, 0, 0, 0, 0, 0], above: 0, sum: 2 };
        let statistics = Statistics { commands: 7, wait_us, batch_commands, ..Default::default() };
        let store = StoreReport { statistics, redis: None };
        let page = metrics.page(&store, 5_000);
        for line in [
            r#"rill_refusals_total{door="quic",code="bad_ticket"} 2"#,
            r#"rill_connections{transport="websocket"} 1"#,
            "rill_deliveries_total 3",
            r#"rill_requests_total{door="quic",what="post",code="ok"} 1"#,
            r#"rill_request_seconds_bucket{le="0.005",what="post"} 1"#,
            "rill_store_commands_total 7",
            "# TYPE rill_store_wait_seconds histogram",
            "rill_store_wait_seconds_sum 2.008",
            "rill_store_wait_seconds_count 5",
            r#"rill_store_wait_seconds_bucket{le="0.001"} 0"#,
            r#"rill_store_wait_seconds_bucket{le="0.0025"} 4"#,
            r#"rill_store_wait_seconds_bucket{le="+Inf"} 5"#,
            r#"rill_store_batch_commands_bucket{le="1.0"} 2"#,
            r#"rill_store_batch_commands_bucket{le="1024.0"} 2"#,
            "rill_certificate_ends_seconds 5",
            "rill_build_info{version=",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
        assert!(page.ends_with("# EOF\n") && !page.contains("rill_redis"));
        if cfg!(target_os = "linux") {
            let memory = page.lines().find_map(|line| line.strip_prefix("rill_process_resident_memory_bytes "));
            assert!(memory.unwrap().parse::<u64>().unwrap() > 1 << 20, "{page}");
        }
        drop(counted);
    }
}
