//! The acceptance lists as programs, small. What hangs on how busy this machine is, and on the
//! size that was promised, is not looked at.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;
use serde_json::Value;

/// The report and what was said; the exit code agrees with the verdicts.
fn accept(args: &[&str]) -> (Value, String) {
    let Ran { exit_code, said, report } = program::run(args);
    let verdicts = report["verdicts"].as_array().unwrap_or_else(|| panic!("no verdicts: {said}"));
    let passed = verdicts.iter().all(|verdict| verdict["passed"] == true);
    assert_eq!(exit_code == Some(0), passed, "{said}");
    for verdict in verdicts {
        let name = verdict["name"].as_str().unwrap();
        assert!(verdict["passed"] == true || verdict["of_timing"] == true || name == "size", "{verdict}: {said}");
        assert!(said.contains(name), "{name} is not told: {said}");
    }
    (report, said)
}

#[test]
fn a_team_that_posts_at_the_same_instant_reads_everything() {
    let (report, said) = accept(&["accept-team", "--users", "6", "--rounds", "4", "--interval-ms", "300"]);
    assert_eq!((&report["scenario"], &report["transport"]), (&"accept-team".into(), &"all".into()));
    assert_eq!((&report["chat"]["acked"], &report["chat"]["delivered"]), (&24.into(), &(24 * 6).into()), "{said}");
    assert!(report["latency_ms"]["max"].as_f64().unwrap() > 0.0);
}

#[test]
fn an_enterprise_posts_reads_and_carries_files_at_once() {
    let crowd = ["--users", "12", "--speakers", "4", "--rooms", "2", "--few", "6", "--rate", "20"];
    let spans = ["--seconds", "3", "--few-seconds", "2", "--files-mib-per-s", "16"];
    let (report, said) = accept(&[&["accept-enterprise"][..], &crowd, &spans].concat());
    // Six in each room, with all and with few.
    assert_eq!((&report["chat"]["acked"], &report["chat"]["delivered"]), (&60.into(), &360.into()), "{said}");
    assert_eq!(report["few"]["chat"]["delivered"], 40 * 6, "{said}");
    assert_eq!((&report["few"]["users"], &report["few"]["rooms"]), (&6.into(), &1.into()));
    assert!(report["files_mb_per_s"].as_f64().unwrap() > 0.0, "{said}");
    assert!(report["server"]["cpu_share"].as_f64().unwrap() > 0.0, "{said}");
    assert!(report["server"]["rss_mib"].as_f64().unwrap() > 1.0, "{said}");
}
