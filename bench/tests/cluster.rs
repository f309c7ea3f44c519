//! The scenario with several nodes as a program: two of them, and the hardships that take
//! no longer than they must. How long users waited hangs on how busy this machine is and
//! is not looked at.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

use serde_json::Value;
use std::{fs, process::Command};

#[test]
fn nothing_is_lost_doubled_or_out_of_order_whatever_happens_to_nodes_and_redis() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let crowd = ["--speakers", "6", "--listeners", "6", "--rooms", "2", "--rate", "40", "--seconds", "2"];
    let hardships = ["none", "node-killed", "redis-restarted", "fail-over", "rolling-restart"];
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .args(["cluster", "--nodes", "2", "--hardships", &hardships.join(","), "--json"])
        .arg(&json)
        .args(crowd)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let report = fs::read_to_string(&json).unwrap_or_else(|_| panic!("no report: {said}"));
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert!(output.status.success(), "{said}");
    let phases = report["phases"].as_array().expect("phases");
    assert!(phases.iter().map(|phase| phase["hardship"].as_str().unwrap().replace('_', "-")).eq(hardships), "{report}");
    for phase in phases {
        let number = |key: &str| phase[key].as_u64().unwrap_or_else(|| panic!("{key} in {phase}"));
        for nothing in ["lost", "duplicated", "reordered", "refused"] {
            assert_eq!(number(nothing), 0, "{nothing}: {said}");
        }
        // Six in each room, three of whom speak.
        assert!(number("acked") >= 60 && number("delivered") >= 6 * number("acked"), "{said}");
        assert!(phase["users_waited_ms"]["max"].as_f64().unwrap() > 0.0, "{said}");
    }
}
