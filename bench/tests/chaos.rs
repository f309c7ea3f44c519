//! The scenario that kills its server as a program: a few kills, a small store. How long
//! it takes to come back hangs on how busy this machine is and is not looked at.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

use serde_json::Value;
use std::{fs, process::Command};

fn check(signal: &str, engine: &str, kills: u64, seed: &str) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let crowd = ["--speakers", "6", "--listeners", "3", "--rooms", "2", "--rate", "60", "--messages", "1000"];
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .args(["chaos", "--signal", signal, "--kills", &kills.to_string(), "--seed", seed, "--pause-ms", "800"])
        .args(["--engine", engine])
        .args(crowd)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let report = fs::read_to_string(&json).unwrap_or_else(|_| panic!("no report: {said}"));
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}"));
    assert_eq!((&report["signal"], &report["engine"]), (&signal.into(), &engine.into()));
    assert_eq!((number("kills"), number("messages_before")), (kills, 1_000));
    for nothing in ["lost", "duplicated", "reordered", "refused", "epochs_changed", "bad_ends"] {
        assert_eq!(number(nothing), 0, "{nothing}: {said}");
    }
    // Every message reaches the speakers and listeners of its room.
    assert!(number("acked") >= 60 && number("delivered") >= 4 * number("acked"), "{said}");
    for quantile in ["p50", "max"] {
        assert!(report["unavailable_ms"][quantile].as_f64().unwrap() > 0.0, "{said}");
    }
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_when_the_server_is_killed() {
    check("KILL", "sled", 3, "7");
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_when_the_server_is_asked_to_end() {
    check("TERM", "fjall", 2, "8");
}
