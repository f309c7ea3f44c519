//! What an acknowledgement means is found out, told, and looked at again.

use rill_redis_process::{Fsync, Options, Replicated, Server};
use rill_storage::redis::{Kept, RedisOptions, Unattended};
use std::sync::Arc;

use crate::stage::{of, open, options, refused, until};

#[tokio::test]
async fn each_setting_is_found() {
    for (append_only, lines, expected) in [
        (None, vec![], Kept::InMemory),
        (None, vec!["save 60 1".to_owned()], Kept::Dumped),
        (Some(Fsync::Never), vec![], Kept::WhenTheSystemWrites),
        (Some(Fsync::EverySecond), vec![], Kept::WithinASecond),
        (Some(Fsync::Always), vec![], Kept::OnDisk),
        (Some(Fsync::Always), vec!["no-appendfsync-on-rewrite yes".to_owned()], Kept::WhenTheSystemWrites),
    ] {
        let server = Server::start(&Options { append_only, lines, ..Options::default() }).unwrap();
        let strict = RedisOptions { require_durable: true, ..of(&server) };
        if expected == Kept::OnDisk {
            open(strict).await.unwrap();
        } else {
            let told = refused(strict).await;
            assert!(told.contains("redis.require_durable") && told.contains("appendfsync always"), "{told}");
        }
        let durability = open(of(&server)).await.unwrap().condition().unwrap().durability;
        assert_eq!((durability.kept, durability.may_lose()), (expected, expected != Kept::OnDisk));
    }
}

#[tokio::test]
async fn a_user_who_may_not_see_the_settings_is_told_so() {
    let acl = ["user default off", "user rill on >secret resetchannels ~rill:* &rill:* +@all -config -command"];
    let durable = Options { acl: acl.map(str::to_owned).into(), ..Options::durable() };
    let server = Server::start(&durable).unwrap();
    let durability = open(options(&[server.url_of("rill", "secret")])).await.unwrap().condition().unwrap().durability;
    assert_eq!((durability.kept, durability.may_lose()), (Kept::Unknown, true));
    assert!(durability.to_string().contains("CONFIG GET"), "{durability}");
}

#[tokio::test]
async fn what_an_operator_changes_is_seen() {
    let server = Server::start(&Options::durable()).unwrap();
    let link = open(of(&server)).await.unwrap();
    link.tend(Arc::new(Unattended));
    assert_eq!(link.condition().unwrap().durability.kept, Kept::OnDisk);
    server.command(&["CONFIG", "SET", "appendfsync", "everysec"]).unwrap();
    until(|| link.condition().is_ok_and(|condition| condition.durability.kept == Kept::WithinASecond)).await;
    server.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]).unwrap();
    until(|| link.condition().is_err_and(|why| why.contains("allkeys-random"))).await;
    server.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).unwrap();
    until(|| link.condition().is_ok()).await;
}

#[tokio::test]
async fn replicas_that_are_waited_for_count() {
    let servers = Replicated::start(&Options::default()).unwrap();
    let waiting = RedisOptions { wait_replicas: 1, require_durable: true, ..of(&servers.primary) };
    let durability = open(waiting).await.unwrap().condition().unwrap().durability;
    assert_eq!((durability.replicas, durability.may_lose()), (1, false));
    assert!(durability.to_string().contains("on 1 of 1 replicas"), "{durability}");
}
