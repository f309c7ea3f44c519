//! The binary as a process: starting, refusing to start, ending.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // a test reads the time

mod admin;
mod api;
mod config;
mod damage;
mod deploy;
mod engines;
#[cfg(unix)]
mod files;
mod front;
#[cfg(target_os = "linux")]
mod full_disk;
mod log;
mod memory;
mod ports;
mod read_only_disk;
#[cfg(unix)]
mod redis;
mod running;
#[cfg(unix)]
#[path = "../../../storage/tests/s3/mod.rs"]
mod s3;
#[cfg(target_os = "linux")]
#[path = "../../../storage/tests/small_disk/mod.rs"]
mod small_disk;
mod store;
#[cfg(unix)]
mod went_back;

use running::{Running, refused};
use std::net::TcpListener;
use tempfile::TempDir;

#[test]
fn a_data_directory_in_use_is_named_with_the_process_that_has_it() {
    let data = TempDir::new().unwrap();
    let first = Running::start(data.path(), &[]);
    let error = refused(data.path(), &[]);
    assert!(error.contains(data.path().to_str().unwrap()), "{error}");
    assert!(error.contains(&first.pid().to_string()), "{error}");
}

#[test]
fn a_port_in_use_is_named_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--http", "--https"] {
        let error = refused(TempDir::new().unwrap().path(), &[flag, &address]);
        assert!(error.contains(&address) && error.contains(flag) && error.contains("in use"), "{error}");
    }
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = refused(TempDir::new().unwrap().path(), &["--quic", &address]);
    assert!(error.contains(&address) && error.contains("--quic") && error.contains("in use"), "{error}");
}

#[test]
fn a_public_demonstration_is_refused() {
    let data = TempDir::new().unwrap();
    assert!(refused(data.path(), &["--demo", "--http", "0.0.0.0:0"]).contains("--demo"));
    assert!(refused(data.path(), &["--demo", "--https", "0.0.0.0:0"]).contains("--demo"));
}

#[test]
fn sigterm_ends_it_with_success_and_the_next_start_finds_everything() {
    let data = TempDir::new().unwrap();
    let mut first = Running::start(data.path(), &["--demo"]);
    let hashes = first.ready()["certificate_hashes"].clone();
    assert_eq!(first.terminate(), Some(0));
    let mut second = Running::start(data.path(), &["--demo"]);
    assert_eq!(second.ready()["certificate_hashes"], hashes, "pages that have pinned them come back");
    assert_eq!(second.terminate(), Some(0));
}

#[test]
fn a_certificate_that_is_not_there_is_named() {
    let data = TempDir::new().unwrap();
    let error = refused(data.path(), &["--tls-cert", "/nonexistent/cert.pem", "--tls-key", "/nonexistent/key.pem"]);
    assert!(error.contains("/nonexistent/cert.pem"), "{error}");
}
