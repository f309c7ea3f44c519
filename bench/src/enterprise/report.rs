//! What the enterprise's run came to.

use serde::Serialize;
use std::thread;

use super::verdicts::{self, Figures};
use crate::{
    args::accept::{Crowd, EnterpriseArgs},
    course::Course,
    report::{Client, Latency, rounded},
    talk::Talked,
    verdict::{self, Chat, Verdict},
};

/// Bytes that people call a megabyte, in MiB.
const MB_PER_MIB: f64 = (1 << 20) as f64 / 1e6;

/// One run: who was there, and what was seen.
pub(crate) struct Seen {
    pub(crate) crowd: Crowd,
    pub(crate) talked: Talked,
    pub(crate) files_mib_per_s: f64,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct EnterpriseReport {
    scenario: &'static str,
    transport: String,
    users: usize,
    speakers: usize,
    rooms: usize,
    rate: f64,
    seconds: u64,
    chat: Chat,
    acked_per_s: f64,
    deliveries_per_s: f64,
    files_mb_per_s: f64,
    latency_ms: Latency,
    /// The run with few.
    few: Few,
    /// Of its p99, that where all are there.
    p99_ratio: f64,
    server: Server,
    client: Client,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    course: Course,
}

#[derive(Debug, Serialize)]
struct Few {
    users: usize,
    speakers: usize,
    rooms: usize,
    seconds: u64,
    chat: Chat,
    latency_ms: Latency,
    files_mb_per_s: f64,
}

#[derive(Debug, Serialize)]
struct Server {
    cpu_s: f64,
    /// Of all cores, over the measured time.
    cpu_share: f64,
    /// At most.
    rss_mib: f64,
}

impl EnterpriseReport {
    pub(crate) fn new(args: &EnterpriseArgs, few: Seen, all: Seen) -> anyhow::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from) as f64;
        let per_s = |count: u64| rounded(count as f64 / all.crowd.seconds as f64);
        let cpu_s = all.talked.usage.server.as_ref().map_or(0.0, |server| server.cpu_s);
        let server = Server {
            cpu_s: rounded(cpu_s),
            cpu_share: rounded(cpu_s / all.talked.lasted.as_secs_f64().max(1e-3) / cores),
            rss_mib: rounded(all.talked.rss_mib_max().unwrap_or_default()),
        };
        let few = Few {
            users: few.crowd.users,
            speakers: few.crowd.speakers,
            rooms: few.crowd.rooms,
            seconds: few.crowd.seconds,
            chat: Chat::of(&few.talked.totals),
            latency_ms: Latency::of(&few.talked.totals.latency[0]),
            files_mb_per_s: rounded(few.files_mib_per_s * MB_PER_MIB),
        };
        let (chat, latency_ms) = (Chat::of(&all.talked.totals), Latency::of(&all.talked.totals.latency[0]));
        let acked_per_s = per_s(all.talked.totals.acked);
        let files_mb_per_s = rounded(all.files_mib_per_s * MB_PER_MIB);
        let figures = Figures {
            users: args.users,
            seconds: args.seconds,
            speakers: args.speakers,
            acked_per_s,
            files_mb_per_s,
            p99_ms: latency_ms.p99,
            few: few.users,
            few_p99_ms: few.latency_ms.p99,
            rss_mib: server.rss_mib,
            cpu_share: server.cpu_share,
        };
        let mut verdicts = vec![chat.no_loss()];
        verdicts.extend(verdicts::on(&figures));
        Ok(Self {
            scenario: "accept-enterprise",
            transport: args.transport.to_string(),
            users: args.users,
            speakers: args.speakers,
            rooms: args.rooms,
            rate: args.rate,
            seconds: args.seconds,
            acked_per_s,
            deliveries_per_s: per_s(all.talked.totals.delivered),
            files_mb_per_s,
            p99_ratio: rounded(latency_ms.p99 / few.latency_ms.p99.max(1e-3)),
            chat,
            latency_ms,
            few,
            server,
            client: Client { cpu_s: rounded(all.talked.usage.client_cpu_s) },
            foreign_cpu_share: rounded(all.talked.usage.foreign_share),
            verdicts,
            course: all.talked.course()?,
        })
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        println!(
            "accept-enterprise ({}): {} clients in {} rooms, {} of them post {} messages/s, for {} s",
            self.transport, self.users, self.rooms, self.speakers, self.rate, self.seconds
        );
        for (users, latency) in [(self.few.users, &self.few.latency_ms), (self.users, &self.latency_ms)] {
            let Latency { p50, p90, p99, p99_9, max } = latency;
            println!("  {users:4} clients, latency ms  p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        }
        println!(
            "  {:.0} deliveries/s; client {} s CPU, others {:.1} % of the machine",
            self.deliveries_per_s,
            self.client.cpu_s,
            self.foreign_cpu_share * 100.0
        );
        verdict::print(&self.verdicts);
    }
}
