//! A write is not acknowledged before as many replicas have it as was asked for, nor before
//! it is synced, where that was asked for and Redis can tell.

use futures_util::future::join_all;
use redis::{Cmd, cmd};
use rill_redis_process::{Cluster, Fsync, Options, Replicated, Server};
use rill_storage::{
    StoreError,
    redis::{Kept, Link as _, RedisOptions, Synced, TendedLink},
};

use crate::stage::{PATIENCE, of, open, options};

fn write(number: u32) -> Cmd {
    let mut command = cmd("SET");
    command.arg("rill:x").arg(number);
    command
}

async fn waiting(server: &Server) -> TendedLink {
    open(RedisOptions { wait_replicas: 1, wait_timeout_ms: 300, ..of(server) }).await.unwrap()
}

#[tokio::test]
async fn what_is_acknowledged_is_on_the_replica() {
    let servers = Replicated::start(&Options::default()).unwrap();
    let patient = RedisOptions { wait_replicas: 1, wait_timeout_ms: 10_000, ..of(&servers.primary) };
    let link = open(patient).await.unwrap();
    for number in 0..50 {
        link.commit(&write(number), b"rill:x").await.unwrap();
        let found: u32 = redis::from_redis_value(servers.replica.command(&["GET", "rill:x"]).unwrap()).unwrap();
        assert_eq!(found, number);
    }
}

#[tokio::test]
async fn a_replica_that_stands_still_keeps_acknowledgements_back_and_only_for_as_long() {
    let servers = Replicated::start(&Options::default()).unwrap();
    let link = waiting(&servers.primary).await;
    servers.replica.pause().unwrap();
    // All who wait at once share the time.
    let writes = (0..40).map(|number| {
        let link = link.clone();
        async move { link.commit(&write(number), b"rill:x").await }
    });
    let begun = tokio::time::Instant::now();
    let mut refused = 0;
    for outcome in join_all(writes).await {
        let error = link.fault("a write", b"rill:x", &outcome.unwrap_err());
        assert!(matches!(&error, StoreError::Unreachable(text) if text.contains("redis.wait_replicas")), "{error:?}");
        refused += 1;
    }
    assert_eq!(refused, 40);
    // One after the other they would take twelve seconds.
    assert!(begun.elapsed().as_millis() < 8_000, "{:?}", begun.elapsed());
    // What was written and not acknowledged is not taken for settled later on.
    let error = link.settle(b"rill:x").await.unwrap_err();
    assert!(error.to_string().contains("too few replicas"), "{error}");
    servers.replica.resume().unwrap();
    let begun = tokio::time::Instant::now();
    // It has to catch up first, on a machine that may be busy.
    while let Err(error) = link.settle(b"rill:x").await {
        assert!(begun.elapsed() < PATIENCE, "{error}");
    }
}

#[tokio::test]
async fn a_cluster_is_asked_where_the_key_lies() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let link = open(RedisOptions { wait_replicas: 1, wait_timeout_ms: 50, ..options(&cluster.urls()) }).await.unwrap();
    for key in ["rill:{r:1}:log", "rill:{r:2}:log", "rill:{r:3}:log", "rill:{u:4}:x"] {
        let error = link.commit(cmd("SET").arg(key).arg(1), key.as_bytes()).await.unwrap_err();
        assert!(
            error.to_string().contains("too few replicas") && error.to_string().contains("0 instead of 1"),
            "{error}"
        );
    }
    let link = open(options(&cluster.urls())).await.unwrap();
    link.commit(cmd("SET").arg("rill:{r:1}:log").arg(1), b"rill:{r:1}:log").await.unwrap();
}

fn syncing(replicas: u32) -> impl Fn(&Server) -> RedisOptions {
    move |server| RedisOptions { wait_replicas: replicas, wait_fsync: true, wait_timeout_ms: 5_000, ..of(server) }
}

async fn fault(link: &TendedLink) -> String {
    let error = link.commit(&write(1), b"rill:x").await.unwrap_err();
    match link.fault("a write", b"rill:x", &error) {
        StoreError::Unreachable(text) => text,
        other => panic!("{other:?}"),
    }
}

/// Redis knows `WAITAOF` since 7.2: before that the other half of it is tested.
#[tokio::test]
async fn what_is_acknowledged_is_synced_here_and_there_or_it_is_said_that_nobody_knows() {
    let options = Options { append_only: Some(Fsync::EverySecond), ..Options::default() };
    let servers = Replicated::start(&options).unwrap();
    let link = open(syncing(1)(&servers.primary)).await.unwrap();
    let durability = link.condition().unwrap().durability;
    link.commit(&write(0), b"rill:x").await.unwrap();
    if durability.synced == Synced::Unknown {
        assert!(servers.primary.command(&["WAITAOF", "0", "0", "0"]).is_err(), "it has WAITAOF");
        assert_eq!(durability.kept, Kept::WithinASecond);
        assert!(durability.to_string().contains("no WAITAOF"), "{durability}");
        return;
    }
    assert_eq!((durability.kept, durability.synced, durability.may_lose()), (Kept::OnDisk, Synced::Awaited, false));
    assert!(durability.to_string().contains("on the disks of 1 of 1 replicas"), "{durability}");
    // Who never syncs never says so.
    let link = open(RedisOptions { wait_timeout_ms: 300, ..syncing(1)(&servers.primary) }).await.unwrap();
    let set = |server: &Server, fsync| server.command(&["CONFIG", "SET", "appendfsync", fsync]).unwrap();
    set(&servers.primary, "always");
    set(&servers.replica, "no");
    let told = fault(&link).await;
    assert!(told.contains("0 instead of 1"), "{told}");
    set(&servers.replica, "always");
    set(&servers.primary, "no");
    let told = fault(&link).await;
    assert!(told.contains("not on disk in time"), "{told}");
    set(&servers.primary, "always");
    let link = open(syncing(1)(&servers.primary)).await.unwrap();
    link.commit(&write(2), b"rill:x").await.unwrap();
}

#[tokio::test]
async fn to_wait_for_a_sync_where_nothing_is_written_is_told() {
    let server = Server::start(&Options::default()).unwrap();
    let link = open(syncing(0)(&server)).await.unwrap();
    let durability = link.condition().unwrap().durability;
    assert!(durability.may_lose() && !durability.is_as_wished(), "{durability}");
    assert!(durability.to_string().contains("redis.wait_fsync is set and waits for nothing"), "{durability}");
    link.commit(&write(0), b"rill:x").await.unwrap();
}
