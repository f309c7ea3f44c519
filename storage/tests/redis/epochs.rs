//! A log that Redis has lost a part of goes on in a new epoch, and one that is whole does not.

use rill_protocol::Epoch;
use rill_redis_process::{Options, Replicated, Server};
use rill_storage::{
    StoreError,
    redis::{self, OpenStore},
};
use std::{path::Path, time::Duration};

use crate::{
    proxy::Proxy,
    rooms::{ROOM, begin, post, posts_of},
    stage::options,
};

async fn node(address: impl std::fmt::Display) -> OpenStore {
    let opened = redis::open(options(&[format!("redis://{address}")]), None).await.unwrap();
    opened.handle.tend();
    opened
}

/// One that remembers in a directory what it saw.
async fn node_in(directory: &Path, server: &Server) -> OpenStore {
    let opened = redis::open(options(&[server.url()]), Some(directory)).await.unwrap();
    opened.handle.tend();
    opened
}

/// Posts under that number, also while Redis is away for a moment.
async fn say(node: &OpenStore, number: u64) -> u64 {
    loop {
        match node.store.log.append(ROOM, post(0, number, "text")).await {
            Ok(appended) => return appended.unwrap().entry.seq,
            Err(StoreError::Unreachable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Once Redis answers.
async fn end(node: &OpenStore) -> (Epoch, u64) {
    loop {
        match node.store.log.head(ROOM).await {
            Ok(head) => break head.map(|head| (head.epoch, head.seq)).unwrap(),
            Err(StoreError::Unreachable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(other) => panic!("{other:?}"),
        }
    }
}

async fn until_another(node: &OpenStore, epoch: Epoch) -> (Epoch, u64) {
    loop {
        let now = end(node).await;
        if now.0 != epoch {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_replica_that_lacks_the_end_takes_over() {
    let mut servers = Replicated::start(&Options::default()).unwrap();
    let proxy = Proxy::to(servers.primary.address(), Duration::ZERO).await;
    let node = node(proxy.address).await;
    begin(&node, 1).await;
    say(&node, 1).await;
    let (epoch, kept) = end(&node).await;
    servers.catch_up().unwrap();
    // From here on the replica hears nothing.
    servers.replica.promote().unwrap();
    let lost: Vec<u64> = [say(&node, 2).await, say(&node, 3).await].into();
    assert_eq!(lost, [kept + 1, kept + 2]);

    servers.primary.kill();
    proxy.lead_to(servers.replica.address());
    // The first append already is in the new epoch, whoever is faster: it, or the comparison.
    assert_eq!(say(&node, 4).await, kept + 1);
    let (renewed, seq) = end(&node).await;
    assert_ne!(renewed, epoch);
    assert_eq!(seq, kept + 1);
    // Who sends again what was lost has it stored, once.
    assert_eq!((say(&node, 2).await, say(&node, 2).await), (kept + 2, kept + 2));
    assert_eq!(end(&node).await, (renewed, kept + 2), "one loss, one epoch");
    assert_eq!(posts_of(&node).await.len(), 3);
}

#[tokio::test]
async fn another_node_has_appended_in_place_of_what_was_lost() {
    let mut servers = Replicated::start(&Options::default()).unwrap();
    let proxy = Proxy::to(servers.primary.address(), Duration::ZERO).await;
    let one = node(proxy.address).await;
    begin(&one, 1).await;
    let (epoch, kept) = end(&one).await;
    servers.catch_up().unwrap();
    servers.replica.promote().unwrap();
    assert_eq!(say(&one, 1).await, kept + 1);

    // It knows nothing of what was lost, and the log grows past that.
    let other = node(servers.replica.address()).await;
    for number in 2..6 {
        say(&other, number).await;
    }
    assert_eq!(end(&other).await, (epoch, kept + 4));
    servers.primary.kill();
    proxy.lead_to(servers.replica.address());
    let (renewed, seq) = until_another(&other, epoch).await;
    assert_eq!(seq, kept + 4, "nothing is appended for it");
    assert_eq!(end(&one).await, (renewed, seq));
}

#[tokio::test]
async fn an_older_dump_is_put_back() {
    let mut server = Server::start(&Options::default()).unwrap();
    let node = node(server.address()).await;
    begin(&node, 1).await;
    let (epoch, kept) = end(&node).await;
    server.command(&["SAVE"]).unwrap();
    say(&node, 1).await;
    server.kill();
    server.restart().unwrap();
    let (renewed, seq) = until_another(&node, epoch).await;
    assert_eq!(seq, kept);
    assert_eq!(say(&node, 1).await, kept + 1);
    assert_eq!(end(&node).await.0, renewed);
}

#[tokio::test]
async fn the_same_dump_is_put_back_twice() {
    let mut server = Server::start(&Options::default()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let node = node_in(directory.path(), &server).await;
    begin(&node, 1).await;
    let (epoch, kept) = end(&node).await;
    server.command(&["SAVE"]).unwrap();
    say(&node, 1).await;
    server.kill();
    server.restart().unwrap();
    let (second, _) = until_another(&node, epoch).await;
    say(&node, 2).await;
    // The log wears its first epoch again, of which somebody may know a longer one.
    server.kill();
    server.restart().unwrap();
    assert_eq!(say(&node, 3).await, kept + 1);
    let (third, _) = end(&node).await;
    assert!(third != epoch && third != second, "a log goes on in an epoch that it has left");
    node.handle.close().await;

    server.kill();
    server.restart().unwrap();
    let node = node_in(directory.path(), &server).await;
    let (fourth, seq) = until_another(&node, epoch).await;
    assert_eq!(seq, kept);
    assert!(![second, third].contains(&fourth));
}

#[tokio::test]
async fn a_redis_that_has_everything_changes_no_epoch() {
    let mut server = Server::start(&Options::durable()).unwrap();
    let node = node(server.address()).await;
    begin(&node, 1).await;
    for number in 1..4 {
        say(&node, number).await;
        let before = end(&node).await;
        server.kill();
        server.restart().unwrap();
        assert_eq!(end(&node).await, before);
    }
    let before = end(&node).await;
    assert_eq!(say(&node, 9).await, before.1 + 1);
    assert_eq!(end(&node).await.0, before.0);
}

#[tokio::test]
async fn every_node_is_down_when_redis_goes_back() {
    let mut server = Server::start(&Options::default()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let before = node_in(directory.path(), &server).await;
    begin(&before, 1).await;
    let (epoch, kept) = end(&before).await;
    server.command(&["SAVE"]).unwrap();
    say(&before, 1).await;
    before.handle.close().await;
    server.kill();
    server.restart().unwrap();

    let after = node_in(directory.path(), &server).await;
    let (renewed, seq) = until_another(&after, epoch).await;
    assert_eq!(seq, kept);
    assert_eq!(say(&after, 1).await, kept + 1);
    assert_eq!(end(&after).await.0, renewed);
    after.handle.close().await;
    // Once: the next start finds what this one left.
    let again = node_in(directory.path(), &server).await;
    assert_eq!(say(&again, 2).await, kept + 2);
    assert_eq!(end(&again).await.0, renewed);
}

#[tokio::test]
async fn while_a_node_was_down_redis_went_back_and_another_node_went_on() {
    let mut server = Server::start(&Options::default()).unwrap();
    let (directory, other_directory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = node_in(directory.path(), &server).await;
    begin(&one, 1).await;
    let (epoch, kept) = end(&one).await;
    server.command(&["SAVE"]).unwrap();
    say(&one, 1).await;
    one.handle.close().await;
    server.kill();
    server.restart().unwrap();

    // Its log has grown past what was lost when the first node comes back.
    let other = node_in(other_directory.path(), &server).await;
    for number in 2..6 {
        say(&other, number).await;
    }
    assert_eq!(end(&other).await, (epoch, kept + 4));
    let _one = node_in(directory.path(), &server).await;
    let (_, seq) = until_another(&other, epoch).await;
    assert_eq!(seq, kept + 4, "nothing is appended for it");
}

#[tokio::test]
async fn a_node_that_starts_at_the_same_redis_looks_at_no_log() {
    let mut server = Server::start(&Options::durable()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let looks = async |server: &Server| {
        let node = node_in(directory.path(), server).await;
        if node.store.log.head(ROOM).await.unwrap().is_none() {
            begin(&node, 1).await;
        }
        let before = node.handle.redis_statistics().round_trips;
        let end = end(&node).await;
        node.handle.close().await;
        (end, before, node.handle.redis_statistics().round_trips)
    };
    let (first, ..) = looks(&server).await;
    let (second, before, after) = looks(&server).await;
    assert_eq!((second, before, after), (first, 1, 2), "its own two reads");
    // Another process of Redis is looked at, once.
    server.kill();
    server.restart().unwrap();
    let (third, _, after) = looks(&server).await;
    assert!(third == first && after > 2);
    assert_eq!(looks(&server).await, (first, 1, 2));
}
