//! What connections cost on which nothing happens, and the verdicts on it.

use hdrhistogram::Histogram;
use rill_client::TransportKind;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::{
    args::idle::IdleArgs,
    course::Course,
    light::{Door, Heard},
    processes::Usage,
    report::{Latency, rounded},
    verdict::{self, Verdict},
};

/// Bounds of memory are of so many connections: of fewer, what the server needs once weighs.
const CONNECTIONS_JUDGED_MIN: usize = 2_000;
/// And of users with so many rooms.
const ROOMS_JUDGED: usize = 20;
/// From so many on all of them together are judged.
const CONNECTIONS_VERY_MANY: usize = 20_000;
/// A message to one of them.
const MESSAGE_MS: f64 = 10.0;

/// What was seen.
pub(crate) struct Seen {
    /// Connections that came about and are still there.
    pub(crate) ready: usize,
    pub(crate) refused: BTreeMap<String, u64>,
    pub(crate) deliveries: Deliveries,
    pub(crate) connect_s: f64,
    /// Resident memory of the server before the first connection.
    pub(crate) rss_base_mib: f64,
    /// And behind the quiet.
    pub(crate) rss_mib: f64,
    /// Of the quiet.
    pub(crate) quiet: Usage,
    pub(crate) client_rss_mib: f64,
    pub(crate) latency_us: Histogram<u32>,
    pub(crate) course: Course,
}

/// Messages that were to be given to somebody, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Deliveries {
    pub(crate) expected: u64,
    pub(crate) delivered: u64,
    pub(crate) duplicated: u64,
    pub(crate) reordered: u64,
    /// Given to somebody whose message it was not.
    pub(crate) strayed: u64,
}

impl Deliveries {
    /// One came. Whether it is the first of its kind for who got it: `given` says how often
    /// they had it.
    pub(crate) fn count(&mut self, message: &Heard, is_right: bool, given: &mut u32) -> bool {
        self.reordered += u64::from(!message.in_order);
        if !is_right {
            self.strayed += 1;
            return false;
        }
        *given += 1;
        let is_first = *given == 1;
        self.delivered += u64::from(is_first);
        self.duplicated += u64::from(!is_first);
        is_first
    }

    fn no_loss(&self) -> Verdict {
        let Self { expected, delivered, duplicated, reordered, strayed } = self;
        Verdict {
            name: "no_loss",
            passed: delivered == expected && duplicated + reordered + strayed == 0,
            of_timing: false,
            detail: format!(
                "{delivered} of {expected} delivered, duplicated {duplicated}, reordered {reordered}, strayed {strayed}"
            ),
        }
    }
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct IdleReport {
    scenario: &'static str,
    transport: String,
    tls: bool,
    connections: usize,
    rooms: usize,
    members: usize,
    quiet_seconds: u64,
    /// Connections that were there to the end.
    ready: usize,
    connect_s: f64,
    /// How connections were refused or ended.
    refused: BTreeMap<String, u64>,
    deliveries: Deliveries,
    lost: u64,
    server: Server,
    client: Client,
    foreign_cpu_share: f64,
    /// Of a message to one of them, from the moment it is posted until it is read.
    message_ms: Latency,
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    course: Course,
}

#[derive(Debug, Serialize)]
struct Server {
    kib_per_connection: f64,
    rss_base_mib: f64,
    rss_mib: f64,
    /// Of the quiet.
    quiet_cpu_s: f64,
}

#[derive(Debug, Serialize)]
struct Client {
    rss_mib: f64,
    quiet_cpu_s: f64,
}

impl IdleReport {
    pub(crate) fn new(args: &IdleArgs, door: Door, seen: Seen) -> Self {
        let message_ms = Latency::of(&seen.latency_us);
        // One more is of the user who speaks.
        let kib = (seen.rss_mib - seen.rss_base_mib) * 1_024.0 / (seen.ready + 1) as f64;
        let server = Server {
            kib_per_connection: rounded(kib),
            rss_base_mib: rounded(seen.rss_base_mib),
            rss_mib: rounded(seen.rss_mib),
            quiet_cpu_s: seen.quiet.server.as_ref().map_or(0.0, |server| rounded(server.cpu_s)),
        };
        let mut verdicts = vec![connected(args.connections, seen.ready, &seen.refused), seen.deliveries.no_loss()];
        verdicts.extend(memory(door, args.connections, args.rooms, &server));
        verdicts.push(message(&message_ms));
        Self {
            scenario: "idle",
            transport: args.transport.to_string(),
            tls: door.has_tls(),
            connections: args.connections,
            rooms: args.rooms,
            members: args.members,
            quiet_seconds: args.quiet_seconds,
            ready: seen.ready,
            connect_s: rounded(seen.connect_s),
            refused: seen.refused,
            lost: seen.deliveries.expected.saturating_sub(seen.deliveries.delivered),
            deliveries: seen.deliveries,
            server,
            client: Client { rss_mib: rounded(seen.client_rss_mib), quiet_cpu_s: rounded(seen.quiet.client_cpu_s) },
            foreign_cpu_share: rounded(seen.quiet.foreign_share),
            message_ms,
            verdicts,
            course: seen.course,
        }
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        let Self { transport, connections, rooms, members, server, client, .. } = self;
        let tls = if self.tls { "TLS" } else { "plain" };
        println!("idle ({transport}, {tls}): {connections} connections, {rooms} rooms of {members} members a user");
        println!("  {} connections were ready after {} s", self.ready, self.connect_s);
        println!(
            "  server {} KiB a connection: {} MiB before, {} MiB behind {} s of quiet",
            server.kib_per_connection, server.rss_base_mib, server.rss_mib, self.quiet_seconds
        );
        println!(
            "  CPU s in the quiet: server {}, clients {}; clients {} MiB; others took {:.1} % of the machine",
            server.quiet_cpu_s,
            client.quiet_cpu_s,
            client.rss_mib,
            self.foreign_cpu_share * 100.0
        );
        let Latency { p50, p90, p99, p99_9, max } = &self.message_ms;
        println!("  message to one, ms  p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        for (answer, count) in &self.refused {
            println!("  refused or ended: {answer}, {count} times");
        }
        verdict::print(&self.verdicts);
    }
}

fn connected(asked: usize, ready: usize, refused: &BTreeMap<String, u64>) -> Verdict {
    Verdict {
        name: "connected",
        passed: ready == asked && refused.is_empty(),
        of_timing: false,
        detail: format!(
            "{ready} of {asked} connections were there to the end, {} were refused or ended",
            refused.values().sum::<u64>()
        ),
    }
}

/// What one connection may cost, in KiB, and very many together, in MiB.
fn asked(door: Door) -> (f64, Option<f64>) {
    match door.transport {
        TransportKind::WebSocket if door.has_tls() => (34.0, Some(1_024.0)),
        TransportKind::WebSocket => (24.0, Some(1_024.0)),
        TransportKind::Quic => (52.0, Some(1.4 * 1_024.0)),
        TransportKind::WebTransport => (64.0, None),
    }
}

/// Nothing where nothing was asked of a run of this shape.
fn memory(door: Door, connections: usize, rooms: usize, server: &Server) -> Option<Verdict> {
    if rooms > ROOMS_JUDGED || connections < CONNECTIONS_JUDGED_MIN {
        return None;
    }
    let (kib, all_mib) = asked(door);
    let (found, most, unit) = match all_mib.filter(|_| connections >= CONNECTIONS_VERY_MANY) {
        Some(mib) => (server.rss_mib, mib, "MiB of all"),
        None => (server.kib_per_connection, kib, "KiB a connection"),
    };
    let detail = format!("{found} {unit} of at most {most}");
    Some(Verdict { name: "memory", passed: found <= most, of_timing: false, detail })
}

fn message(latency: &Latency) -> Verdict {
    Verdict {
        name: "message",
        passed: latency.p99 < MESSAGE_MS,
        of_timing: true,
        detail: format!("p99 of a message to one of them is {} ms of less than {MESSAGE_MS}", latency.p99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::RoomId;
    use std::time::Instant;

    #[test]
    fn memory_is_judged_by_one_connection_and_of_very_many_by_all() {
        let server =
            |kib_per_connection, rss_mib| Server { kib_per_connection, rss_base_mib: 20.0, rss_mib, quiet_cpu_s: 0.0 };
        let check = |transport, plain, connections, rooms, kib, mib| {
            memory(Door { transport, plain }, connections, rooms, &server(kib, mib)).map(|verdict| verdict.passed)
        };
        use TransportKind::{Quic, WebSocket, WebTransport};
        assert_eq!(check(WebSocket, true, 2_000, 20, 24.0, 80.0), Some(true));
        assert_eq!(check(WebSocket, true, 2_000, 20, 24.1, 80.0), Some(false));
        assert_eq!(check(WebSocket, false, 2_000, 20, 34.0, 80.0), Some(true));
        assert_eq!(check(Quic, false, 20_000, 20, 60.0, 1_400.0), Some(true));
        assert_eq!(check(Quic, false, 20_000, 20, 10.0, 1_434.0), Some(false));
        assert_eq!(check(WebTransport, false, 20_000, 20, 64.1, 100.0), Some(false));
        assert_eq!(check(Quic, false, 1_999, 20, 999.0, 999.0), None);
        assert_eq!(check(Quic, false, 2_000, 1_000, 999.0, 999.0), None);
    }

    #[test]
    fn a_message_that_is_missing_doubled_early_or_of_others_fails() {
        let heard =
            |in_order| Heard { by: 3, room: RoomId::default(), text: String::new(), at: Instant::now(), in_order };
        let after = |messages: &[(bool, bool)]| {
            let (mut deliveries, mut given) = (Deliveries { expected: 1, ..Deliveries::default() }, 0);
            for (is_right, in_order) in messages {
                deliveries.count(&heard(*in_order), *is_right, &mut given);
            }
            deliveries.no_loss().passed
        };
        assert!(after(&[(true, true)]));
        assert!(!after(&[]));
        assert!(!after(&[(true, true), (true, true)]));
        assert!(!after(&[(true, false)]));
        assert!(!after(&[(true, true), (false, true)]));
    }

    #[test]
    fn who_was_refused_or_is_gone_fails() {
        let refused = BTreeMap::from([("close 8 busy".to_owned(), 1)]);
        assert!(connected(5, 5, &BTreeMap::new()).passed);
        assert!(!connected(5, 4, &BTreeMap::new()).passed);
        assert!(!connected(5, 5, &refused).passed);
    }
}
