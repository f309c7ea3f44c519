//! A Redis that goes away while it is used is found again by itself.

use redis::cmd;
use rill_redis_process::{Options, Replicated, Server};
use rill_storage::{
    StoreError,
    redis::{Link as _, TendedLink, Unattended},
};
use std::{sync::Arc, time::Duration};

use crate::stage::{PATIENCE, of, open, until};

async fn set(link: &TendedLink) -> Result<(), StoreError> {
    let sent = link.commit(cmd("SET").arg("rill:x").arg(1), b"rill:x").await;
    sent.map(drop).map_err(|error| link.fault("SET", b"rill:x", &error))
}

async fn opened(server: &Server) -> TendedLink {
    let link = open(of(server)).await.unwrap();
    link.tend(Arc::new(Unattended));
    set(&link).await.unwrap();
    link
}

/// Until a write is taken; each that is not says that it may be repeated.
async fn until_it_writes(link: &TendedLink) -> u32 {
    let begun = tokio::time::Instant::now();
    for refused in 0.. {
        match set(link).await {
            Ok(()) => return refused,
            Err(StoreError::Unreachable(_)) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    unreachable!()
}

#[tokio::test]
async fn killed_and_started_again() {
    let mut server = Server::start(&Options::durable()).unwrap();
    let link = opened(&server).await;
    server.kill();
    let error = set(&link).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unreachable(text) if text.contains(&server.url())), "{error:?}");
    until(|| link.condition().is_err_and(|why| why.contains("Connection refused"))).await;
    assert!(matches!(set(&link).await, Err(StoreError::Unreachable(_))));
    server.restart().unwrap();
    until_it_writes(&link).await;
    until(|| link.condition().is_ok()).await;
    assert_eq!((link.counts().connected, link.counts().lost), (2, 1));
}

#[tokio::test]
async fn paused_for_five_seconds() {
    let server = Server::start(&Options::default()).unwrap();
    let link = opened(&server).await;
    server.pause().unwrap();
    let (refused, ()) = tokio::join!(set(&link), tokio::time::sleep(Duration::from_secs(5)));
    assert!(matches!(refused, Err(StoreError::Unreachable(_))), "{refused:?}");
    assert!(link.condition().is_err());
    server.resume().unwrap();
    until_it_writes(&link).await;
}

#[tokio::test]
async fn emptied_while_it_is_used() {
    let mut server = Server::start(&Options::default()).unwrap();
    let link = opened(&server).await;
    server.restart().unwrap();
    until(|| link.condition().is_err_and(|why| why.contains("nothing lies under rill:"))).await;
    assert!(matches!(set(&link).await, Err(StoreError::Unreachable(_))));
    assert_eq!(server.info("db0").unwrap(), None, "nothing is written into the empty one");
}

#[tokio::test]
async fn made_a_replica_and_a_primary_again() {
    let servers = Replicated::start(&Options::default()).unwrap();
    let link = opened(&servers.primary).await;
    // What it promotes must know the community.
    servers.catch_up().unwrap();
    servers.replica.promote().unwrap();
    servers.primary.replicate(&servers.replica).unwrap();
    assert!(matches!(set(&link).await, Err(StoreError::Unreachable(_))));
    until(|| link.condition().is_err_and(|why| why.contains("replica"))).await;
    servers.primary.promote().unwrap();
    until_it_writes(&link).await;
}

#[tokio::test]
async fn full_memory_is_told_as_that_and_ends() {
    let server = Server::start(&Options::default()).unwrap();
    let link = opened(&server).await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    assert!(matches!(set(&link).await, Err(StoreError::Full)));
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    set(&link).await.unwrap();
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_named_until_it_is_given_back() {
    let acl = ["user default off", "user rill on >secret resetchannels ~rill:* &rill:* +@all"];
    let server = Server::start(&Options { acl: acl.map(str::to_owned).into(), ..Options::default() }).unwrap();
    let link = open(crate::stage::options(&[server.url_of("rill", "secret")])).await.unwrap();
    link.tend(Arc::new(Unattended));
    server.command(&["ACL", "SETUSER", "rill", "-set"]).unwrap();
    let error = set(&link).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unreachable(text) if text.contains("'set'")), "{error:?}");
    server.command(&["ACL", "SETUSER", "rill", "+set"]).unwrap();
    until_it_writes(&link).await;
}

#[tokio::test]
async fn a_key_of_the_wrong_type_is_named() {
    let server = Server::start(&Options::default()).unwrap();
    let link = opened(&server).await;
    let error = link.send(cmd("XADD").arg("rill:x").arg("1-0").arg("a").arg("b")).await.unwrap_err();
    let error = link.fault("XADD", b"rill:x", &error);
    assert!(matches!(&error, StoreError::Damaged { detail, .. } if detail.contains("rill:x")), "{error:?}");
}

#[tokio::test]
async fn a_closed_link_says_so() {
    let server = Server::start(&Options::default()).unwrap();
    let link = opened(&server).await;
    link.close();
    assert!(matches!(set(&link).await, Err(StoreError::Closed)));
}
