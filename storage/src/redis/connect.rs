//! One connection: to a server, or to the nodes of a cluster.

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, Pipeline, RedisFuture, RedisResult, TlsCertificates, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    cluster_routing::{MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr},
};
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::options::RedisServer;
use crate::{
    cryptography,
    limits::{REDIS_ANSWER_TIMEOUT_MS, REDIS_CONNECT_TIMEOUT_MS},
};

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(REDIS_CONNECT_TIMEOUT_MS);
/// Of a cluster's connection, whose slots may be moving.
const CLUSTER_RETRIES: u32 = 4;
const CLUSTER_RETRY_MIN_MS: u64 = 20;
const CLUSTER_RETRY_MAX_MS: u64 = 500;

/// Many callers share it: commands are sent in the order in which they are given, and
/// answered in that order by each server.
#[derive(Clone)]
pub struct Connection {
    /// No two connections of this process have the same.
    pub(super) number: u64,
    /// Whether acknowledgements over it wait for `WAITAOF`.
    pub(super) syncs: bool,
    wire: Wire,
}

#[derive(Clone)]
enum Wire {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl From<Wire> for Connection {
    fn from(wire: Wire) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        Self { number: NUMBERS.fetch_add(1, Relaxed), syncs: false, wire }
    }
}

pub(super) fn certificates(server: &RedisServer) -> Option<TlsCertificates> {
    server.authority.clone().map(|pem| TlsCertificates { client_tls: None, root_cert: Some(pem) })
}

/// How long one answer may take.
pub(super) fn answer_timeout(wait_ms: u64) -> Duration {
    Duration::from_millis(REDIS_ANSWER_TIMEOUT_MS + wait_ms)
}

impl Connection {
    /// Connects to one server, also if that is a node of a cluster: the first that takes
    /// the connection.
    pub(super) async fn single(server: &RedisServer, answer_timeout: Duration) -> RedisResult<Self> {
        cryptography::provide();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(answer_timeout));
        let mut last = None;
        for node in &server.nodes {
            let client = match (certificates(server), node.addr()) {
                (Some(certificates), ConnectionAddr::TcpTls { .. }) => {
                    Client::build_with_tls(node.clone(), certificates)
                }
                _ => Client::open(node.clone()),
            };
            match client?.get_multiplexed_async_connection_with_config(&config).await {
                Ok(connection) => return Ok(Wire::Single(connection).into()),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| (redis::ErrorKind::InvalidClientConfig, "no address").into()))
    }

    /// Connects to the cluster that the addresses are nodes of.
    pub(super) async fn cluster(server: &RedisServer, answer_timeout: Duration) -> RedisResult<Self> {
        cryptography::provide();
        let mut builder = ClusterClient::builder(server.nodes.clone())
            .retries(CLUSTER_RETRIES)
            .min_retry_wait(CLUSTER_RETRY_MIN_MS)
            .max_retry_wait(CLUSTER_RETRY_MAX_MS)
            .connection_timeout(CONNECT_TIMEOUT)
            .response_timeout(answer_timeout);
        if let Some(certificates) = certificates(server).filter(|_| server.is_encrypted) {
            builder = builder.certs(certificates);
        }
        Ok(Wire::Cluster(builder.build()?.get_async_connection().await?).into())
    }

    pub fn is_cluster(&self) -> bool {
        matches!(self.wire, Wire::Cluster(_))
    }

    /// Sends one command.
    pub(super) async fn send_one(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.req_packed_command(command).await.and_then(Value::extract_error)
    }

    /// Sends commands one behind the other to whoever serves `key`, of which they may know
    /// nothing.
    pub(super) async fn pipeline_at(&mut self, commands: &Pipeline, key: &[u8]) -> RedisResult<Vec<Value>> {
        let count = commands.len();
        match &mut self.wire {
            Wire::Single(connection) => connection.send_packed_commands(commands, 0, count).await,
            Wire::Cluster(connection) => {
                let route = Route::with_key(key, SlotAddr::Master);
                let node = SingleNodeRoutingInfo::SpecificNode(route);
                connection.route_pipeline(commands.clone(), 0, count, node).await
            }
        }
    }

    /// Asks every primary, each for itself.
    pub(super) async fn ask_primaries(&mut self, command: &Cmd) -> RedisResult<Vec<Value>> {
        match &mut self.wire {
            Wire::Single(connection) => Ok(vec![connection.send_packed_command(command).await?.extract_error()?]),
            Wire::Cluster(connection) => {
                let everywhere = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                match connection.route_command(command.clone(), everywhere).await?.extract_error()? {
                    Value::Map(answers) => Ok(answers.into_iter().map(|(_, answer)| answer).collect()),
                    Value::Array(answers) => Ok(answers),
                    answer => Ok(vec![answer]),
                }
            }
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.wire {
            Wire::Single(connection) => connection.req_packed_command(command),
            Wire::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.wire {
            Wire::Single(connection) => connection.req_packed_commands(commands, offset, count),
            Wire::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.wire {
            Wire::Single(connection) => connection.get_db(),
            Wire::Cluster(connection) => connection.get_db(),
        }
    }
}
