//! The scenario with sessions that never read, small, as a program against the real server.
//! The server is found through `RILL_BIN`, or beside the test binaries.
#![allow(clippy::disallowed_methods)] // tests own their processes

use serde_json::Value;
use std::{fs, process::Command};

#[test]
fn sessions_that_never_read_cost_nobody_a_message_and_find_everything_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .args(["slow", "--users", "9", "--slow", "3", "--rate", "120", "--text-bytes", "400"])
        .args(["--without-seconds", "2", "--seconds", "15", "--json"])
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let report = fs::read_to_string(&json).unwrap_or_else(|_| panic!("no report: {said}"));
    let report: Value = serde_json::from_str(&report).unwrap();
    // 15 s are more than the events that a client holds; how long others wait is a matter of
    // the machine, which tests share.
    for verdict in report["verdicts"].as_array().unwrap() {
        let passed = verdict["passed"].as_bool().unwrap();
        assert!(passed || verdict["of_timing"] == true, "{verdict}\n{said}");
    }
    let passed = report["verdicts"].as_array().unwrap().iter().all(|verdict| verdict["passed"] == true);
    assert_eq!(output.status.success(), passed, "{said}");
    assert_eq!((&report["scenario"], &report["users"], &report["slow"]), (&"slow".into(), &9.into(), &3.into()));
    assert_eq!(report["slow_sessions"]["caught_up"], 3);
    assert_eq!(report["chat"]["due"], 17 * 120);
    assert_eq!(report["chat"]["delivered"], 17 * 120 * 6);
    assert!(report["slow_sessions"]["entries"].as_u64().unwrap() > 3 * 1_000, "{report}");
}
