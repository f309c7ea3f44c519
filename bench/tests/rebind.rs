//! A talk in whose middle everybody gets another address, as a program: nothing is lost, and the
//! report says what was noticed of it. How long that took hangs on the machine.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;
use std::path::Path;

fn check(transport: &str, changed: &str, further: &[&str]) {
    let crowd = ["chat", "--transport", transport, "--users", "4", "--rooms", "2", "--rate", "40", "--rebind"];
    let spans = ["--warm-up-seconds", "1", "--seconds", "6", "--drain-seconds", "60"];
    let Ran { exit_code, said, report } = program::run(crowd.iter().chain(&spans).chain(further));
    assert_eq!(exit_code, Some(0), "{transport}: {said}");
    let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}"));
    assert_eq!((number("acked"), number("delivered"), number("lost")), (240, 480, 0), "{said}");
    assert_eq!((number("duplicated"), number("reordered")), (0, 0), "{said}");
    let rebind = &report["rebind"];
    assert_eq!(rebind["changed"], changed, "{said}");
    let reconnects = rebind["reconnects"].as_u64().unwrap();
    // Of four users; nobody makes QUIC begin anew.
    assert!(reconnects >= if transport == "quic" { 0 } else { 4 }, "{said}");
    let at_s = rebind["at_s"].as_f64().unwrap();
    assert!(at_s >= 3.0, "{said}");
    for (part, value) in [("gap_ms", "max"), ("gap_before_ms", "p50"), ("before_ms", "p99"), ("around_ms", "p99")] {
        assert!(rebind[part][value].as_f64().unwrap() > 0.0, "{part}: {said}");
    }
}

#[test]
fn nothing_is_lost_from_another_socket() {
    for transport in ["quic", "webtransport", "websocket"] {
        check(transport, "socket", &[]);
    }
}

#[test]
fn nothing_is_lost_from_another_address_of_the_link() {
    if !rustix::process::geteuid().is_root() || !Path::new("/dev/net/tun").exists() {
        eprintln!("not root, or no /dev/net/tun: a link is not laid here");
        return;
    }
    for transport in ["quic", "websocket"] {
        check(transport, "address", &["--link", "rtt=10ms,rate=100mbit"]);
    }
}
