//! The scenario as a program against the real server: small loads, whole reports.
//! The server is found through `RILL_BIN`, or beside the test binaries.
#![allow(clippy::disallowed_methods)] // tests own their processes and clocks

mod program;

use program::Ran;
use rill_client::{Trust, http::Api};
use serde_json::Value;
use std::{
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

fn chat(args: &[&str]) -> Ran {
    program::run(["chat", "--warm-up-seconds", "1", "--seconds", "2"].iter().chain(args))
}

#[test]
fn every_transport_delivers_everything_once_and_reports_it() {
    for transport in ["quic", "webtransport", "websocket"] {
        let args = ["--transport", transport, "--users", "5", "--rooms", "2", "--rate", "40"];
        let Ran { exit_code, said, report } = chat(&args);
        assert_eq!(exit_code, Some(0), "{transport}: {said}");
        let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}"));
        assert_eq!(report["transport"], transport);
        assert_eq!(report["tls"], true);
        assert_eq!((number("users"), number("rooms"), number("sent"), number("acked")), (5, 2, 80, 80));
        // 5 users post in turn; those with an even number are 3 in a room, the others 2.
        assert_eq!((number("expected"), number("delivered")), (48 * 3 + 32 * 2, 48 * 3 + 32 * 2));
        assert_eq!((number("lost"), number("duplicated"), number("reordered")), (0, 0, 0));
        for quantile in ["p50", "p90", "p99", "p99_9", "max"] {
            let ms = report["latency_ms"][quantile].as_f64().unwrap();
            assert!(ms > 0.0 && ms < 20_000.0, "{quantile}: {ms}");
        }
        assert!(report["server"]["rss_mib"].as_f64().unwrap() > 1.0);
    }
}

/// A demonstration server that runs already.
struct Running {
    child: Child,
    folder: tempfile::TempDir,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary());
        command.arg("serve").args(args);
        command.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--quic", "127.0.0.1:0"]);
        command.arg("--data").arg(folder.path().join("data"));
        command.arg("--ready-file").arg(folder.path().join("ready"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let running = Self { child, folder };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !running.folder.path().join("ready").exists() {
            assert!(Instant::now() < deadline, "the server is not ready");
            thread::sleep(Duration::from_millis(20));
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn binary() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_rill-bench")).with_file_name(format!("rill{}", env::consts::EXE_SUFFIX));
    env::var_os("RILL_BIN").map_or(beside, PathBuf::from)
}

#[test]
fn a_server_that_runs_already_is_measured_from_outside() {
    let running = Running::start(&["--demo"]);
    let folder = running.folder.path();
    let ready: Value = serde_json::from_slice(&fs::read(folder.join("ready")).unwrap()).unwrap();
    let target = format!("http://{}", ready["http"].as_str().unwrap());
    let accounts = folder.join("accounts.json");
    let users = ["user1", "user2", "user3"].map(|name| format!(r#"{{"username":"{name}","password":"123"}}"#));
    fs::write(&accounts, format!(r#"{{"users":[{}]}}"#, users.join(","))).unwrap();
    for (transport, tls) in [("websocket", false), ("quic", true)] {
        let accounts = accounts.to_str().unwrap();
        let args =
            ["--transport", transport, "--users", "3", "--rate", "30", "--target", &target, "--accounts", accounts];
        let Ran { exit_code, said, report } = chat(&args);
        assert_eq!(exit_code, Some(0), "{transport}: {said}");
        assert_eq!(report["tls"], tls);
        assert_eq!(report["delivered"].as_u64(), Some(180));
        assert!(report["server"].is_null(), "its process is not ours to measure");
    }
}

/// What an administrator is told of the accounts of a server.
fn users(http: &str, token: &str) -> Value {
    let mut stream = TcpStream::connect(http).unwrap();
    let head = format!("GET /api/v1/admin/users HTTP/1.1\r\nHost: {http}\r\nAuthorization: Bearer {token}\r\n");
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_makes_the_users_of_a_run_and_they_are_disabled_behind_it() {
    let running = Running::start(&[]);
    let folder = running.folder.path();
    let ready: Value = serde_json::from_slice(&fs::read(folder.join("ready")).unwrap()).unwrap();
    let target = format!("http://{}", ready["http"].as_str().unwrap());
    let api = Api::new(&target.parse().unwrap(), &Trust::hashes_only()).unwrap();
    // The first account of a server is its administrator's.
    let token = api.register("boss", "a rarely guessed phrase 7151", "test").await.unwrap().token;
    let args = ["--transport", "websocket", "--users", "3", "--rate", "30", "--target", &target];
    let Ran { exit_code, said, report } = chat(&[&args[..], &["--admin-token", &token]].concat());
    assert_eq!(exit_code, Some(0), "{said}");
    assert!(!report.to_string().contains(&token), "the token is in the report");
    assert_eq!((&report["delivered"], &report["lost"]), (&180.into(), &0.into()), "{said}");
    let listed = users(ready["http"].as_str().unwrap(), &token);
    let users: Vec<&Value> = listed["users"].as_array().unwrap().iter().filter(|user| user["name"] != "boss").collect();
    assert_eq!(users.len(), 3, "{listed}");
    assert!(users.iter().all(|user| user["disabled_ms"].is_u64()), "{listed}");
}

#[test]
fn a_server_that_does_not_start_is_named() {
    let Ran { exit_code, said, report } = chat(&["--transport", "quic", "--rill", "/nowhere/rill"]);
    assert!(exit_code != Some(0) && said.contains("/nowhere/rill"), "{exit_code:?}: {said}");
    assert!(report.is_null(), "{report}");
}
