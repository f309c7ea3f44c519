//! What every scenario does with its report, seen from outside: one small chat, and
//! comparisons of reports that were made by hand.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;
use serde_json::{Value, json};
use std::{fs, path::Path};

fn small_chat<'a>(further: &[&'a str]) -> Vec<&'a str> {
    let chat = ["chat", "--transport", "websocket", "--users", "3", "--rate", "30", "--warm-up-seconds", "1"];
    [&chat[..], &["--seconds", "2"], further].concat()
}

#[test]
fn a_run_is_published_with_its_machine_its_configuration_its_course_and_its_thresholds() {
    let folder = tempfile::tempdir().unwrap();
    let html = folder.path().join("report.html").to_str().unwrap().to_owned();
    let thresholds = ["--fail-if", "lost>0", "--fail-if", "p99 > 10min"];
    let Ran { exit_code, said, .. } = program::run(small_chat(&thresholds));
    assert_eq!(exit_code, Some(2), "a unit that nobody knows: {said}");

    let thresholds = ["--fail-if", "lost>0", "--fail-if", "delivered<1e6", "--commit", "c0ffee"];
    let Ran { exit_code, said, report } = program::run(small_chat(&[&thresholds[..], &["--html", &html]].concat()));
    assert_eq!(exit_code, Some(1), "a threshold was crossed: {said}");
    assert_eq!((&report["scenario"], &report["commit"]), (&json!("chat"), &json!("c0ffee")));
    assert_eq!((&report["configuration"]["users"], &report["configuration"]["text_bytes"]), (&json!(3), &json!(100)));
    assert!(report["configuration"].get("json").is_none() && report["version"].is_string());
    assert!(report["machine"]["cores"].as_u64().unwrap() > 0 && report["foreign_cpu_share"].is_number());
    assert_eq!(report["thresholds"][0], json!({"fail_if": "lost>0", "key": "lost", "value": 0.0, "failed": false}));
    assert_eq!(report["thresholds"][1]["failed"], true);
    let moments = report["timeline"].as_array().unwrap();
    assert!(!moments.is_empty() && moments.iter().all(|moment| moment["connections"] == 3), "{moments:?}");
    assert!(moments.iter().any(|moment| moment["server_rss_mib"].as_f64().unwrap() > 1.0), "{moments:?}");
    assert!(report["percentiles"].as_array().unwrap().len() > 5);
    assert!(report["histogram_us"].as_str().unwrap().starts_with("HISTFAAA"));
    let page = fs::read_to_string(&html).unwrap();
    assert!(page.contains("Latency over time") && page.contains("fail if delivered&lt;1e6"));
}

#[test]
fn a_threshold_on_a_key_that_the_report_will_not_have_ends_before_the_run() {
    let nowhere = small_chat(&["--rill", "/nowhere/rill", "--fail-if", "p95>1ms"]);
    let Ran { exit_code, said, report } = program::run(nowhere);
    assert!(exit_code == Some(2) && report.is_null(), "{exit_code:?}: {said}");
    assert!(said.contains("unknown_key") && !said.contains("/nowhere"), "{said}");
}

fn write(folder: &Path, name: &str, report: &Value) -> String {
    let path = folder.join(name);
    fs::write(&path, report.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn reports_are_compared_by_pairs_and_thresholds() {
    let folder = tempfile::tempdir().unwrap();
    let mut reports = vec!["compare".to_owned()];
    for (run, (a, b)) in [(10.0, 12.0), (11.0, 13.5), (10.5, 12.5), (10.0, 12.1), (9.5, 11.0)].into_iter().enumerate() {
        let report = |p99: f64| json!({"latency_ms": {"p99": p99}, "lost": 0, "configuration": {"users": 50}});
        reports.push(write(folder.path(), &format!("a{run}"), &report(a)));
        reports.push(write(folder.path(), &format!("b{run}"), &report(b)));
    }
    let compare = |reports: &[String], further: &[&str]| {
        let Ran { exit_code, said, .. } =
            program::run(reports.iter().map(String::as_str).chain(further.iter().copied()));
        (exit_code, said)
    };
    let (code, said) = compare(&reports, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("latency_ms.p99") && said.contains("1.21") && said.contains("beyond noise"), "{said}");
    assert!(!said.contains("configuration.users"), "a setting is no figure: {said}");
    let (code, said) = compare(&reports[..3], &["--fail-if", "p99>1.1x", "--fail-if", "lost>0"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = compare(&reports[..3], &["--fail-if", "p99>1.3x"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = compare(&reports[..3], &["--fail-if", "p90>5ms"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("unknown_key"), "{said}");
    let list = |up: f64| json!([{"transport": "quic", "mib_per_s": {"up": up}}, {"transport": "websocket", "lost": 0}]);
    let lists = [write(folder.path(), "a", &list(100.0)), write(folder.path(), "b", &list(50.0))];
    let (code, said) =
        compare(&[&["compare".to_owned()], &lists[..]].concat(), &["--fail-if", "quic.mib_per_s.up<0.9x"]);
    assert!(code == Some(1) && said.contains("quic.mib_per_s.up"), "{said}");
    let (code, said) = compare(&reports[..4], &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("pairs"), "{said}");
}
