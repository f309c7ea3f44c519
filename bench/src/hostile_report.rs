//! What became of a chat under attack, and the verdicts on it.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::{
    args::HostileArgs,
    hostile::{
        book::Book,
        counters::{self, Refusals},
    },
    processes::Usage,
    report::{Latency, rounded},
    tally::Totals,
    verdict::{self, Chat, Verdict},
};

/// How much slower the chat may be beside the attacks.
const P99_RATIO_MAX: f64 = 2.0;
/// What the server's memory may have grown by when the attacks are over: allocators keep
/// pages of what was freed.
const MEMORY_RATIO_MAX: f64 = 1.25;
const MEMORY_SLACK_MIB: f64 = 48.0;
/// What it may take beside that while two thousand connections stand, at 64 KiB each.
const PEAK_SLACK_MIB: f64 = 128.0;

/// What was seen.
pub(crate) struct Seen {
    pub(crate) totals: Totals,
    pub(crate) undisturbed: Usage,
    pub(crate) attacked: Usage,
    pub(crate) peak_mib: f64,
    pub(crate) rss_after_mib: f64,
    /// By the server, if it tells.
    pub(crate) counted: Option<Refusals>,
    pub(crate) books: Vec<Book>,
    pub(crate) alive: anyhow::Result<()>,
}

/// Keys are fixed: reports are compared.
#[derive(Debug, Serialize)]
pub(crate) struct HostileReport {
    scenario: &'static str,
    transport: String,
    users: usize,
    rooms: usize,
    rate: f64,
    undisturbed_seconds: u64,
    attack_seconds: u64,
    after_seconds: u64,
    seed: u64,
    attack_rate: f64,
    chat: Chat,
    latency_ms: Latencies,
    server: Server,
    client_cpu_s: Phases,
    foreign_cpu_share: Phases,
    attacks: Vec<Book>,
    /// What the server counted while it was attacked; nothing if it does not tell.
    counted: Option<Vec<Counted>>,
    verdicts: Vec<Verdict>,
}

#[derive(Debug, Serialize)]
struct Latencies {
    undisturbed: Latency,
    attacked: Latency,
    after: Latency,
    p50_ratio: f64,
    p99_ratio: f64,
}

#[derive(Debug, Serialize)]
struct Server {
    rss_mib: Memory,
    cpu_s: Phases,
}

#[derive(Debug, Serialize)]
struct Memory {
    before: f64,
    peak: f64,
    after: f64,
}

#[derive(Debug, Serialize)]
struct Phases {
    undisturbed: f64,
    attacked: f64,
}

#[derive(Debug, Serialize)]
struct Counted {
    door: String,
    code: String,
    count: u64,
}

impl HostileReport {
    pub(crate) fn new(args: &HostileArgs, seen: Seen) -> Self {
        let Seen { totals, undisturbed, attacked, peak_mib, rss_after_mib, counted, books, alive } = seen;
        let rss_of = |usage: &Usage| usage.server.as_ref().map_or(0.0, |server| server.rss_mib);
        let cpu_of = |usage: &Usage| usage.server.as_ref().map_or(0.0, |server| rounded(server.cpu_s));
        let quantile = |phase: usize, quantile| totals.latency[phase].value_at_quantile(quantile) as f64;
        let ratio = |at| rounded(quantile(1, at) / quantile(0, at).max(1.0));
        let latency_ms = Latencies {
            undisturbed: Latency::of(&totals.latency[0]),
            attacked: Latency::of(&totals.latency[1]),
            after: Latency::of(&totals.latency[2]),
            p50_ratio: ratio(0.5),
            p99_ratio: ratio(0.99),
        };
        let chat = Chat::of(&totals);
        let rss_mib =
            Memory { before: rounded(rss_of(&undisturbed)), peak: rounded(peak_mib), after: rounded(rss_after_mib) };
        let mut verdicts =
            vec![chat.no_loss(), p99(&latency_ms), memory(&rss_mib), alive_verdict(&alive), coded(&books)];
        verdicts.extend(counted.as_ref().map(|counted| counted_verdict(&books, counted)));
        Self {
            scenario: "hostile",
            transport: args.transport.map_or("all", |transport| transport.as_str()).to_owned(),
            users: args.users,
            rooms: args.rooms,
            rate: args.rate,
            undisturbed_seconds: args.undisturbed_seconds,
            attack_seconds: args.seconds,
            after_seconds: args.after_seconds,
            seed: args.seed,
            attack_rate: args.attack_rate,
            chat,
            latency_ms,
            server: Server {
                rss_mib,
                cpu_s: Phases { undisturbed: cpu_of(&undisturbed), attacked: cpu_of(&attacked) },
            },
            client_cpu_s: Phases {
                undisturbed: rounded(undisturbed.client_cpu_s),
                attacked: rounded(attacked.client_cpu_s),
            },
            foreign_cpu_share: Phases {
                undisturbed: rounded(undisturbed.foreign_share),
                attacked: rounded(attacked.foreign_share),
            },
            attacks: books,
            counted: counted.map(|counted| {
                counted.into_iter().map(|((door, code), count)| Counted { door, code, count }).collect()
            }),
            verdicts,
        }
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        println!(
            "hostile ({}, seed {}): {} users in {} rooms, {} messages/s; {} s alone, {} s attacked, {} s after",
            self.transport,
            self.seed,
            self.users,
            self.rooms,
            self.rate,
            self.undisturbed_seconds,
            self.attack_seconds,
            self.after_seconds
        );
        for book in &self.attacks {
            let answers: Vec<String> =
                book.answers.iter().map(|(answer, count)| format!("{answer} x{count}")).collect();
            let (attempts, unfinished) = (book.attempts, book.unfinished);
            println!("  {:24} {attempts:6} attempts, {unfinished} unfinished: {}", book.name, answers.join(", "));
            book.wrong_kept.iter().for_each(|wrong| println!("    WRONG {wrong}"));
        }
        match &self.counted {
            Some(counted) => {
                let counts: Vec<String> =
                    counted.iter().map(|Counted { door, code, count }| format!("{door} {code} {count}")).collect();
                println!("  the server counted: {}", counts.join(", "));
            }
            None => println!("  the server has no page of metrics: what it counted is not known"),
        }
        let Latencies { undisturbed, attacked, after, .. } = &self.latency_ms;
        for (name, latency) in [("undisturbed", undisturbed), ("attacked", attacked), ("after", after)] {
            let Latency { p50, p90, p99, p99_9, max } = latency;
            println!("  latency ms {name:12} p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        }
        println!(
            "  CPU s undisturbed/attacked: server {}/{}, clients and attackers {}/{}; others {:.1} %/{:.1} % of the machine",
            self.server.cpu_s.undisturbed,
            self.server.cpu_s.attacked,
            self.client_cpu_s.undisturbed,
            self.client_cpu_s.attacked,
            self.foreign_cpu_share.undisturbed * 100.0,
            self.foreign_cpu_share.attacked * 100.0
        );
        verdict::print(&self.verdicts);
    }
}

fn p99(latency: &Latencies) -> Verdict {
    let (calm, attacked) = (latency.undisturbed.p99, latency.attacked.p99);
    Verdict {
        name: "p99",
        passed: latency.p99_ratio <= P99_RATIO_MAX,
        of_timing: true,
        detail: format!("{attacked} ms beside {calm} ms undisturbed: {} of at most {P99_RATIO_MAX}", latency.p99_ratio),
    }
}

fn memory(rss: &Memory) -> Verdict {
    let flat = rss.before * MEMORY_RATIO_MAX + MEMORY_SLACK_MIB;
    let Memory { before, peak, after } = rss;
    Verdict {
        name: "memory",
        passed: *after <= flat && *peak <= flat + PEAK_SLACK_MIB,
        of_timing: false,
        detail: format!(
            "{before} MiB before, {peak} at most (of {:.0}), {after} after (of {flat:.0})",
            flat + PEAK_SLACK_MIB
        ),
    }
}

fn alive_verdict(alive: &anyhow::Result<()>) -> Verdict {
    Verdict {
        name: "alive",
        passed: alive.is_ok(),
        of_timing: false,
        detail: alive.as_ref().map_or_else(
            |error| format!("{error:#}"),
            |()| {
                "it runs, the owner of the guessed account logs in on every transport, and it ends in order".to_owned()
            },
        ),
    }
}

fn coded(books: &[Book]) -> Verdict {
    let odd: Vec<String> = books
        .iter()
        .filter(|book| !book.is_sound())
        .map(|book| format!("{} ({} without a code, {} wrong)", book.name, book.uncoded, book.wrong))
        .collect();
    let total: u64 = books.iter().map(|book| book.coded).sum();
    let detail = if odd.is_empty() { format!("all of {total} refusals") } else { odd.join(", ") };
    Verdict { name: "coded", passed: odd.is_empty(), of_timing: false, detail }
}

fn counted_verdict(books: &[Book], counted: &Refusals) -> Verdict {
    let mut heard: BTreeMap<u32, u64> = BTreeMap::new();
    for (code, count) in books.iter().flat_map(|book| &book.codes) {
        *heard.entry(*code).or_default() += count;
    }
    // A peaceful end is no refusal.
    heard.remove(&rill_protocol::Code::Normal.number());
    let missing = counters::uncounted(&heard, counted);
    let detail = if missing.is_empty() {
        let total: u64 = counted.values().sum();
        format!("{total} refusals in the server's own counters, none heard that is not among them")
    } else {
        let list = missing.iter().map(|(code, heard, counted)| format!("{code} heard {heard}, counted {counted}"));
        list.collect::<Vec<_>>().join("; ")
    };
    Verdict { name: "counted", passed: missing.is_empty(), of_timing: false, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_memory(before: f64, peak: f64, after: f64, passed: bool) {
        assert_eq!(memory(&Memory { before, peak, after }).passed, passed, "{before} {peak} {after}");
    }

    #[test]
    fn memory_is_flat_within_its_slack() {
        check_memory(60.0, 61.0, 60.0, true);
        check_memory(60.0, 250.0, 120.0, true);
        check_memory(60.0, 400.0, 60.0, false);
        check_memory(60.0, 200.0, 130.0, false);
    }

    #[test]
    fn one_uncoded_refusal_fails() {
        let book = |uncoded| Book { name: "x", uncoded, ..Book::default() };
        assert!(coded(&[book(0), book(0)]).passed);
        assert!(!coded(&[book(0), book(1)]).passed);
    }

    #[test]
    fn a_code_that_was_heard_must_be_counted() {
        let book = Book { codes: BTreeMap::from([(41, 2), (0, 9)]), ..Book::default() };
        let counted = |count| Refusals::from([(("quic".to_owned(), "bad_ticket".to_owned()), count)]);
        assert!(counted_verdict(std::slice::from_ref(&book), &counted(2)).passed);
        assert!(!counted_verdict(std::slice::from_ref(&book), &counted(1)).passed);
    }
}
