//! Bodies of the JSON API, as far as a client needs them.

use rill_protocol::{SessionId, Ticket, UserId};
use serde::{Deserialize, Serialize};

/// `GET /api/v1/server`: what a client must know before it connects.
#[derive(Clone, Debug, Deserialize)]
pub struct ServerInfo {
    pub name: String,
    pub version: String,
    pub protocol: u32,
    /// Absent where QUIC is off. Raw QUIC uses the same port and certificate.
    pub webtransport: Option<WebTransportInfo>,
    pub websocket: WebSocketInfo,
}

/// Where WebTransport and raw QUIC are.
#[derive(Clone, Debug, Deserialize)]
pub struct WebTransportInfo {
    pub port: u16,
    pub path: String,
    /// SHA-256 of each certificate that may be presented; empty when an authority
    /// vouches for it.
    pub certificate_hashes: Vec<String>,
}

/// Where WebSocket is, on the port of the API.
#[derive(Clone, Debug, Deserialize)]
pub struct WebSocketInfo {
    pub path: String,
}

/// Whose login it is.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    pub id: UserId,
    pub name: String,
}

/// The answer to a registration or a login.
#[derive(Clone, Debug, Deserialize)]
pub struct Login {
    pub user: Account,
    pub session: SessionId,
    /// For `Authorization: Bearer`.
    pub token: String,
}

#[derive(Serialize)]
pub(super) struct Credentials<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
    pub(super) client: &'a str,
}

#[derive(Serialize)]
pub(super) struct TicketCount {
    pub(super) count: u32,
}

#[derive(Deserialize)]
pub(super) struct Tickets {
    pub(super) tickets: Vec<Ticket>,
}

#[derive(Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: ErrorDetail,
}

#[derive(Deserialize)]
pub(super) struct ErrorDetail {
    pub(super) code: u32,
    #[serde(default)]
    pub(super) detail: String,
}
