//! The scenario in which everybody reads one room, as a program, on each transport and beside
//! each ceiling. It looks at counts, never at timing.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

use serde_json::Value;
use std::{fs, process::Command};

const MEMBERS: u64 = 12;
const POSTS: u64 = 60;

fn fanout(args: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let (members, posts) = (MEMBERS.to_string(), POSTS.to_string());
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .args(["fanout", "--members", &members, "--posts", &posts, "--warm-up-posts", "10", "--in-flight", "5"])
        .args(args)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    serde_json::from_slice(&fs::read(json).unwrap()).unwrap()
}

fn check(report: &Value, runs: u64) {
    let count = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}"));
    assert_eq!((count("sent"), count("acked")), (runs * POSTS, runs * POSTS), "{report}");
    assert_eq!((count("expected"), count("delivered")), (runs * POSTS * MEMBERS, runs * POSTS * MEMBERS), "{report}");
    for none in ["refused", "lost", "duplicated", "reordered", "misplaced"] {
        assert_eq!(count(none), 0, "{none} in {report}");
    }
}

#[test]
fn everybody_reads_everything_on_each_transport() {
    let reports = fanout(&[]);
    let reports = reports.as_array().unwrap();
    let transports: Vec<&str> = reports.iter().map(|report| report["transport"].as_str().unwrap()).collect();
    assert_eq!(transports, ["quic", "webtransport", "websocket"]);
    for report in reports {
        check(report, 1);
        assert!(report.get("ceiling").is_none() && report.get("pairs").is_none(), "{report}");
    }
}

#[test]
fn each_transport_has_a_ceiling() {
    for (args, of) in [
        (&["--transport", "quic"][..], "bare quinn"),
        (&["--transport", "webtransport"], "this server over raw QUIC"),
        (&["--transport", "websocket"], "bare tungstenite"),
        (&["--transport", "websocket", "--plain"], "bare tungstenite"),
    ] {
        let report = fanout(&[args, &["--ceiling", "--pairs", "2"]].concat());
        check(&report, 2);
        assert_eq!(report["tls"], !args.contains(&"--plain"));
        assert_eq!((&report["ceiling"]["of"], report["pairs"].as_array().unwrap().len()), (&Value::from(of), 2));
        for pair in report["pairs"].as_array().unwrap() {
            for figure in
                [&pair["deliveries_per_s"], &pair["ceiling"]["deliveries_per_s"], &pair["ratio"]["deliveries_per_s"]]
            {
                assert!(figure.as_f64().unwrap() > 0.0, "{pair}");
            }
        }
        assert!(report["ratio"]["cpu"].is_number() && report["latency_ms"]["p99"].is_number(), "{report}");
    }
}
