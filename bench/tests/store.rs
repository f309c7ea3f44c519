//! The store's scenario, played for a moment on either engine.

mod program;

use program::Ran;
use serde_json::Value;
use std::ffi::OsStr;

#[test]
fn a_report_has_its_keys_and_they_agree() {
    let directory = tempfile::tempdir().unwrap();
    for engine in ["sled", "fjall"] {
        let run = ["store", "--engine", engine, "--in-flight", "16", "--seconds", "1", "--pairs", "3"];
        let place = [OsStr::new("--directory"), directory.path().as_os_str()];
        let Ran { exit_code, said, report } = program::run(run.iter().map(OsStr::new).chain(place));
        assert_eq!(exit_code, Some(0), "{said}");
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
    let Ran { exit_code, said, .. } = program::run(["store", "--engine", "rocks"]);
    assert_eq!(exit_code, Some(2), "{said}");
    assert!(said.contains("sled and fjall"), "{said}");
}
