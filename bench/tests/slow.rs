//! The scenario with sessions that never read, small, as a program against the real server.
//! The server is found through `RILL_BIN`, or beside the test binaries.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;

#[test]
fn sessions_that_never_read_cost_nobody_a_message_and_find_everything_in_the_end() {
    let crowd = ["--users", "9", "--slow", "3", "--rate", "120", "--text-bytes", "400"];
    let spans = ["--without-seconds", "2", "--seconds", "15"];
    let Ran { exit_code, said, report } = program::run(["slow"].iter().chain(&crowd).chain(&spans));
    let verdicts = report["verdicts"].as_array().unwrap_or_else(|| panic!("no verdicts: {said}"));
    // 15 s are more than the events that a client holds; how long others wait is a matter of
    // the machine, which tests share.
    for verdict in verdicts {
        let passed = verdict["passed"].as_bool().unwrap();
        assert!(passed || verdict["of_timing"] == true, "{verdict}\n{said}");
    }
    let passed = verdicts.iter().all(|verdict| verdict["passed"] == true);
    assert_eq!(exit_code == Some(0), passed, "{said}");
    assert_eq!((&report["scenario"], &report["users"], &report["slow"]), (&"slow".into(), &9.into(), &3.into()));
    assert_eq!(report["slow_sessions"]["caught_up"], 3);
    assert_eq!(report["chat"]["due"], 17 * 120);
    assert_eq!(report["chat"]["delivered"], 17 * 120 * 6);
    assert!(report["slow_sessions"]["entries"].as_u64().unwrap() > 3 * 1_000, "{report}");
}
