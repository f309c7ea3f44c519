//! The scenario that goes through lossy links, as a program, small: what was put together from its
//! runs, and nothing of the times. Root only.
#![allow(clippy::disallowed_methods)] // tests own their processes

mod program;

use program::Ran;
use std::path::Path;

#[test]
fn a_talk_over_a_lossy_link_from_another_address_and_without_udp_loses_nothing() {
    if !rustix::process::geteuid().is_root() || !Path::new("/dev/net/tun").exists() {
        eprintln!("not root, or no /dev/net/tun: a link is not laid here");
        return;
    }
    let link = ["impaired", "--transport", "quic", "--losses", "2", "--over", "rtt=10ms,rate=100mbit"];
    let short = ["--seconds", "4", "--falls", "1", "--mib", "33"];
    let Ran { exit_code, said, report } = program::run(link.iter().chain(&short));
    assert_eq!(exit_code, Some(0), "{said}");
    let [lossy] = &report["losses"].as_array().unwrap()[..] else { panic!("{report}") };
    // Both people read every message of the three phases: two of 4 s and one of 2 s between.
    assert_eq!(
        (lossy["delivered"].as_u64(), lossy["loss_percent"].as_f64()),
        (Some(2 * 10 * 10), Some(2.0)),
        "{report}"
    );
    let [rebind] = &report["rebind"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!((rebind["delivered"].as_u64(), rebind["changed"].as_str()), (Some(10 * 10 * 4), Some("address")));
    for key in ["first_ms", "fallback_ms", "moved_ms"] {
        assert!(report["fallback"][key]["max"].as_f64().unwrap() > 0.0, "{key}: {report}");
    }
    assert_eq!(report["verdicts"][0]["passed"], true, "{report}");
}
