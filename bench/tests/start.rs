//! A server that is started again on a small store.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;

fn start(engine: &str, signal: &str) {
    let small = ["start", "--messages", "50", "--rooms", "4", "--runs", "2", "--engine", engine, "--signal", signal];
    let Ran { exit_code, said, report } = program::run(small);
    assert_eq!(exit_code, Some(0), "{said}");
    assert_eq!((&report["scenario"], &report["engine"]), (&"start".into(), &engine.into()), "{said}");
    assert_eq!((&report["found"], &report["bad_ends"]), (&50.into(), &0.into()), "{said}");
    assert_eq!(report["runs_ms"].as_array().unwrap().len(), 2);
    assert!(report["ready_ms"]["p50"].as_f64().unwrap() > 0.0);
}

#[test]
fn everything_is_there_behind_each_start_of_sled() {
    start("sled", "TERM");
}

#[test]
fn everything_is_there_behind_each_start_of_fjall() {
    start("fjall", "KILL");
}
