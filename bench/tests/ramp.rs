//! The search as a program against the real server, small: so few steps that what becomes of
//! them does not hang on the machine.
#![allow(clippy::disallowed_methods)] // tests own their processes

use serde_json::Value;
use std::{fs, process::Command};

/// The exit code, the report, and what was said.
fn ramp(args: &[&str]) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .arg("ramp")
        .args(["--users", "4", "--rooms", "2", "--warm-up-seconds", "1", "--seconds", "2"])
        .args(args)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let report = fs::read_to_string(&json).unwrap_or_else(|_| panic!("no report: {said}"));
    (output.status.code(), serde_json::from_str(&report).unwrap(), said)
}

#[test]
fn rates_double_while_they_are_held_and_everything_is_counted_at_each() {
    // So long a time holds whatever the machine does.
    let (code, reports, said) = ramp(&["--p99-under", "60s", "--from", "10", "--to", "30"]);
    assert_eq!(code, Some(0), "{said}");
    let transports: Vec<&str> =
        reports.as_array().unwrap().iter().map(|one| one["transport"].as_str().unwrap()).collect();
    assert_eq!(transports, ["quic", "webtransport", "websocket"]);
    for report in reports.as_array().unwrap() {
        let steps = report["steps"].as_array().unwrap();
        let seen: Vec<_> = steps.iter().map(|step| (step["rate"].as_f64(), step["acked"].as_u64())).collect();
        assert_eq!(seen, [(Some(10.0), Some(20)), (Some(20.0), Some(40)), (Some(30.0), Some(60))], "{said}");
        for step in steps {
            assert_eq!((&step["held"], &step["lost"], &step["duplicated"]), (&true.into(), &0.into(), &0.into()));
            assert_eq!(step["delivered"].as_u64(), step["acked"].as_u64().map(|acked| acked * 2), "{step}");
            assert!(step["lag_ms"]["p99"].is_number() && step["server_cores"].is_number());
        }
        assert_eq!((&report["highest"]["rate"], &report["limited_by"]), (&30.0.into(), &"rate".into()));
        assert!(report["histogram_us"].as_str().unwrap().starts_with("HISTFAAA"));
    }
}

#[test]
fn where_no_rate_is_held_the_search_ends_below_and_fails() {
    let (code, report, said) = ramp(&["--transport", "websocket", "--p99-under", "1us", "--from", "4"]);
    assert_eq!(code, Some(1), "{said}");
    let rates: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| step["rate"].as_f64().unwrap()).collect();
    assert_eq!(rates, [4.0, 2.0, 1.0]);
    assert!(report["highest"].is_null() && said.contains("no rate was held"), "{said}");
    // Nothing was lost: it only took longer than a microsecond.
    assert!(report["steps"].as_array().unwrap().iter().all(|step| step["lost"] == 0 && step["held"] == false));
}
