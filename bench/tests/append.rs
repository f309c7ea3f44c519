//! The scenario that only posts, as a program, on each transport and both engines.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

use serde_json::Value;
use std::{fs, process::Command};

fn append(args: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .args(["append", "--sessions", "3", "--seconds", "1", "--warm-up-seconds", "1"])
        .args(args)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    serde_json::from_str(&fs::read_to_string(&json).expect("a report")).expect("JSON")
}

#[test]
fn posts_are_acked_in_their_places_and_delivered() {
    let closed = append(&["--transport", "quic", "--in-flight", "12", "--engine", "fjall"]);
    assert_eq!((&closed["engine"], &closed["in_flight"]), (&"fjall".into(), &12.into()));
    assert!(closed["acked_per_s"].as_f64().unwrap() > 10.0, "{closed}");
    assert!(closed["ack_ms"]["p99"].as_f64().unwrap() > 0.0, "{closed}");
    assert_eq!(closed["delivered"], closed["acked_in_all"]);
    let paced = append(&["--transport", "websocket", "--in-flight", "6", "--rate", "40"]);
    // 40 a second for two seconds, of which one counts.
    assert_eq!((paced["acked"].as_u64(), paced["acked_in_all"].as_u64()), (Some(40), Some(80)), "{paced}");
}
