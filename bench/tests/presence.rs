//! Some come online, and see each other.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;

fn presence(transport: &str) {
    let few = ["--users", "20", "--members", "10", "--watched", "6", "--over-ms", "200"];
    let Ran { exit_code, said, report } = program::run([&["presence", "--transport", transport], &few[..]].concat());
    // 1 where a bound of time was missed.
    assert!(matches!(exit_code, Some(0 | 1)), "{said}");
    for verdict in report["verdicts"].as_array().unwrap_or_else(|| panic!("{said}")) {
        assert!(verdict["passed"] == true || verdict["of_timing"] == true, "{verdict}: {said}");
    }
    assert_eq!((&report["present"], &report["right"]), (&20.into(), &20.into()), "{said}");
    assert!(report["all_right_ms"].as_f64() >= report["view_ms"]["p50"].as_f64(), "{said}");
    assert!(report["server"]["cpu_s"].is_number(), "{said}");
}

#[test]
fn everybody_is_seen_over_quic() {
    presence("quic");
}

#[test]
fn everybody_is_seen_over_websocket() {
    presence("websocket");
}

#[test]
fn who_would_watch_themselves_is_refused() {
    let Ran { exit_code, said, .. } =
        program::run(["presence", "--transport", "quic", "--users", "10", "--members", "10", "--watched", "10"]);
    assert_eq!(exit_code, Some(1), "{said}");
    assert!(said.contains("--members are more than --watched"), "{said}");
}
