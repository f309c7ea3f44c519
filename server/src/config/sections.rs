//! The sections of ports, store, log and metrics.

use ipnet::IpNet;
use rill_storage::EngineKind;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// The default ports: one for the page on this machine, one for everybody else.
const HTTP_PORT: u16 = 8080;
pub(super) const SECURE_PORT: u16 = 8443;

fn everywhere() -> SocketAddr {
    SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), SECURE_PORT)
}

/// `[http]`: plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// On a loopback address page, API and WebSocket; on any other it points to HTTPS.
    pub listen: SocketAddr,
    /// Serves everything in the clear outside loopback too.
    pub insecure: bool,
    /// Pages of these origins may connect besides the server's own.
    pub allowed_origins: Vec<String>,
    /// Who may say, over plain HTTP, for whom a request is and whether it came encrypted.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Http {
    fn default() -> Self {
        let listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), HTTP_PORT);
        Self { listen, insecure: false, allowed_origins: Vec::new(), trusted_proxies: Vec::new() }
    }
}

/// `[https]`: page, API and WebSocket for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Https {
    pub listen: SocketAddr,
    /// PEM file, leaf first. Without it a certificate is made.
    pub certificate: Option<PathBuf>,
    /// PEM file of its private key.
    pub key: Option<PathBuf>,
}

impl Https {
    /// The operator's certificate and key.
    pub fn files(&self) -> Option<(&Path, &Path)> {
        self.certificate.as_deref().zip(self.key.as_deref())
    }
}

impl Default for Https {
    fn default() -> Self {
        Self { listen: everywhere(), certificate: None, key: None }
    }
}

/// `[quic]`: WebTransport and native clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quic {
    pub listen: SocketAddr,
    /// Every browser trusts the certificate of `[https]`: QUIC shows it too, and the
    /// page is offered over HTTP/3.
    pub publicly_trusted: bool,
}

impl Default for Quic {
    fn default() -> Self {
        Self { listen: everywhere(), publicly_trusted: false }
    }
}

/// `[storage]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Where everything durable lies.
    pub backend: Backend,
    /// What a new data directory is made with and an old one must have; without it, what
    /// the directory has.
    pub engine: Option<EngineKind>,
}

/// What holds the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// The data directory; one server.
    #[default]
    Embedded,
    /// A Redis that several servers share.
    Redis,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// A line for every request.
    pub access: bool,
    /// What is logged, as tracing's `EnvFilter` understands it.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, access: true, filter: "info".into() }
    }
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[metrics]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsAccess {
    /// Opens `/metrics` to others than this machine; without one it stays shut to them.
    pub token: Secret,
}

/// A text that is in no log: it is shown by [`Secret::expose`] alone.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.is_empty() { "Secret(none)" } else { "Secret(hidden)" })
    }
}
