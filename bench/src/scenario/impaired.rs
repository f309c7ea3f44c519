//! Everything that a bad network does to a talk, in one go: alone and beside a file on links that
//! lose packets, over a change of addresses, and where UDP is dropped.
//!
//! A process lies at one end of one link, so each measurement is a run of its own of this
//! program; what is told here is put together from their reports.

use anyhow::{Context, bail, ensure};
use rill_client::TransportKind;
use serde::Serialize;
use serde_json::{Map, Value};
use std::{env, fs, path::Path, process::Stdio};
use tokio::process::Command;

use super::complete;
use crate::{
    args::impaired::ImpairedArgs,
    link,
    publish::Finished,
    verdict::{self, Verdict},
};

const WORKERS: usize = 1;
/// Of the talk over a change of addresses.
const USERS: &str = "10";
/// What is taken over from a report of the talk beside a file, and from one over a change of addresses.
const BESIDE: [&str; 10] = [
    "transport",
    "idle_ms",
    "beside_ms",
    "transfer_mib_per_s",
    "expected",
    "delivered",
    "lost",
    "duplicated",
    "reordered",
    "refused",
];
const REBIND: [&str; 6] = ["transport", "expected", "delivered", "lost", "duplicated", "reordered"];
/// Of all these there is none.
const FAULTS: [&str; 4] = ["lost", "duplicated", "reordered", "refused"];

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
struct Report {
    scenario: &'static str,
    over: String,
    rate: f64,
    seconds: u64,
    /// Alone and beside a file that goes up, for each loss on each transport.
    losses: Vec<Value>,
    /// Over a change of addresses in the middle, on each transport.
    rebind: Vec<Value>,
    /// Until a client stands on the WebSocket, where UDP is dropped.
    fallback: Option<Value>,
    verdicts: Vec<Verdict>,
}

/// Runs the scenario, prints its report. Whether nothing was lost.
pub(crate) fn run(args: &ImpairedArgs) -> anyhow::Result<Finished> {
    args.check()?;
    link::ensure_root()?;
    let report = complete(WORKERS, measure(args))?;
    report.print();
    Finished::with(
        &report,
        verdict::all_passed(&report.verdicts),
        "messages were lost, doubled, out of order or refused",
    )
}

async fn measure(args: &ImpairedArgs) -> anyhow::Result<Report> {
    let folder = tempfile::Builder::new().prefix("rill-bench").tempdir()?;
    let children = Children { args, folder: folder.path() };
    let (mut losses, mut rebind) = (Vec::new(), Vec::new());
    for loss in &args.losses {
        for transport in args.transports() {
            losses.push(children.beside(transport, *loss).await?);
        }
    }
    for transport in args.transports() {
        rebind.push(children.rebind(transport).await?);
    }
    let may_fall = args.transports().into_iter().find(|transport| *transport != TransportKind::WebSocket);
    let fallback = match may_fall {
        Some(transport) => Some(children.fallback(transport).await?),
        None => None,
    };
    let verdicts = vec![no_loss(losses.iter().chain(&rebind))];
    let (over, rate, seconds) = (args.over.to_string(), args.rate, args.seconds);
    Ok(Report { scenario: "impaired", over, rate, seconds, losses, rebind, fallback, verdicts })
}

/// Further runs of this program.
struct Children<'a> {
    args: &'a ImpairedArgs,
    folder: &'a Path,
}

impl Children<'_> {
    async fn beside(&self, transport: TransportKind, loss: f64) -> anyhow::Result<Value> {
        let link = self.args.link(loss).to_string();
        let (mib, rate) = (self.args.mib.to_string(), self.args.rate.to_string());
        let mut words = vec!["beside", "--transfers", "1", "--direction", "up", "--held-mib-per-s", "0", "--mib", &mib];
        let directory = self.args.directory.as_deref().map(|path| path.to_string_lossy());
        words.extend(directory.iter().flat_map(|path| ["--directory", path.as_ref()]));
        words.extend(["--rate", &rate, "--link", &link]);
        let report = self.run(&format!("{transport}, {loss} % lost"), transport, &words).await?;
        let mut row = taken(&report, &BESIDE);
        row.insert("loss_percent".to_owned(), loss.into());
        Ok(row.into())
    }

    async fn rebind(&self, transport: TransportKind) -> anyhow::Result<Value> {
        let (link, rate) = (self.args.link(0.0).to_string(), self.args.rate.to_string());
        let words = ["chat", "--users", USERS, "--rate", &rate, "--drain-seconds", "60", "--rebind", "--link", &link];
        let report = self.run(&format!("{transport}, another address"), transport, &words).await?;
        let mut row = taken(&report, &REBIND);
        row.extend(report["rebind"].as_object().context("a report of a change of addresses")?.clone());
        Ok(row.into())
    }

    async fn fallback(&self, transport: TransportKind) -> anyhow::Result<Value> {
        let (link, times) = (self.args.link(0.0).to_string(), self.args.falls.to_string());
        let words = ["fallback", "--times", &times, "--link", &link];
        let report = self.run(&format!("{transport}, UDP dropped"), transport, &words).await?;
        Ok(taken(&report, &["transport", "times", "first_ms", "fallback_ms", "moved_ms"]).into())
    }

    /// One run, and its report. One that lost something has a report too.
    async fn run(&self, what: &str, transport: TransportKind, words: &[&str]) -> anyhow::Result<Value> {
        if !self.args.run.output.quiet {
            eprintln!("{what}");
        }
        let json = self.folder.join("report");
        fs::remove_file(&json).ok();
        let mut command = Command::new(env::current_exe()?);
        command.args(words).args(["--transport", transport.as_str(), "--quiet", "--json"]).arg(&json);
        if words[0] != "fallback" {
            command.args(["--seconds", &self.args.seconds.to_string()]);
        }
        if let Some(rill) = &self.args.run.rill {
            command.arg("--rill").arg(rill);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let status = command.status().await?;
        let text = match fs::read_to_string(&json) {
            Ok(text) => text,
            Err(_) => bail!("{what}: it ended with {status} and without a report; what it said stands above"),
        };
        let report: Value = serde_json::from_str(&text)?;
        ensure!(report.is_object(), "{what}: not one report");
        Ok(report)
    }
}

fn taken(report: &Value, keys: &[&str]) -> Map<String, Value> {
    keys.iter().map(|key| ((*key).to_owned(), report[*key].clone())).collect()
}

fn no_loss<'a>(rows: impl Iterator<Item = &'a Value>) -> Verdict {
    let (mut delivered, mut expected, mut faults) = (0, 0, 0);
    let count = |row: &Value, key: &str| row[key].as_u64().unwrap_or_default();
    for row in rows {
        delivered += count(row, "delivered");
        expected += count(row, "expected");
        faults += FAULTS.iter().map(|key| count(row, key)).sum::<u64>();
    }
    Verdict {
        name: "no_loss",
        passed: faults == 0 && delivered == expected && delivered > 0,
        of_timing: false,
        detail: format!("{delivered} of {expected} delivered; {faults} lost, duplicated, reordered or refused"),
    }
}

impl Report {
    fn print(&self) {
        println!("impaired: {} messages/s for {} s each over {}", self.rate, self.seconds, self.over);
        println!("| transport | lost % | alone p50 | p95 | p99 ms | beside a file p50 | p95 | p99 ms | file MiB/s |");
        println!("|---|---|---|---|---|---|---|---|---|");
        for row in &self.losses {
            let of = |phase: &str| ["p50", "p95", "p99"].map(|at| row[phase][at].to_string()).join(" | ");
            let (alone, beside) = (of("idle_ms"), of("beside_ms"));
            let (transport, loss, mib_per_s) = (text(row), &row["loss_percent"], &row["transfer_mib_per_s"]);
            println!("| {transport} | {loss} | {alone} | {beside} | {mib_per_s} |");
        }
        for row in &self.rebind {
            println!(
                "  {}: another address costs {} ms without a delivery at the median reader, {} ms at most; around it p50 {} \
                 p99 {} ms; {} reconnects",
                text(row),
                row["gap_ms"]["p50"],
                row["gap_ms"]["max"],
                row["around_ms"]["p50"],
                row["around_ms"]["p99"],
                row["reconnects"]
            );
        }
        if let Some(row) = &self.fallback {
            println!(
                "  {}: a session stands after {} ms, without UDP on the WebSocket after {} ms, and after {} ms where UDP stops \
                 under it",
                text(row),
                row["first_ms"]["p50"],
                row["fallback_ms"]["p50"],
                row["moved_ms"]["p50"]
            );
        }
        verdict::print(&self.verdicts);
    }
}

fn text(row: &Value) -> &str {
    row["transport"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_that_is_missing_in_one_row_fails_all() {
        let row = |delivered: u64, lost: u64| json!({"expected": 10, "delivered": delivered, "lost": lost});
        assert!(no_loss([row(10, 0), row(10, 0)].iter()).passed);
        for rows in [
            vec![row(10, 0), row(9, 1)],
            vec![row(9, 0)],
            vec![json!({"expected": 1, "delivered": 1, "refused": 1})],
            vec![],
        ] {
            assert!(!no_loss(rows.iter()).passed, "{rows:?}");
        }
    }
}
