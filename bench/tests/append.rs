//! The scenario that only posts, as a program, on each transport and both engines.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

mod program;

use program::Ran;
use serde_json::Value;

fn append(args: &[&str]) -> Value {
    let small = ["append", "--sessions", "3", "--seconds", "1", "--warm-up-seconds", "1"];
    let Ran { exit_code, said, report } = program::run(small.iter().chain(args));
    assert_eq!(exit_code, Some(0), "{args:?}: {said}");
    report
}

#[test]
fn posts_are_acked_in_their_places_and_delivered() {
    let closed = append(&["--transport", "quic", "--in-flight", "12", "--engine", "fjall"]);
    assert_eq!((&closed["engine"], &closed["in_flight"]), (&"fjall".into(), &12.into()));
    assert!(closed["acked_per_s"].as_f64().unwrap() > 10.0, "{closed}");
    assert!(closed["ack_ms"]["p99"].as_f64().unwrap() > 0.0, "{closed}");
    assert_eq!(closed["delivered"], closed["acked_in_all"]);
    let paced = append(&["--transport", "websocket", "--in-flight", "6", "--rate", "40"]);
    // 40 a second for two seconds, of which one counts.
    assert_eq!((paced["acked"].as_u64(), paced["acked_in_all"].as_u64()), (Some(40), Some(80)), "{paced}");
}
