//! The numbers that a scenario's report always has, so that a threshold on another one is
//! refused before the run rather than behind it. Tests hold these lists against the reports.

/// Of every report.
const COMMON: [&str; 3] = ["foreign_cpu_share", "machine.cores", "machine.memory_mib"];

const CHAT: [&str; 22] = [
    "users",
    "rooms",
    "rate",
    "seconds",
    "sent",
    "acked",
    "expected",
    "delivered",
    "lost",
    "duplicated",
    "reordered",
    "latency_ms.p50",
    "latency_ms.p90",
    "latency_ms.p99",
    "latency_ms.p99_9",
    "latency_ms.max",
    "deliveries_per_s",
    "server.cpu_s",
    "server.cpu_s_per_million_deliveries",
    "server.rss_mib",
    "client.cpu_s",
    "foreign_cpu_share",
];

/// Nothing for a scenario whose report is looked at only when it is there.
pub(super) fn keys(scenario: &str) -> Option<Vec<&'static str>> {
    Some(own_keys(scenario)?.iter().chain(&COMMON).copied().collect())
}

/// Without those that all have.
pub(crate) fn own_keys(scenario: &str) -> Option<&'static [&'static str]> {
    match scenario {
        "chat" => Some(&CHAT),
        _ => None,
    }
}
