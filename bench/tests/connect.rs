//! Connections that are made again and again, and a storm of a few clients.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;
use serde_json::Value;

fn connect(args: &[&str]) -> (Value, String) {
    let Ran { exit_code, said, report } = program::run([&["connect"], args].concat());
    // 1 where a bound of time was missed.
    assert!(matches!(exit_code, Some(0 | 1)), "{said}");
    for verdict in report["verdicts"].as_array().unwrap_or_else(|| panic!("{said}")) {
        assert!(verdict["passed"] == true || verdict["of_timing"] == true, "{verdict}: {said}");
    }
    assert_eq!(report["scenario"], "connect");
    (report, said)
}

fn again_and_again(args: &[&str]) {
    let (report, said) = connect(&[args, &["--in-flight", "4", "--seconds", "8", "--warm-up-seconds", "0"]].concat());
    assert!(report["connections"].as_u64().unwrap() > 0 && report["failed"] == 0, "{said}");
    assert!(report["handshakes_per_s"].as_f64().unwrap() > 0.0, "{said}");
    assert!(report["server"]["cpu_ms_per_handshake"].is_number(), "{said}");
}

#[test]
fn connections_over_quic_are_ready_and_counted() {
    again_and_again(&["--transport", "quic"]);
}

#[test]
fn connections_over_webtransport_are_ready_and_counted() {
    again_and_again(&["--transport", "webtransport"]);
}

#[test]
fn connections_over_websocket_are_ready_and_counted() {
    again_and_again(&["--transport", "websocket"]);
}

#[test]
fn behind_a_kill_everybody_comes_back_and_has_missed_nothing() {
    let (report, said) = connect(&["--storm", "--clients", "18", "--rooms", "3", "--speakers", "9", "--rate", "30"]);
    assert_eq!((&report["back"], &report["lost"], &report["duplicated"]), (&18.into(), &0.into(), &0.into()), "{said}");
    assert!(report["acked"].as_u64().unwrap() > 0 && report["refusals"].is_object(), "{said}");
    let lost_ways: u64 = report["reasons"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert!(lost_ways >= 18, "everybody lost their connection: {said}");
}
