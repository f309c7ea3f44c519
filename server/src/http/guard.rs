//! What is refused before any handler: a foreign page, and on the loopback port a Host
//! that is not loopback (a foreign name that was made to point here).

use axum::{
    extract::{Extension, Request, State},
    http::{
        HeaderMap, Method,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use rill_protocol::Code;
use std::sync::Arc;

use super::{Api, Door, Peer, error::ApiError};

pub(super) async fn check(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if request.headers().get_all(HOST).iter().nth(1).is_some() {
        // RFC 9112, section 3.2.
        return ApiError::new(Code::BadRequest, "a request has one Host").into_response();
    }
    let host = host(&request);
    if matches!(peer.door, Door::Loopback | Door::Operator) && !is_loopback(&host) {
        let detail = "this port answers to localhost only: use https";
        return ApiError::new(Code::ForeignOrigin, detail).into_response();
    }
    let scheme = if peer.door.is_secure() { "https" } else { "http" };
    // Reading is safe: no foreign page is let see the answer. Upgrades are GETs too,
    // and they are not safe.
    let safe = matches!(*request.method(), Method::GET | Method::HEAD) && !is_upgrade(request.headers());
    let headers = request.headers();
    if !safe && (headers.get_all(ORIGIN).iter().nth(1).is_some() || is_of_another_site(headers)) {
        return ApiError::from(Code::ForeignOrigin).into_response();
    }
    match headers.get(ORIGIN).map(|value| value.to_str()) {
        Some(Ok(origin)) if !safe && !api.origins.allows_at(Some(origin), scheme, &host) => {
            tracing::warn!(peer = %peer.address, origin, "a foreign page was refused");
            ApiError::from(Code::ForeignOrigin).into_response()
        }
        Some(Err(_)) if !safe => ApiError::from(Code::ForeignOrigin).into_response(),
        _ => next.run(request).await,
    }
}

/// The host that the request was sent to: `:authority` over HTTP/2, else the header.
pub(super) fn host(request: &Request) -> String {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let header = || request.headers().get(HOST).and_then(|value| value.to_str().ok());
    authority.or_else(header).unwrap_or_default().to_owned()
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-websocket-key") || headers.contains_key("sec-websocket-version")
}

/// Whether a browser says that another site's page asks, and does not say which page (Fetch
/// Metadata, section 2.3). Where it does say, that decides.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    !headers.contains_key(ORIGIN) && matches!(site, Some(b"cross-site" | b"same-site"))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_the_loopback_port() {
        for own in ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "[::1]"] {
            assert!(is_loopback(own), "{own}");
        }
        for foreign in
            ["", "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example:80", "::1"]
        {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }
}
