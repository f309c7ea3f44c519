//! Connections on which nothing happens, a few of them.
#![allow(clippy::disallowed_methods)] // tests own their processes

use serde_json::Value;
use std::{fs, process::Command};

fn idle(args: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let few = ["--connections", "30", "--rooms", "3", "--members", "8", "--quiet-seconds", "1", "--probes", "5"];
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .arg("idle")
        .args(args)
        .args(few)
        .args(["--in-flight", "8", "--json"])
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap_or_else(|_| panic!("{said}"))).unwrap();
    for verdict in report["verdicts"].as_array().unwrap() {
        assert!(verdict["passed"] == true || verdict["of_timing"] == true, "{verdict}: {said}");
    }
    assert_eq!((&report["scenario"], &report["ready"]), (&"idle".into(), &30.into()), "{said}");
    // One to each, and five to single users.
    assert_eq!((&report["deliveries"]["delivered"], &report["lost"]), (&35.into(), &0.into()), "{said}");
    assert!(report["server"]["kib_per_connection"].is_number() && report["message_ms"]["p99"].is_number());
    assert_eq!(report["tls"], !args.contains(&"--plain"));
}

#[test]
fn everybody_is_given_one_message_over_quic() {
    idle(&["--transport", "quic"]);
}

#[test]
fn everybody_is_given_one_message_over_webtransport() {
    idle(&["--transport", "webtransport"]);
}

#[test]
fn everybody_is_given_one_message_over_websocket() {
    idle(&["--transport", "websocket"]);
}

#[test]
fn everybody_is_given_one_message_over_websocket_without_tls() {
    idle(&["--transport", "websocket", "--plain"]);
}
