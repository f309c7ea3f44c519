//! A room is opened, a small one.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;

fn open(transport: &str, messages: &str) {
    let small = ["--members", "40", "--openings", "5", "--page", "20", "--member-page", "10"];
    let Ran { exit_code, said, report } =
        program::run([&["open", "--transport", transport, "--messages", messages], &small[..]].concat());
    // 1 where a bound of time was missed.
    assert!(matches!(exit_code, Some(0 | 1)), "{said}");
    for verdict in report["verdicts"].as_array().unwrap_or_else(|| panic!("{said}")) {
        assert!(verdict["passed"] == true || verdict["of_timing"] == true, "{verdict}: {said}");
    }
    assert_eq!((&report["scenario"], &report["counted"]), (&"open".into(), &40.into()), "{said}");
    assert!(report["opening_ms"]["p99"].as_f64().unwrap() >= report["counts_ms"]["p50"].as_f64().unwrap());
}

#[test]
fn there_is_everything_in_a_room_over_quic() {
    open("quic", "150");
}

#[test]
fn there_is_everything_in_a_room_of_few_messages_over_websocket() {
    open("websocket", "3");
}
