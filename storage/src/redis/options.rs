//! How a Redis is reached, and what is asked of it.

use redis::{ConnectionAddr, IntoConnectionInfo as _};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

use super::archive::ArchiveOptions;
use crate::{
    embedded::Entropy,
    limits::{Bounds, REDIS_START_WAIT_MS},
};

/// Runs a task for as long as the store lives.
pub type Spawn = Arc<dyn Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync>;

/// How to open a store in Redis.
#[derive(Clone)]
pub struct RedisOptions {
    pub server: RedisServer,
    /// Stands before every key and channel, so that Redis may be shared.
    pub prefix: String,
    /// A Redis that may lose what was acknowledged is refused.
    pub require_durable: bool,
    /// Replicas that must have a write before it is acknowledged.
    pub wait_replicas: u32,
    /// Redis must have synced it before, and so must they, where it can say so (`WAITAOF`).
    pub wait_fsync: bool,
    /// How long there is for both.
    pub wait_timeout_ms: u32,
    /// A community may be begun where there is none.
    pub may_begin: bool,
    /// How long opening waits for a Redis that is not there yet.
    pub start_wait_ms: u64,
    pub bounds: Bounds,
    /// Where old parts of logs go, if they shall.
    pub archive: Option<ArchiveOptions>,
    pub entropy: Entropy,
    pub spawn: Spawn,
}

impl RedisOptions {
    /// The defaults.
    pub fn new(server: RedisServer, entropy: Entropy, spawn: Spawn) -> Self {
        Self {
            server,
            prefix: DEFAULT_PREFIX.into(),
            require_durable: false,
            wait_replicas: 0,
            wait_fsync: false,
            wait_timeout_ms: 1_000,
            may_begin: true,
            start_wait_ms: REDIS_START_WAIT_MS,
            bounds: Bounds::default(),
            archive: None,
            entropy,
            spawn,
        }
    }
}

/// What stands before every key unless it is said otherwise.
pub const DEFAULT_PREFIX: &str = "rill:";

/// One Redis, or several nodes of one cluster. It shows no password.
#[derive(Clone)]
pub struct RedisServer {
    pub(super) nodes: Vec<redis::ConnectionInfo>,
    pub(super) is_encrypted: bool,
    /// PEM of the authorities that are trusted instead of the system's.
    pub(super) authority: Option<Vec<u8>>,
}

/// Why addresses are none. It holds nothing of what was written: that may be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error(
        "must be redis://HOST:PORT or rediss://HOST:PORT, with USER:PASSWORD@ before the host and /DATABASE behind it if wanted"
    )]
    NotOne,
    #[error("asks for TLS without looking at the certificate, which is not offered: name the authority with redis.ca")]
    Insecure,
    #[error("names several addresses, which is a cluster: all of them have one scheme, user, password and database")]
    Unlike,
}

impl RedisServer {
    /// Reads `redis://` and `rediss://` addresses; several are nodes of one cluster.
    ///
    /// # Errors
    /// They are none.
    pub fn parse(addresses: &[String]) -> Result<Self, BadAddress> {
        let nodes: Vec<_> = addresses.iter().map(|address| parse_one(address)).collect::<Result<_, _>>()?;
        let first = nodes.first().ok_or(BadAddress::NotOne)?;
        let is_encrypted = is_encrypted(first);
        let same = |node: &redis::ConnectionInfo| {
            let (one, other) = (node.redis_settings(), first.redis_settings());
            is_encrypted == self::is_encrypted(node)
                && (one.username(), one.password(), one.db()) == (other.username(), other.password(), other.db())
        };
        if !nodes.iter().all(same) {
            return Err(BadAddress::Unlike);
        }
        Ok(Self { nodes, is_encrypted, authority: None })
    }

    /// With a password that stands elsewhere than in the address.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.nodes = self
            .nodes
            .into_iter()
            .map(|node| {
                let settings = node.redis_settings().clone().set_password(password);
                node.set_redis_settings(settings)
            })
            .collect();
        self
    }

    /// Trusting these authorities, in PEM, instead of the system's.
    #[must_use]
    pub fn with_authority(mut self, pem: Vec<u8>) -> Self {
        self.authority = Some(pem);
        self
    }

    /// Whether the address holds a password.
    pub fn has_password(&self) -> bool {
        self.nodes.iter().any(|node| node.redis_settings().password().is_some())
    }

    /// Whether TLS is spoken.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    pub(super) fn database(&self) -> i64 {
        self.nodes.first().map_or(0, |node| node.redis_settings().db())
    }
}

impl fmt::Display for RedisServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "rediss" } else { "redis" };
        for (at, node) in self.nodes.iter().enumerate() {
            write!(out, "{}{scheme}://{}", if at > 0 { ", " } else { "" }, node.addr())?;
        }
        match self.database() {
            0 => Ok(()),
            database => write!(out, "/{database}"),
        }
    }
}

impl fmt::Debug for RedisServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RedisServer({self})")
    }
}

fn is_encrypted(node: &redis::ConnectionInfo) -> bool {
    matches!(node.addr(), ConnectionAddr::TcpTls { .. })
}

fn parse_one(address: &str) -> Result<redis::ConnectionInfo, BadAddress> {
    if !["redis://", "rediss://"].iter().any(|scheme| address.starts_with(scheme)) {
        return Err(BadAddress::NotOne);
    }
    let info = address.into_connection_info().map_err(|_| BadAddress::NotOne)?;
    match info.addr() {
        ConnectionAddr::TcpTls { insecure: true, .. } => return Err(BadAddress::Insecure),
        ConnectionAddr::Tcp(..) | ConnectionAddr::TcpTls { .. } => {}
        _ => return Err(BadAddress::NotOne),
    }
    // RESP2 and no greeting of the library's: what Redis 5 knows and the least rights allow.
    let settings = info.redis_settings().clone().set_protocol(redis::ProtocolVersion::RESP2).set_skip_set_lib_name();
    Ok(info.set_redis_settings(settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(addresses: &[&str]) -> Result<RedisServer, BadAddress> {
        RedisServer::parse(&addresses.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn addresses_and_what_is_shown_of_them() {
        for (address, shown) in [
            ("redis://127.0.0.1", "redis://127.0.0.1:6379"),
            ("redis://rill:hush@cache.example:7000/3", "redis://cache.example:7000/3"),
            ("rediss://:hush@[2001:db8::7]:6380", "rediss://2001:db8::7:6380"),
        ] {
            let server = parse(&[address]).unwrap();
            assert_eq!(server.to_string(), shown);
            assert!(!format!("{server:?} {server}").contains("hush"));
            assert_eq!(server.has_password(), address.contains("hush"));
        }
        assert_eq!(parse(&["redis://a:1", "redis://b:2"]).unwrap().to_string(), "redis://a:1, redis://b:2");
        assert!(parse(&["redis://a"]).unwrap().with_password("hush").has_password());
    }

    #[test]
    fn what_is_no_address() {
        for bad in
            ["", "127.0.0.1:6379", "http://a", "unix:///tmp/redis", "redis://", "redis://0.0.0.0", "redis://a:b:c"]
        {
            assert_eq!(parse(&[bad]).unwrap_err(), BadAddress::NotOne, "{bad}");
        }
        assert_eq!(parse(&[]).unwrap_err(), BadAddress::NotOne);
        assert_eq!(parse(&["rediss://a/#insecure"]).unwrap_err(), BadAddress::Insecure);
        for unlike in ["rediss://a:1", "redis://x@a:1", "redis://:x@a:1", "redis://a:1/2"] {
            assert_eq!(parse(&["redis://a:1", unlike]).unwrap_err(), BadAddress::Unlike, "{unlike}");
        }
    }
}
