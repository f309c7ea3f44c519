//! The scenarios with files, as programs, small.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

mod program;

use program::Ran;
use serde_json::Value;
use std::{ffi::OsStr, fs};

fn report(args: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let place = [OsStr::new("--directory"), folder.path().as_os_str()];
    let Ran { exit_code, said, report } = program::run(args.iter().map(OsStr::new).chain(place));
    assert_eq!(exit_code, Some(0), "{args:?}: {said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something is left");
    report
}

#[test]
fn files_are_measured_beside_the_ceiling_on_every_transport() {
    let all = report(&["files", "--mib", "3", "--transfers", "3", "--pairs", "1"]);
    let transports: Vec<&str> = all.as_array().unwrap().iter().map(|one| one["transport"].as_str().unwrap()).collect();
    assert_eq!(transports, ["quic", "webtransport", "websocket"]);
    for one in all.as_array().unwrap() {
        for key in ["mib_per_s", "ceiling_mib_per_s", "ratio"] {
            for way in ["up", "down"] {
                assert!(one[key][way].as_f64().unwrap() > 0.0, "{key} {way}: {one}");
            }
        }
        assert!(one["server"]["rss_mib"].as_f64().unwrap() > 1.0, "{one}");
    }
    assert!(all[0]["discarded_ratio"].as_f64().unwrap() > 0.0 && all[2]["discarded_ratio"].is_null());
}

#[test]
fn a_talk_beside_files_loses_nothing() {
    for transport in ["quic", "webtransport", "websocket"] {
        let args = ["beside", "--transport", transport, "--transfers", "2", "--mib", "33", "--held-mib-per-s", "10"];
        let one = report(&[&args[..], &["--seconds", "2", "--rate", "40", "--stalled-reader"]].concat());
        assert!(one["rebind"].is_null(), "{one}");
        // Both people read each of the messages of the three phases: two of 2 s and one between.
        assert_eq!((one["delivered"].as_u64(), one["lost"].as_u64()), (Some(2 * 40 * 6), Some(0)), "{one}");
        for key in ["transfer_mib_per_s", "transfer_alone_mib_per_s"] {
            assert!(one[key].as_f64().unwrap() > 0.1, "{key}: {one}");
        }
        for key in ["idle_ms", "beside_ms"] {
            assert!(one[key]["p99"].as_f64().unwrap() > 0.0, "{key}: {one}");
        }
    }
}

#[test]
fn a_talk_beside_files_loses_nothing_from_another_address() {
    for transport in ["quic", "webtransport", "websocket"] {
        let args = ["beside", "--transport", transport, "--mib", "33", "--held-mib-per-s", "5", "--rebind"];
        let one = report(&[&args[..], &["--seconds", "4", "--rate", "40"]].concat());
        assert_eq!((one["delivered"].as_u64(), one["lost"].as_u64()), (Some(2 * 40 * 10), Some(0)), "{one}");
        // Of the one who has the files.
        assert!(one["rebind"]["reconnects"].as_u64().unwrap() >= u64::from(transport != "quic"), "{one}");
        assert_eq!(one["rebind"]["changed"], "socket", "{one}");
        for key in ["gap_ms", "gap_before_ms", "around_ms"] {
            assert!(one["rebind"][key]["max"].as_f64().unwrap() > 0.0, "{key}: {one}");
        }
    }
}
