//! What the tests share.

use rill_redis_process::Server;
use rill_storage::{
    StoreError,
    redis::{RedisOptions, RedisServer, TendedLink},
};
use std::{path::Path, sync::Arc, time::Duration};

/// The machine's own, as the server has them.
#[expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]
pub(crate) fn options(addresses: &[String]) -> RedisOptions {
    let server = RedisServer::parse(addresses).unwrap();
    let entropy = Arc::new(|out: &mut [u8]| getrandom::fill(out).unwrap());
    let spawn = Arc::new(|task| drop(tokio::spawn(task)));
    RedisOptions { start_wait_ms: 10_000, ..RedisOptions::new(server, entropy, spawn) }
}

pub(crate) fn of(server: &Server) -> RedisOptions {
    options(&[server.url()])
}

pub(crate) async fn open(options: RedisOptions) -> Result<TendedLink, StoreError> {
    TendedLink::open(options, None).await.map(|(link, _)| link)
}

pub(crate) async fn open_in(options: RedisOptions, directory: &Path) -> Result<TendedLink, StoreError> {
    TendedLink::open(options, Some(directory)).await.map(|(link, _)| link)
}

/// Why it was not opened.
pub(crate) async fn refused(options: RedisOptions) -> String {
    match open(options).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => {
            assert!(matches!(error, StoreError::Unfit { .. }), "{error:?}");
            error.to_string()
        }
    }
}

/// Until it is so; the runner's own time limit ends a test that waits for ever.
/// Far longer than anything takes: a test that hangs must fail.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it does not come to that");
}
