//! The hostile scenario as a program: all attacks in a few seconds, a small chat. What
//! hangs on how busy this machine is (latencies) is not looked at.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// The report, whatever the exit code, and what was said.
fn hostile(args: &[&str], json: &Path) -> (Option<Value>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .arg("hostile")
        .args(args)
        .arg("--json")
        .arg(json)
        .output()
        .expect("rill-bench runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let report = fs::read_to_string(json).ok().map(|text| serde_json::from_str(&text).expect("JSON"));
    (report, text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_chat_beside_all_attacks_loses_nothing_and_every_refusal_is_coded() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    // Slower than by default: a server that is not optimised has a tenth of the breath. And attackers
    // that get their turn, whatever else is at work here.
    let chat = ["--users", "12", "--rooms", "2", "--rate", "12", "--seed", "7"];
    let attackers = ["--attack-rate", "0.2", "--attackers-nice", "0"];
    let spans = ["--undisturbed-seconds", "2", "--seconds", "10", "--after-seconds", "2"];
    let (report, said) = hostile(&[&chat[..], &attackers, &spans].concat(), &json);
    let report = report.unwrap_or_else(|| panic!("no report: {said}"));
    let verdicts = report["verdicts"].as_array().unwrap();
    for name in ["no_loss", "alive", "coded"] {
        let verdict = verdicts.iter().find(|verdict| verdict["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(verdict["passed"], true, "{name}: {}\n{said}", verdict["detail"]);
    }
    let attacks = report["attacks"].as_array().unwrap();
    assert!(attacks.len() > 30, "{}", attacks.len());
    let idle: Vec<&Value> = attacks
        .iter()
        .filter(|attack| attack["attempts"] == 0 && attack["unfinished"] == 0)
        .map(|attack| &attack["name"])
        .collect();
    assert!(idle.is_empty(), "{idle:?} did nothing: {said}");
    assert!(report["chat"]["delivered"].as_u64().unwrap() > 0);
}

#[test]
fn attacks_are_listed_and_chosen_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let (_, listed) = hostile(&["--list"], &json);
    assert!(listed.lines().count() > 30 && listed.contains("mux_violations"), "{listed}");
    let (report, said) = hostile(&["--only", "no_such_attack"], &json);
    assert!(report.is_none() && said.contains("no_such_attack"), "{said}");
}
