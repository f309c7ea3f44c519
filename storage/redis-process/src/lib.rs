//! Real redis-servers for tests and measurements.
//!
//! [`Server`] is one, [`Replicated`] a primary with its replica, [`Cluster`] three nodes or
//! more. Each listens on loopback, on a port and in a directory of its own, and is gone when
//! its value is dropped, when the test panics, and when the whole process is killed
//! (see [`guard`]). A call blocks for as long as the server takes, which is milliseconds.
//!
//! Nothing here knows the store: it starts what somebody would start, and breaks it as
//! machines break it.
#![cfg(unix)]

mod cluster;
mod guard;
mod options;
mod port;
mod replicated;
mod server;

pub use cluster::Cluster;
pub use options::{Fsync, Options, Tls};
pub use replicated::Replicated;
pub use server::Server;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `RILL_REDIS_SERVER` names another binary.
    #[error(
        "there is no redis-server: install the package redis-server (Debian, Ubuntu) or redis (Fedora, Homebrew), \
         or name a binary in RILL_REDIS_SERVER"
    )]
    Missing,
    #[error("the redis-server did not start: {0}")]
    Start(String),
    #[error("the redis-server did not come to what was asked of it: {0}")]
    Unsettled(String),
    #[error("the redis-server refused: {0}")]
    Redis(#[from] redis::RedisError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// How long anything may take before it has failed.
const PATIENCE_MS: u64 = 30_000;
/// Between two looks.
const LOOK_MS: u64 = 5;

/// Asks until the answer is yes.
fn until(what: &str, mut is_so: impl FnMut() -> Result<bool, Error>) -> Result<(), Error> {
    for _ in 0..PATIENCE_MS / LOOK_MS {
        if is_so()? {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(LOOK_MS));
    }
    Err(Error::Unsettled(what.to_owned()))
}
