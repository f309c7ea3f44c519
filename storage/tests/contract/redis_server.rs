//! One redis-server and one cluster for all scenarios of this binary, each scenario under a
//! prefix of its own.

use rill_redis_process::{Cluster, Options, Server};
use rill_storage::{
    limits::Bounds,
    redis::{self, OpenStore, RedisOptions, RedisServer, Unattended},
};
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// Where a server listens, or the nodes of a cluster.
pub(crate) fn addresses(of_cluster: bool) -> Vec<String> {
    static SERVER: LazyLock<Server> = LazyLock::new(|| Server::start(&Options::default()).unwrap());
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(&Options::default()).unwrap());
    if of_cluster { CLUSTER.urls() } else { vec![SERVER.url()] }
}

/// A node's store under a prefix.
#[expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]
pub(crate) async fn open_at(addresses: Vec<String>, prefix: &str, bounds: Bounds) -> OpenStore {
    let server = RedisServer::parse(&addresses).unwrap();
    let entropy = Arc::new(|out: &mut [u8]| getrandom::fill(out).unwrap());
    let spawn = Arc::new(|task| drop(tokio::spawn(task)));
    let options = RedisOptions { prefix: prefix.into(), bounds, ..RedisOptions::new(server, entropy, spawn) };
    let opened = redis::open(options, None).await.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    opened
}

pub(crate) async fn open(addresses: Vec<String>, bounds: Bounds) -> OpenStore {
    static SCENARIOS: AtomicU64 = AtomicU64::new(0);
    let prefix = format!("scenario{}:", SCENARIOS.fetch_add(1, Relaxed));
    open_at(addresses, &prefix, bounds).await
}
