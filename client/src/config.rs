//! What a client is told before it starts.

use rill_protocol::{Ticket, version};
use std::{net::SocketAddr, path::PathBuf};
use url::Url;

use crate::{
    Error, TransportKind, Trust,
    files::Throttle,
    http::ServerInfo,
    limits,
    trust::{CertificateHash, hash_from_hex},
};

/// How to reach a server and as whom.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the page and the API, `http://localhost:8080` say. It may be
    /// left out when `endpoints` and tickets are given.
    pub server: Option<Url>,
    /// Where the transports are, if that is known already; else the API tells.
    pub endpoints: Option<Endpoints>,
    /// Further nodes of the same community: where a connection ended or cannot be made, the
    /// next one is tried, in turn.
    pub nodes: Vec<Endpoints>,
    pub transport: TransportKind,
    /// Another transport, which joins in where that one cannot be had or has not answered within
    /// [`limits::FALLBACK_AFTER`]: a network may drop UDP and say nothing.
    pub fallback: Option<TransportKind>,
    pub credentials: Credentials,
    pub trust: Trust,
    /// Name and version of the application, for the operator's log.
    pub client_name: String,
    /// A file in which unacked posts outlive this process.
    pub outbox: Option<PathBuf>,
    /// Files that go up at once, and that come down; the others wait in line.
    pub transfers_at_once: usize,
    /// What uploads of an earlier process keep to; each new one says so itself.
    pub resumed_throttle: Option<Throttle>,
}

impl Config {
    /// The usual configuration: the API at `server` tells the rest.
    pub fn new(server: Url, transport: TransportKind, credentials: Credentials) -> Self {
        Self {
            server: Some(server),
            endpoints: None,
            nodes: Vec::new(),
            transport,
            fallback: None,
            credentials,
            trust: Trust::system(),
            client_name: concat!("rill-client ", env!("CARGO_PKG_VERSION")).to_owned(),
            outbox: None,
            transfers_at_once: limits::TRANSFERS_AT_ONCE,
            resumed_throttle: None,
        }
    }
}

/// Who connects.
#[derive(Clone)]
pub enum Credentials {
    /// Logs in once, when the client is made.
    Password { username: String, password: String },
    /// A login that was made before.
    Token(String),
    /// Rights to connect once. They last as long as one of them leads to a
    /// connection, because each connection brings the right to the next.
    Tickets(Vec<Ticket>),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { username, .. } => write!(out, "Password({username}, secret)"),
            Self::Token(_) => out.write_str("Token(secret)"),
            Self::Tickets(tickets) => write!(out, "Tickets({})", tickets.len()),
        }
    }
}

/// Where a server's transports are.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// `ws://` or `wss://`, with the path.
    pub websocket: Url,
    /// Host and port of QUIC, for raw QUIC and WebTransport.
    pub quic: Option<QuicEndpoint>,
}

/// Where a server's QUIC port is.
#[derive(Clone, Debug)]
pub struct QuicEndpoint {
    /// A name or an address without brackets.
    pub host: String,
    pub port: u16,
    /// The path of the WebTransport session.
    pub path: String,
    /// Hashes of the certificates that this port may present, besides what the
    /// configuration trusts anyway.
    pub hashes: Vec<CertificateHash>,
}

impl Endpoints {
    /// From what the API at `base` says of itself.
    pub fn of(base: &Url, info: &ServerInfo) -> Result<Self, Error> {
        if info.protocol != version::VERSION {
            return Err(Error::Api(format!(
                "the server speaks protocol {}, this client {}",
                info.protocol,
                version::VERSION
            )));
        }
        let host = base.host_str().ok_or_else(|| Error::Url(format!("{base} names no host")))?;
        let mut websocket = base.clone();
        let scheme = if base.scheme() == "https" { "wss" } else { "ws" };
        websocket.set_scheme(scheme).map_err(|()| Error::Url(format!("{base} cannot carry a WebSocket")))?;
        websocket.set_path(&info.websocket.path);
        websocket.set_query(None);
        let quic = match &info.webtransport {
            None => None,
            Some(offer) => Some(QuicEndpoint {
                host: host.trim_matches(['[', ']']).to_owned(),
                port: offer.port,
                path: offer.path.clone(),
                hashes: offer
                    .certificate_hashes
                    .iter()
                    .map(|text| {
                        hash_from_hex(text).ok_or_else(|| Error::Api(format!("{text} is no hash of a certificate")))
                    })
                    .collect::<Result<_, _>>()?,
            }),
        };
        Ok(Self { websocket, quic })
    }

    /// For a QUIC port at a known address.
    pub fn quic_at(address: SocketAddr, hashes: Vec<CertificateHash>) -> QuicEndpoint {
        QuicEndpoint {
            host: address.ip().to_string(),
            port: address.port(),
            path: version::WEBTRANSPORT_PATH.to_owned(),
            hashes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(json: &str) -> ServerInfo {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn endpoints_follow_the_address_of_the_page() {
        let hash = "ab".repeat(32);
        let info = info(&format!(
            r#"{{"name":"rill","version":"1","protocol":1,"webtransport":{{"port":8443,"path":"/rill/v1",
                "certificate_hashes":["{hash}"]}},"websocket":{{"path":"/rill/v1/ws"}},"demo":false}}"#
        ));
        let of = |base: &str| Endpoints::of(&Url::parse(base).unwrap(), &info).unwrap();
        assert_eq!(of("http://localhost:8080").websocket.as_str(), "ws://localhost:8080/rill/v1/ws");
        assert_eq!(of("https://[::1]:8443/room?x=1").websocket.as_str(), "wss://[::1]:8443/rill/v1/ws");
        let quic = of("https://[::1]:8443").quic.unwrap();
        assert_eq!((quic.host.as_str(), quic.port, quic.hashes), ("::1", 8443, vec![[0xAB; 32]]));
    }

    #[test]
    fn another_protocol_is_named() {
        let info = info(r#"{"name":"rill","version":"1","protocol":9,"webtransport":null,"websocket":{"path":"/x"}}"#);
        let error = Endpoints::of(&Url::parse("http://localhost").unwrap(), &info).unwrap_err();
        assert!(error.to_string().contains("protocol 9"), "{error}");
    }
}
