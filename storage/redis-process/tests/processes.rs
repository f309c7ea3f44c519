//! Servers that start, break, come back and are gone.
#![cfg(unix)]

use redis::Value;
use rill_redis_process::{Cluster, Options, Replicated, Server};
use std::{path::Path, process::Stdio};

fn text(value: &str) -> Value {
    Value::BulkString(value.as_bytes().to_vec())
}

fn is_alive(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

#[test]
fn a_durable_server_comes_back_with_what_it_had() {
    let mut server = Server::start(&Options::durable()).unwrap();
    let url = server.url();
    server.command(&["SET", "a", "1"]).unwrap();
    server.kill();
    assert!(server.process_id().is_none());
    assert!(server.command(&["PING"]).is_err());
    server.restart().unwrap();
    assert_eq!((server.command(&["GET", "a"]).unwrap(), server.url()), (text("1"), url));
    server.stop().unwrap();
    server.restart().unwrap();
    assert_eq!(server.command(&["GET", "a"]).unwrap(), text("1"));
}

#[test]
fn a_server_that_keeps_nothing_has_forgotten() {
    let mut server = Server::start(&Options::default()).unwrap();
    server.command(&["SET", "a", "1"]).unwrap();
    server.restart().unwrap();
    assert_eq!(server.command(&["GET", "a"]).unwrap(), Value::Nil);
}

#[test]
fn a_paused_server_goes_on_where_it_was() {
    let server = Server::start(&Options::default()).unwrap();
    server.pause().unwrap();
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process_id().unwrap())).unwrap();
        stat.rsplit(") ").next().unwrap().starts_with('T')
    };
    #[cfg(target_os = "linux")]
    assert!(state());
    server.resume().unwrap();
    server.command(&["PING"]).unwrap();
    assert!(!state());
}

#[test]
fn who_may_come_in_is_as_asked() {
    let server = Server::start(&Options { password: Some("secret".into()), ..Options::default() }).unwrap();
    assert!(server.url().contains(":secret@"));
    let ask = |url: String| redis::Client::open(url).unwrap().get_connection();
    ask(server.url()).unwrap();
    assert!(ask(server.url_of("", "wrong")).is_err());

    let acl = vec!["user default off".into(), "user rill on >pass ~rill:* +@all".into()];
    let server = Server::start(&Options { acl, ..Options::default() }).unwrap();
    let mut rill = ask(server.url_of("rill", "pass")).unwrap();
    redis::cmd("SET").arg("rill:a").arg(1).exec(&mut rill).unwrap();
    assert_eq!(redis::cmd("SET").arg("b").arg(1).exec(&mut rill).unwrap_err().code(), Some("NOPERM"));
    server.command(&["SET", "b", "1"]).unwrap();
}

#[test]
fn a_replica_follows_and_takes_over() {
    let mut pair = Replicated::start(&Options::default()).unwrap();
    pair.primary.command(&["SET", "a", "1"]).unwrap();
    pair.catch_up().unwrap();
    assert!(pair.replica.command(&["SET", "a", "2"]).is_err(), "a replica takes no writes");
    pair.fail_over().unwrap();
    assert_eq!(pair.primary.command(&["GET", "a"]).unwrap(), text("1"));
    pair.primary.command(&["SET", "a", "2"]).unwrap();
    pair.replica.restart().unwrap();
    pair.replica.replicate(&pair.primary).unwrap();
    assert_eq!(pair.replica.command(&["GET", "a"]).unwrap(), text("2"));
}

#[test]
fn a_cluster_serves_every_slot() {
    let mut cluster = Cluster::start(&Options::default()).unwrap();
    let client = redis::cluster::ClusterClient::new(cluster.urls()).unwrap();
    let mut connection = client.get_connection().unwrap();
    for number in 0..100 {
        redis::cmd("SET").arg(format!("key {number}")).arg(number).exec(&mut connection).unwrap();
    }
    // "foo" has the slot 12182.
    assert_eq!((cluster.node_of(0), cluster.node_of(12_182), cluster.node_of(16_383)), (0, 2, 2));
    cluster.nodes[1].restart().unwrap();
    cluster.wait_until_whole().unwrap();
}

#[test]
fn nothing_is_left_of_a_server_that_is_dropped() {
    let server = Server::start(&Options::durable()).unwrap();
    let (process, directory) = (server.process_id().unwrap(), server.directory().to_owned());
    assert!(directory.join("redis.log").exists());
    let panicked = std::thread::spawn(move || {
        let _server = server;
        panic!("as a test does");
    });
    assert!(panicked.join().is_err());
    assert!(!is_alive(process) && !directory.exists());
}

#[test]
#[ignore = "the test below runs it, in a process of its own"]
fn an_owner_that_ends_without_a_word() {
    let server = Server::start(&Options::default()).unwrap();
    std::fs::write(std::env::var("RILL_OWNED").unwrap(), format!("{} ", server.process_id().unwrap())).unwrap();
    std::process::abort();
}

#[test]
fn nothing_is_left_of_a_server_whose_owner_is_killed() {
    let room = tempfile::tempdir().unwrap();
    let note = room.path().join("process");
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap());
    owner.args(["--exact", "an_owner_that_ends_without_a_word", "--ignored"]).env("RILL_OWNED", &note);
    owner.env("TMPDIR", room.path()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(!owner.status().unwrap().success());
    let process: u32 = std::fs::read_to_string(&note).unwrap().trim().parse().unwrap();
    let is_tidy = || !is_alive(process) && std::fs::read_dir(room.path()).unwrap().count() == 1;
    for _ in 0..2_000 {
        if is_tidy() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the server outlived its owner");
}
