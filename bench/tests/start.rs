//! A server that is started again on a small store.
#![allow(clippy::disallowed_methods)] // tests own their processes

use serde_json::Value;
use std::{fs, process::Command};

fn start(engine: &str, signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .args(["start", "--messages", "50", "--rooms", "4", "--runs", "2", "--engine", engine, "--signal", signal])
        .arg("--json")
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!((&report["scenario"], &report["engine"]), (&"start".into(), &engine.into()), "{said}");
    assert_eq!((&report["found"], &report["bad_ends"]), (&50.into(), &0.into()), "{said}");
    assert_eq!(report["runs_ms"].as_array().unwrap().len(), 2);
    assert!(report["ready_ms"]["p50"].as_f64().unwrap() > 0.0);
}

#[test]
fn everything_is_there_behind_each_start_of_sled() {
    start("sled", "TERM");
}

#[test]
fn everything_is_there_behind_each_start_of_fjall() {
    start("fjall", "KILL");
}
