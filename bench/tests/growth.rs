//! Rooms of several sizes as a program against the real server, small. What a delivery costs hangs
//! on the machine, and is not looked at.
#![allow(clippy::disallowed_methods)] // tests own their processes

use serde_json::Value;
use std::{fs, process::Command};

#[test]
fn every_shape_has_as_many_deliveries_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .args(["growth", "--shapes", "2x3,1x12", "--deliveries-per-s", "120", "--speakers", "4", "--rounds", "1"])
        .args(["--seconds", "2", "--warm-up-seconds", "1"])
        .arg("--json")
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let report = fs::read_to_string(&json).unwrap_or_else(|_| panic!("no report: {said}"));
    let report: Value = serde_json::from_str(&report).unwrap();
    for verdict in report["verdicts"].as_array().unwrap() {
        assert!(verdict["passed"] == true || verdict["of_timing"] == true, "{verdict}: {said}");
    }
    let shapes = report["shapes"].as_array().unwrap();
    let seen: Vec<_> = shapes.iter().map(|shape| (&shape["rooms"], &shape["members"], &shape["posts_per_s"])).collect();
    let (shape, other): ([u64; 2], [u64; 2]) = ([2, 3], [1, 12]);
    let expected = [(shape, 40.0), (other, 10.0)]
        .map(|([rooms, members], rate)| (Value::from(rooms), Value::from(members), Value::from(rate)));
    assert_eq!(seen, expected.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
    for shape in shapes {
        let run = &shape["runs"][0];
        assert_eq!(
            (&run["delivered"], &run["expected"], &run["lost"]),
            (&240.into(), &240.into(), &0.into()),
            "{said}"
        );
        assert!(run["server_cpu_s"].is_number() && shape["rss_mib"].as_f64().unwrap() > 1.0, "{run}");
    }
    assert_eq!(shapes[0]["ratio"], 1.0);
}
