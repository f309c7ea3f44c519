//! Somebody logs in who has some rooms.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;

fn login(args: &[&str]) {
    let few = ["--rooms", "12", "--posts", "2", "--rounds", "2"];
    let Ran { exit_code, said, report } = program::run([&["login"], args, &few[..]].concat());
    // 1 where a bound of time was missed.
    assert!(matches!(exit_code, Some(0 | 1)), "{said}");
    for verdict in report["verdicts"].as_array().unwrap_or_else(|| panic!("{said}")) {
        assert!(verdict["passed"] == true || verdict["of_timing"] == true, "{verdict}: {said}");
    }
    for logins in ["back", "anew"] {
        assert_eq!(report[logins]["missing"], 0, "{said}");
        assert!(report[logins]["list_ms"]["max"].as_f64() >= report[logins]["ready_ms"]["p50"].as_f64(), "{said}");
    }
}

#[test]
fn the_list_is_complete_over_webtransport() {
    login(&["--transport", "webtransport"]);
}

#[test]
fn the_list_is_complete_over_websocket() {
    login(&["--transport", "websocket", "--plain"]);
}

#[test]
fn more_rooms_than_a_user_may_have_are_refused() {
    let Ran { exit_code, said, .. } = program::run(["login", "--transport", "quic", "--rooms", "2001"]);
    assert_eq!(exit_code, Some(1), "{said}");
    assert!(said.contains("--rooms is at most 2000"), "{said}");
}
