//! The day in a company as a program, a short one: that everything was done by somebody, that nothing failed and
//! nothing was lost. What it took hangs on the machine.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;

#[test]
fn a_short_day_loses_nothing_and_nothing_fails() {
    let crowd = ["mixed", "--users", "12", "--rooms", "4", "--rate", "60"];
    let Ran { exit_code, said, report } = program::run(crowd.iter().chain(&["--seconds", "10", "--seed", "3"]));
    assert_eq!(exit_code, Some(0), "{said}");
    let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}"));
    for nothing in ["lost", "duplicated", "reordered", "errors_in_all"] {
        assert_eq!(number(nothing), 0, "{nothing}: {said}");
    }
    assert!(number("acked") > 20 && number("delivered") > number("acked"), "{said}");
    assert!(number("visits") >= 12 && number("memberships") >= 12 + 8, "{said}");
    let done = |kind: &str| report["operations"][kind]["done"].as_u64().unwrap_or_else(|| panic!("{kind} in {report}"));
    assert_eq!((done("connect"), done("post")), (number("visits"), number("acked")), "{said}");
    for kind in ["join", "history", "members", "view", "send_file"] {
        assert!(done(kind) > 0, "{kind}: {said}");
        assert!(report["operations"][kind]["latency_ms"]["p50"].as_f64().unwrap() > 0.0, "{kind}: {said}");
    }
    assert!(report["verdicts"].as_array().unwrap().iter().all(|verdict| verdict["passed"] == true), "{said}");
    assert!(report["timeline"].is_array() && report["histogram_us"].is_string(), "{report}");
}
