//! Connections on which nothing happens, a few of them.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;

fn idle(args: &[&str]) {
    let few = ["--connections", "30", "--rooms", "3", "--members", "8", "--quiet-seconds", "1", "--probes", "5"];
    let Ran { exit_code, said, report } = program::run([&["idle"], args, &few, &["--in-flight", "8"]].concat());
    // 1 where a bound of time was missed.
    assert!(matches!(exit_code, Some(0 | 1)), "{said}");
    for verdict in report["verdicts"].as_array().unwrap_or_else(|| panic!("{said}")) {
        assert!(verdict["passed"] == true || verdict["of_timing"] == true, "{verdict}: {said}");
    }
    assert_eq!((&report["scenario"], &report["ready"]), (&"idle".into(), &30.into()), "{said}");
    // One to each, and five to single users.
    assert_eq!((&report["deliveries"]["delivered"], &report["lost"]), (&35.into(), &0.into()), "{said}");
    assert!(report["server"]["kib_per_connection"].is_number() && report["message_ms"]["p99"].is_number());
    assert_eq!(report["tls"], !args.contains(&"--plain"));
}

#[test]
fn everybody_is_given_one_message_over_quic() {
    idle(&["--transport", "quic"]);
}

#[test]
fn everybody_is_given_one_message_over_webtransport() {
    idle(&["--transport", "webtransport"]);
}

#[test]
fn everybody_is_given_one_message_over_websocket() {
    idle(&["--transport", "websocket"]);
}

#[test]
fn everybody_is_given_one_message_over_websocket_without_tls() {
    idle(&["--transport", "websocket", "--plain"]);
}
