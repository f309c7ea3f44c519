//! What anybody may know of the server before logging in.

use axum::{Json, extract::State, http::HeaderValue};
use rill_certs::Pinned;
use rill_protocol::{
    limits,
    version::{VERSION, WEBSOCKET_PATH, WEBTRANSPORT_PATH},
};
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Api, error::ApiError};

/// How to reach WebTransport.
pub struct WebTransportInfo {
    /// UDP port on the host that served the page.
    pub port: u16,
    /// What browsers pin; absent where they trust the certificate anyway. Its hashes
    /// change as it renews itself, hence the source and not the value.
    pub certificate: Option<Arc<Pinned>>,
}

/// See the module.
#[derive(Default)]
pub struct ServerInfo {
    pub webtransport: Option<WebTransportInfo>,
    /// Whether the well-known accounts exist.
    pub demo: bool,
    /// Where plain HTTP from elsewhere is led.
    pub https_port: u16,
    /// What `Alt-Svc` says (RFC 7838), where browsers trust the certificate of QUIC.
    pub alternative: Option<HeaderValue>,
}

/// HTTP/3 on a port of the same host, for a day.
pub fn http3_on(port: u16) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("h3=\":{port}\"; ma=86400")).ok()
}

impl ServerInfo {
    /// The hashes that a browser may pin, as 64 hexadecimal digits each.
    pub fn certificate_hashes(&self) -> Vec<String> {
        let certificate = self.webtransport.as_ref().and_then(|info| info.certificate.as_ref());
        let hashes = certificate.map(|certificate| certificate.hashes());
        hashes.into_iter().flatten().map(|hash| hash.to_string()).collect()
    }
}

pub(super) async fn get(State(api): State<Arc<Api>>) -> Result<Json<Value>, ApiError> {
    let accounts = &api.services.domain.accounts;
    let webtransport = api.info.webtransport.as_ref().map(|info| {
        json!({
            "port": info.port,
            "path": WEBTRANSPORT_PATH,
            "certificate_hashes": api.info.certificate_hashes(),
        })
    });
    Ok(Json(json!({
        "name": "rill",
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": VERSION,
        "webtransport": webtransport,
        "websocket": { "path": WEBSOCKET_PATH },
        "limits": {
            "text_bytes_max": limits::TEXT_BYTES_MAX,
            "room_name_chars_max": limits::ROOM_NAME_CHARS_MAX,
            "username_chars_min": limits::USERNAME_CHARS_MIN,
            "username_chars_max": limits::USERNAME_CHARS_MAX,
            "password_bytes_min": limits::PASSWORD_BYTES_MIN,
            "password_bytes_max": limits::PASSWORD_BYTES_MAX,
            // Absent where none is taken.
            "file_bytes_max": api.services.files.as_ref().and_then(|files| files.rules().size_max()),
        },
        "demo": api.info.demo,
        "registration": accounts.registration().as_str(),
        "first_account": accounts.is_empty().await?,
    })))
}
