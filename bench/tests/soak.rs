//! The scenario that goes on for a long time as a program, for a few seconds: what it counts, and
//! every verdict that hangs neither on the machine nor on the length.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;

#[test]
fn nothing_is_lost_over_restarts_and_every_probe_is_counted() {
    let crowd = ["soak", "--speakers", "6", "--listeners", "3", "--rooms", "2", "--rate", "30"];
    let Ran { exit_code, said, report } = program::run(crowd.iter().chain(&["--seconds", "6", "--restarts", "2"]));
    assert!(report.is_object(), "no report: {said}");
    let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}"));
    for nothing in ["lost", "duplicated", "reordered", "refused", "epochs_changed", "bad_ends"] {
        assert_eq!(number(nothing), 0, "{nothing}: {said}");
    }
    // It lasts at least so long, and every message reaches those of its room.
    assert!(number("acked") >= 6 * 30 - 30 && number("delivered") >= 4 * number("acked"), "{said}");
    assert_eq!(number("probes"), number("acked"), "{said}");
    let availability = report["availability"].as_f64().unwrap();
    let by_hand = number("probes_in_time") as f64 / number("probes") as f64;
    assert!((availability - by_hand).abs() < 1e-4, "{said}");
    for transport in ["quic", "webtransport", "websocket"] {
        assert!(report["availability_by_transport"][transport].is_number(), "{report}");
        assert!(report["unavailable_by_transport_ms"][transport]["max"].as_f64().unwrap() > 0.0, "{report}");
    }
    let verdict = |name: &str| {
        let verdicts = report["verdicts"].as_array().unwrap();
        verdicts.iter().find(|verdict| verdict["name"] == name).unwrap_or_else(|| panic!("{name}: {said}"))
    };
    for name in ["no_loss", "ends_in_order"] {
        assert_eq!(verdict(name)["passed"], true, "{said}");
    }
    let share_is_enough = availability >= 0.999;
    assert_eq!(verdict("availability")["passed"], share_is_enough, "{said}");
    let all = report["verdicts"].as_array().unwrap().iter().all(|verdict| verdict["passed"] == true);
    assert_eq!(exit_code == Some(0), all, "the exit code says what the verdicts say: {said}");
    let over_time = report["server_over_time"].as_array().unwrap();
    let last = over_time.last().unwrap_or_else(|| panic!("{said}"));
    for key in ["rss_mib", "handles", "threads"] {
        assert!(last[key].as_f64().unwrap() > 0.0, "{key}: {last}");
    }
    assert!(!report["timeline"].as_array().unwrap().is_empty() && report["histogram_us"].is_string());
}
