//! The log as a program reads it, and what is never in it.

use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
};
use tempfile::TempDir;

use crate::running::Running;

/// One request over HTTP/1.1; the answer's first line.
fn ask(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{head} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer hush-token\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// What a server logged that was asked a few things.
fn logged(flags: &[&str]) -> String {
    let data = TempDir::new().unwrap();
    let log = data.path().join("log");
    let mut server = Running::start_logging(data.path(), flags, &log);
    let address = server.ready()["http"].as_str().unwrap().to_owned();
    let body = json!({ "username": "ann", "password": "hush-password" }).to_string();
    assert!(ask(&address, "POST /api/v1/register?hush=query", &body).contains("201"));
    assert!(ask(&address, "GET /api/v1/rooms/hush-room/messages", "").contains("401"));
    assert_eq!(server.terminate(), Some(0));
    fs::read_to_string(&log).unwrap()
}

#[test]
fn a_request_is_one_line_of_json_without_anything_that_is_secret() {
    let log = logged(&["--set", "log.format=json"]);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let access: Vec<&Value> = lines.iter().filter(|line| line["target"] == "rill::access").collect();
    assert_eq!(access.len(), 2, "{log}");
    let [made, refused] = [access[0], access[1]];
    assert_eq!(
        (&made["method"], &made["route"], &made["status"]),
        (&json!("POST"), &json!("/api/v1/register"), &json!(201))
    );
    assert_eq!(
        (&made["code"], &made["address"], &made["door"]),
        (&json!("ok"), &json!("127.0.0.1"), &json!("loopback"))
    );
    assert!(made["ms"].is_u64());
    assert_eq!(made["user"].as_str().map(str::len), Some(26), "who registers or logs in is told: {made}");
    assert_eq!(refused.get("user"), None);
    assert_eq!(
        (&refused["route"], &refused["code"]),
        (&json!("/api/v1/rooms/{room}/messages"), &json!("not_logged_in"))
    );
    assert!(!log.contains("hush"), "{log}");
}

#[test]
fn the_access_log_can_be_switched_off_alone() {
    let log = logged(&["--set", "log.access=false"]);
    assert!(!log.contains("rill::access") && log.contains("stopping"), "{log}");
}
