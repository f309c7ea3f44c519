//! How clients come to a server, in a form that can be told to another process.

use anyhow::bail;
use rill_client::{
    Config, Credentials, Endpoints, TransportKind, Trust, config::QuicEndpoint, limits::TRANSFERS_AT_ONCE,
    trust::CertificateHash,
};
use rill_protocol::{Ticket, version::WEBTRANSPORT_PATH};
use serde::{Deserialize, Serialize};
use url::Url;

/// See the module.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Way {
    /// The page's address of a server that runs already.
    server: Option<String>,
    /// The doors of one that was started here.
    doors: Option<Doors>,
    trusted: Trusted,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Doors {
    websocket: String,
    /// Host, port, and the certificates that are believed there.
    quic: Option<(String, u16, Vec<CertificateHash>)>,
}

/// Which certificates are believed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) enum Trusted {
    System,
    DangerAny,
    Hashes(Vec<CertificateHash>),
}

/// What a user connects with.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) enum Rights {
    Tickets(Vec<Ticket>),
    Token(String),
}

impl Trusted {
    pub(super) fn trust(&self) -> Trust {
        match self {
            Self::System => Trust::system(),
            Self::DangerAny => Trust::danger_accept_any(),
            Self::Hashes(hashes) => Trust::hashes_only().and_hashes(hashes.iter().copied()),
        }
    }
}

impl Rights {
    /// Nothing of who would have to log in first.
    pub(super) fn of(credentials: &Credentials) -> anyhow::Result<Self> {
        match credentials {
            Credentials::Tickets(tickets) => Ok(Self::Tickets(tickets.clone())),
            Credentials::Token(token) => Ok(Self::Token(token.clone())),
            Credentials::Password { username, .. } => bail!("{username} is not logged in"),
        }
    }

    pub(crate) fn credentials(self) -> Credentials {
        match self {
            Self::Tickets(tickets) => Credentials::Tickets(tickets),
            Self::Token(token) => Credentials::Token(token),
        }
    }
}

impl Way {
    pub(super) fn new(server: Option<&Url>, endpoints: Option<&Endpoints>, trusted: Trusted) -> Self {
        let doors = endpoints.map(|Endpoints { websocket, quic }| Doors {
            websocket: websocket.to_string(),
            quic: quic.as_ref().map(|quic| (quic.host.clone(), quic.port, quic.hashes.clone())),
        });
        Self { server: server.map(Url::to_string), doors, trusted }
    }

    pub(crate) fn config(&self, transport: TransportKind, credentials: Credentials) -> anyhow::Result<Config> {
        let endpoints = |doors: &Doors| {
            let quic = doors.quic.clone().map(|(host, port, hashes)| {
                let path = WEBTRANSPORT_PATH.to_owned();
                QuicEndpoint { host, port, path, hashes }
            });
            anyhow::Ok(Endpoints { websocket: Url::parse(&doors.websocket)?, quic })
        };
        Ok(Config {
            server: self.server.as_deref().map(Url::parse).transpose()?,
            endpoints: self.doors.as_ref().map(endpoints).transpose()?,
            nodes: Vec::new(),
            transport,
            fallback: None,
            credentials,
            trust: self.trusted.trust(),
            client_name: concat!("rill-bench ", env!("CARGO_PKG_VERSION")).to_owned(),
            outbox: None,
            transfers_at_once: TRANSFERS_AT_ONCE,
            resumed_throttle: None,
        })
    }
}
