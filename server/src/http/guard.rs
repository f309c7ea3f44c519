//! What is refused before any handler: a request that names no host or two, a foreign
//! page, and on the loopback port a Host that is not loopback (a foreign name that was
//! made to point here).

use axum::{
    extract::{Extension, Request, State},
    http::{HeaderMap, Method, header::ORIGIN},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rill_protocol::Code;
use std::sync::Arc;

use super::{Api, Door, Peer, error::ApiError, host, origin::Origins};

pub(super) async fn check(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let bad_host = || ApiError::new(Code::BadRequest, "the request must name one host").into_response();
    if host::are_two(&request) {
        return bad_host();
    }
    let host = host::host(&request);
    if matches!(peer.door, Door::Loopback | Door::Operator) && !host::is_loopback(&host) {
        let detail = "this port answers to localhost only: use https";
        return ApiError::new(Code::ForeignOrigin, detail).into_response();
    }
    if !host::is_well_formed(&request) {
        return bad_host();
    }
    let scheme = if peer.door.is_secure() { "https" } else { "http" };
    // Reading is safe: no foreign page is let see the answer. Upgrades are GETs too,
    // and they are not safe.
    let safe = matches!(*request.method(), Method::GET | Method::HEAD) && !is_upgrade(request.headers());
    if !safe && !is_own(&api.origins, request.headers(), scheme, &host) {
        return ApiError::from(Code::ForeignOrigin).into_response();
    }
    next.run(request).await
}

/// Whether the request comes from a page of this server, or from no page.
fn is_own(origins: &Origins, headers: &HeaderMap, scheme: &str, host: &str) -> bool {
    let mut sent = headers.get_all(ORIGIN).iter();
    match (sent.next().map(|origin| origin.to_str()), sent.next()) {
        (None, _) => !is_of_another_site(headers),
        (Some(Ok(origin)), None) => origins.allows_at(Some(origin), scheme, host),
        (Some(_), _) => false,
    }
}

pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-websocket-key") || headers.contains_key("sec-websocket-version")
}

/// Whether a browser says that another site's page asks, and does not say which page (Fetch
/// Metadata, section 2.3). Where it does say, that decides.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    !headers.contains_key(ORIGIN) && matches!(site, Some(b"cross-site" | b"same-site"))
}
