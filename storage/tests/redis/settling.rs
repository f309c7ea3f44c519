//! A write is not acknowledged before as many replicas have it as was asked for.

use futures_util::future::join_all;
use redis::{Cmd, cmd};
use rill_redis_process::{Cluster, Options, Replicated, Server};
use rill_storage::{
    StoreError,
    redis::{Link as _, RedisOptions, TendedLink},
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
    assert!(begun.elapsed().as_millis() < 3_000, "{:?}", begun.elapsed());
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
