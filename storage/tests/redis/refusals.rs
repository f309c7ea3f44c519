//! A Redis that cannot hold the store is refused with a sentence that says what to change.

use rill_redis_process::{Cluster, Options, Replicated, Server};
use rill_storage::redis::RedisOptions;

use crate::stage::{of, open, options, refused};

fn check(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

#[tokio::test]
async fn a_redis_that_evicts_is_refused() {
    let server = Server::start(&Options {
        maxmemory_bytes: Some(64 << 20),
        maxmemory_policy: Some("allkeys-lru".into()),
        ..Options::default()
    })
    .unwrap();
    check(
        &refused(of(&server)).await,
        &["maxmemory-policy is allkeys-lru", "noeviction", &server.address().to_string()],
    );
}

#[tokio::test]
async fn a_wrong_password_and_none_are_told_apart_and_never_shown() {
    let server = Server::start(&Options { password: Some("hush-hush".into()), ..Options::default() }).unwrap();
    let told = refused(options(&[server.url_of("", "guessed-it")])).await;
    check(&told, &["does not take this user and password", "redis.password_file"]);
    assert!(!told.contains("guessed"), "{told}");
    let told = refused(options(&[format!("redis://{}", server.address())])).await;
    check(&told, &["wants a password"]);
    open(of(&server)).await.unwrap();
}

#[tokio::test]
async fn a_user_without_a_right_is_told_which() {
    let acl = ["user default off", "user rill on >secret resetchannels ~rill:* &rill:* +@all -hgetall"];
    let server = Server::start(&Options { acl: acl.map(str::to_owned).into(), ..Options::default() }).unwrap();
    let told = refused(options(&[server.url_of("rill", "secret")])).await;
    check(&told, &["hgetall", "docs/operations.md"]);
    server.command(&["ACL", "SETUSER", "rill", "+hgetall"]).unwrap();
    let other = RedisOptions { prefix: "other:".into(), ..options(&[server.url_of("rill", "secret")]) };
    check(&refused(other).await, &["docs/operations.md"]);
    open(options(&[server.url_of("rill", "secret")])).await.unwrap();
}

#[tokio::test]
async fn a_replica_is_waited_for_and_named() {
    let servers = Replicated::start(&Options::default()).unwrap();
    let impatient = RedisOptions { start_wait_ms: 300, ..of(&servers.replica) };
    check(&refused(impatient).await, &["is a replica", "primary"]);
    let link = tokio::join!(open(of(&servers.replica)), async {
        tokio::task::yield_now().await;
        servers.replica.promote().unwrap();
    });
    link.0.unwrap();
}

#[tokio::test]
async fn nobody_at_the_address_is_waited_for_and_named() {
    let mut server = Server::start(&Options::default()).unwrap();
    server.kill();
    let impatient = RedisOptions { start_wait_ms: 300, ..of(&server) };
    check(&refused(impatient).await, &[&server.address().to_string(), "Connection refused", "waited for"]);
    let options = of(&server);
    let opened = tokio::join!(open(options), async {
        tokio::task::yield_now().await;
        server.restart().unwrap();
    });
    opened.0.unwrap();
}

#[tokio::test]
async fn several_addresses_are_a_cluster_and_a_cluster_has_one_database() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let link = open(options(&cluster.urls())).await.unwrap();
    assert!(link.condition().unwrap().is_cluster);
    // One address is enough to find the others.
    let link = open(options(&cluster.urls()[..1])).await.unwrap();
    assert!(link.condition().unwrap().is_cluster);
    let (one, other) = (Server::start(&Options::default()).unwrap(), Server::start(&Options::default()).unwrap());
    check(&refused(options(&[one.url(), other.url()])).await, &["for a cluster"]);
}

#[tokio::test]
async fn what_speaks_no_redis_is_refused() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{}", listener.local_addr().unwrap());
    let served = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    };
    let told = tokio::select! {
        biased;
        told = refused(RedisOptions { start_wait_ms: 500, ..options(&[address]) }) => told,
        () = served => unreachable!(),
    };
    check(&told, &["127.0.0.1"]);
}
