//! Whose data lies under a prefix.

use rill_redis_process::{Options, Server};
use rill_storage::{StoreError, redis::RedisOptions};

use crate::stage::{of, open, open_in, refused};

fn unfit<T>(opened: Result<T, StoreError>) -> String {
    match opened {
        Err(error @ StoreError::Unfit { .. }) => error.to_string(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[tokio::test]
async fn nodes_that_begin_at_once_begin_one_community() {
    let server = Server::start(&Options::default()).unwrap();
    let begin = || rill_storage::redis::TendedLink::open(of(&server), None);
    let (one, two, three) = tokio::join!(begin(), begin(), begin());
    let secrets = [one, two, three].map(|opened| opened.unwrap().1);
    assert!(secrets.iter().all(|secret| *secret == secrets[0] && *secret != [0; 32]));
    let other = RedisOptions { prefix: "other:".into(), ..of(&server) };
    assert_ne!(rill_storage::redis::TendedLink::open(other, None).await.unwrap().1, secrets[0]);
}

#[tokio::test]
async fn a_directory_keeps_to_its_community() {
    let server = Server::start(&Options::default()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let other = || RedisOptions { prefix: "other:".into(), ..of(&server) };
    open_in(of(&server), directory.path()).await.unwrap();
    open_in(of(&server), directory.path()).await.unwrap();
    let told = unfit(open_in(other(), directory.path()).await);
    assert!(told.contains("nothing lies under other:"), "{told}");
    open(other()).await.unwrap();
    let told = unfit(open_in(other(), directory.path()).await);
    assert!(told.contains("another community"), "{told}");
    // A Redis that has lost everything is not begun anew.
    server.command(&["FLUSHALL"]).unwrap();
    let told = unfit(open_in(of(&server), directory.path()).await);
    assert!(told.contains("nothing lies under rill:"), "{told}");
    assert_eq!(server.info("db0").unwrap(), None);
}

#[tokio::test]
async fn a_newer_format_and_somebody_elses_key_are_refused() {
    let server = Server::start(&Options::default()).unwrap();
    open(of(&server)).await.unwrap();
    server.command(&["HSET", "rill:meta", "format", "9"]).unwrap();
    let told = refused(of(&server)).await;
    assert!(told.contains("format 9") && told.contains("newer server"), "{told}");
    server.command(&["HSET", "rill:meta", "format", "1", "store", "garbled"]).unwrap();
    let told = refused(of(&server)).await;
    assert!(told.contains("rill:meta is damaged"), "{told}");
    server.command(&["DEL", "rill:meta"]).unwrap();
    server.command(&["SET", "rill:meta", "a text"]).unwrap();
    let told = refused(of(&server)).await;
    assert!(told.contains("rill:meta") && told.contains("redis.prefix"), "{told}");
    server.command(&["DEL", "rill:meta"]).unwrap();
    server.command(&["HSET", "rill:meta", "else", "1"]).unwrap();
    let told = refused(of(&server)).await;
    assert!(told.contains("somebody else's"), "{told}");
}
