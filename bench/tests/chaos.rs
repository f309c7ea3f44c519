//! The scenario that kills its server as a program: a few kills, a small store. How long
//! it takes to come back hangs on how busy this machine is and is not looked at.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

mod program;

use program::Ran;

fn check(signal: &str, engine: &str, kills: &str, seed: &str) {
    let crowd = ["--speakers", "6", "--listeners", "3", "--rooms", "2", "--rate", "60", "--messages", "1000"];
    let hardship = ["--signal", signal, "--kills", kills, "--seed", seed, "--pause-ms", "800", "--engine", engine];
    let Ran { exit_code, said, report } = program::run(["chaos"].iter().chain(&crowd).chain(&hardship));
    assert!(exit_code.is_some(), "{said}");
    let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}: {said}"));
    assert_eq!((&report["signal"], &report["engine"]), (&signal.into(), &engine.into()));
    assert_eq!((number("kills").to_string(), number("messages_before")), (kills.to_owned(), 1_000));
    for nothing in ["lost", "duplicated", "reordered", "refused", "epochs_changed", "bad_ends"] {
        assert_eq!(number(nothing), 0, "{nothing}: {said}");
    }
    // Every message reaches the speakers and listeners of its room.
    assert!(number("acked") >= 60 && number("delivered") >= 4 * number("acked"), "{said}");
    for quantile in ["p50", "max"] {
        assert!(report["unavailable_ms"][quantile].as_f64().unwrap() > 0.0, "{said}");
    }
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_when_the_server_is_killed() {
    check("KILL", "sled", "3", "7");
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_when_the_server_is_asked_to_end() {
    check("TERM", "fjall", "2", "8");
}
