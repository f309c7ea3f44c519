//! A load generator of several processes against the real server: what it counts is what one
//! process counts, and one that dies is named.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

fn bench(scenario: &str, args: &[&str], json: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rill-bench"));
    command.arg(scenario).args(["--agents", "2", "--users", "5", "--rooms", "2", "--warm-up-seconds", "1"]);
    command.args(args).arg("--json").arg(json);
    command
}

fn measured(mut command: Command, json: &Path) -> (Value, String) {
    let output = command.output().expect("rill-bench runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    (serde_json::from_str(&fs::read_to_string(json).expect("a report")).expect("JSON"), said)
}

#[test]
fn what_two_processes_count_is_one_chat() {
    let folder = tempfile::tempdir().unwrap();
    for transport in ["quic", "webtransport", "websocket"] {
        let json = folder.path().join(transport);
        let args = ["--transport", transport, "--rate", "40", "--seconds", "2"];
        let (report, said) = measured(bench("chat", &args, &json), &json);
        let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key}: {said}"));
        assert_eq!((number("sent"), number("acked")), (80, 80), "{said}");
        // Those with an even number are 3 in a room, the others 2; each room is in both processes.
        assert_eq!((number("expected"), number("delivered")), (48 * 3 + 32 * 2, 48 * 3 + 32 * 2), "{said}");
        assert_eq!((number("lost"), number("duplicated"), number("reordered")), (0, 0, 0), "{said}");
        assert!(report["latency_ms"]["p50"].as_f64().unwrap() > 0.0 && report["client"]["cpu_s"].is_number());
        let moments = report["timeline"].as_array().unwrap();
        assert_eq!(moments.last().unwrap()["connections"], 5, "{moments:?}");
    }
}

#[test]
fn two_processes_go_from_rate_to_rate() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let args = ["--transport", "websocket", "--p99-under", "60s", "--from", "10", "--to", "20", "--seconds", "2"];
    let (report, said) = measured(bench("ramp", &args, &json), &json);
    let seen = report["steps"].as_array().unwrap().iter().map(|step| (step["acked"].as_u64(), step["lost"].as_u64()));
    assert_eq!(seen.collect::<Vec<_>>(), [(Some(20), Some(0)), (Some(40), Some(0))], "{said}");
}

/// The processes that another one has started and that are agents.
fn agents_of(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let children: Vec<u32> = children.flat_map(|text| numbers(&text)).collect();
    let is_agent = |pid: &u32| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|arg| arg == b"agent"))
    };
    children.into_iter().filter(is_agent).collect()
}

fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

#[test]
fn a_process_that_dies_ends_the_run_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report");
    let args = ["--transport", "websocket", "--rate", "40", "--seconds", "600"];
    let child = bench("chat", &args, &json).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let victim = loop {
        if let [.., last] = agents_of(child.id())[..] {
            break last;
        }
        assert!(Instant::now() < deadline, "no agent is there");
        thread::sleep(Duration::from_millis(20));
    };
    assert!(Command::new("kill").args(["-9", &victim.to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("agent_died: agent") && said.contains("signal: 9"), "{said}");
    assert!(!json.exists());
}
