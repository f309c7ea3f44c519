//! The store's scenario, played for a moment on either engine.

use serde_json::Value;
use std::{fs, process::Command};

#[test]
fn a_report_has_its_keys_and_they_agree() {
    let directory = tempfile::tempdir().unwrap();
    for engine in ["sled", "fjall"] {
        let path = directory.path().join(format!("{engine}.json"));
        let status = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
            .args(["store", "--engine", engine, "--in-flight", "16", "--seconds", "1", "--pairs", "3", "--json"])
            .arg(&path)
            .arg("--directory")
            .arg(directory.path())
            .status()
            .unwrap();
        assert!(status.success());
        let report: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let number = |value: &Value| value.as_f64().filter(|number| *number > 0.0).unwrap();
        assert_eq!(report["engine"], engine);
        assert_eq!(report["in_flight"], 16);
        assert!(number(&report["ack_ms"]["p50"]) <= number(&report["ack_ms"]["p99"]));
        let mut ratios: Vec<f64> = report["pairs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| {
                let ratio = number(&pair["appends_per_s"]) / number(&pair["ceiling_appends_per_s"]);
                assert!((number(&pair["ratio"]) / ratio - 1.0).abs() < 1e-6);
                ratio
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        assert!((number(&report["ratio"]) / ratios[1] - 1.0).abs() < 1e-6);
        number(&report["appends_per_s"]);
        number(&report["ceiling_appends_per_s"]);
    }
}

#[test]
fn an_engine_that_nobody_knows_is_refused_by_name() {
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench")).args(["store", "--engine", "rocks"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("sled and fjall"));
}
