//! Two reports beside one another: what changed, by how much, and whether that is more than
//! runs differ by themselves.

mod change;
mod unlike;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::Value;
use std::{fs, path::Path};

use crate::{
    args::compare::CompareArgs,
    publish::{self, Judgement, paths},
};
use change::{Change, Pairs};
use unlike::Unlike;

/// Keys are fixed.
#[derive(Debug, Serialize)]
struct Comparison {
    a: String,
    b: String,
    /// Runs of each.
    runs: usize,
    unlike: Vec<Unlike>,
    changes: Vec<Change>,
}

/// Compares, prints, and judges by the thresholds.
pub(crate) fn run(args: &CompareArgs) -> anyhow::Result<Judgement> {
    ensure!(args.reports.len().is_multiple_of(2), "reports come in pairs: A B, or A1 B1 A2 B2 …");
    let reports: Vec<Value> = args.reports.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?;
    let pairs: Vec<(&Value, &Value)> = reports.chunks_exact(2).map(|pair| (&pair[0], &pair[1])).collect();
    let (a, b) = pairs[0];
    let comparison = Comparison {
        a: args.reports[0].display().to_string(),
        b: args.reports[1].display().to_string(),
        runs: pairs.len(),
        unlike: unlike::between(parts(a)[0].1, parts(b)[0].1),
        changes: changes(&pairs),
    };
    comparison.print(args);
    publish::write_json(&comparison, args.json.as_deref())?;
    let of_b: Vec<(String, f64)> = comparison.changes.iter().map(|change| (change.key.clone(), change.b)).collect();
    let ratio = |key: &str| comparison.changes.iter().find(|change| change.key == key)?.ratio;
    let judgement = publish::judge_beside(&of_b, ratio, &args.fail_if);
    judgement.print();
    Ok(judgement)
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no report", path.display()))
}

/// A report, or each of a list of them with the name that its keys are told apart by.
fn parts(report: &Value) -> Vec<(String, &Value)> {
    let named = |one: &Value| format!("{}.", one["transport"].as_str().unwrap_or("?"));
    match report.as_array() {
        Some(all) if !all.is_empty() => all.iter().map(|one| (named(one), one)).collect(),
        _ => vec![(String::new(), report)],
    }
}

fn part<'a>(report: &'a Value, name: &str) -> Option<&'a Value> {
    parts(report).into_iter().find(|(other, _)| other == name).map(|(_, part)| part)
}

/// Numbers that all have, over all pairs.
fn changes(pairs: &[(&Value, &Value)]) -> Vec<Change> {
    let names = parts(pairs[0].0).into_iter().map(|(name, _)| name);
    names
        .flat_map(|name| {
            let of_part: Option<Vec<_>> = pairs.iter().map(|(a, b)| Some((part(a, &name)?, part(b, &name)?))).collect();
            of_part.map(|pairs| changes_of_part(&name, &pairs)).unwrap_or_default()
        })
        .collect()
}

fn changes_of_part(name: &str, pairs: &[(&Value, &Value)]) -> Vec<Change> {
    let numbers: Vec<_> = pairs.iter().map(|(a, b)| (paths::numbers(a), paths::numbers(b))).collect();
    let of = |all: &[(String, f64)], key: &str| all.iter().find(|(path, _)| path == key).map(|(_, value)| *value);
    let compared = |key: &&str| !paths::is_of_a_list(key) && !unlike::is_setting(key);
    let keys = numbers[0].0.iter().map(|(key, _)| key.as_str()).filter(compared);
    keys.filter_map(|key| {
        let runs: Option<Vec<(f64, f64)>> = numbers.iter().map(|(a, b)| Some((of(a, key)?, of(b, key)?))).collect();
        let runs = match &runs?[..] {
            // One report that is the median of pairs of its own has what each of them came to.
            [one] => Pairs::of_one(*one, within(pairs[0].0, key), within(pairs[0].1, key)),
            runs => Pairs::of_runs(runs),
        };
        Some(Change::of(&format!("{name}{key}"), &runs))
    })
    .collect()
}

/// What each of a report's own pairs has under a key.
fn within(report: &Value, key: &str) -> Vec<f64> {
    let of_pair = |pair: &Value| paths::numbers(pair).into_iter().find(|(path, _)| path == key).map(|(_, value)| value);
    report["pairs"].as_array().into_iter().flatten().filter_map(of_pair).collect()
}

impl Comparison {
    fn print(&self, args: &CompareArgs) {
        let Self { a, b, runs, unlike, changes } = self;
        println!(
            "A  {a}\nB  {b}{}",
            if *runs > 1 { format!("\nand {} further pairs", runs - 1) } else { String::new() }
        );
        unlike.iter().for_each(|unlike| println!("  differs: {unlike}"));
        let shown: Vec<&Change> = changes.iter().filter(|change| args.all || change.is_at_least(args.least)).collect();
        let width = shown.iter().map(|change| change.key.len()).max().unwrap_or_default().max("key".len());
        println!("  {:width$}  {:>14}  {:>14}  {:>8}", "key", "A", "B", "B/A");
        shown.iter().for_each(|change| println!("  {}", change.line(width)));
        let hidden = changes.len() - shown.len();
        if hidden > 0 {
            println!("  {hidden} numbers are the same or changed by less than {} %", args.least);
        }
    }
}
