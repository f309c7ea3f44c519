//! The headers that every answer carries, so that a mistake in the page stays one.

use axum::{
    extract::{Extension, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;

use super::{Api, Door, Peer, guard::host};

const FIXED: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Content security policy (CSP level 3) and its smaller siblings.
pub(super) async fn security(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let host = host(&request);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = policy(&host, peer.door, api.info.webtransport.as_ref().map(|info| info.port));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn policy(host: &str, door: Door, quic_port: Option<u16>) -> String {
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let socket = if door.is_secure() { "wss" } else { "ws" };
    let safe = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    let mut connect = String::from("'self'");
    if safe && !host.is_empty() {
        connect.push_str(&format!(" {socket}://{host}"));
        if let Some(port) = quic_port {
            connect.push_str(&format!(" https://{name}:{port}"));
        }
    }
    format!(
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         font-src 'self'; manifest-src 'self'; connect-src {connect}; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}

/// Answers of the API are of the moment.
pub(super) async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_both_transports_of_this_host_only() {
        let text = policy("localhost:8080", Door::Loopback, Some(8443));
        assert!(text.contains("connect-src 'self' ws://localhost:8080 https://localhost:8443;"), "{text}");
        let text = policy("[::1]:8080", Door::Tls, Some(8443));
        assert!(text.contains("connect-src 'self' wss://[::1]:8080 https://[::1]:8443;"), "{text}");
        let text = policy("a; script-src *", Door::Tls, Some(8443));
        assert!(text.contains("connect-src 'self';"), "{text}");
    }
}
