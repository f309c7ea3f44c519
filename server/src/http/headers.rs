//! The headers that every answer carries, so that a mistake in the page stays one.

use axum::{
    extract::{Extension, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;

use super::{Api, Door, Peer, host};

const FIXED: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), \
         microphone=(self), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=()",
    ),
];
/// Browsers come back encrypted for a year (RFC 6797). They take it from a certificate
/// that they trust only, so a self-made one locks nobody out.
const ENCRYPTED_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Content security policy (CSP level 3) and its smaller siblings. The page records voice messages;
/// nothing else that a device has is its business.
pub(super) async fn security(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let host = Some(host::host(&request)).filter(|host| host::is_valid(host)).unwrap_or_default();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = policy(&host, peer.door, api.info.webtransport.as_ref().map(|info| info.port));
    // What people have sent comes with a stricter one.
    if let (Ok(policy), false) = (HeaderValue::from_str(&policy), headers.contains_key(header::CONTENT_SECURITY_POLICY))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if peer.door.is_secure() {
        if !host.is_empty() && !host::is_loopback(&host) && !host::is_address(&host) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, ENCRYPTED_ONLY);
        }
        if let Some(service) = &api.info.alternative {
            headers.insert(header::ALT_SVC, service.clone());
        }
    }
    response
}

/// The page hashes files by WebAssembly, and shows and plays what it has fetched (`blob:`).
fn policy(host: &str, door: Door, quic_port: Option<u16>) -> String {
    let name = host::name(host);
    let socket = if door.is_secure() { "wss" } else { "ws" };
    let mut connect = String::from("'self'");
    if !host.is_empty() {
        connect.push_str(&format!(" {socket}://{host}"));
        if let Some(port) = quic_port {
            connect.push_str(&format!(" https://{name}:{port}"));
        }
    }
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
         img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; manifest-src 'self'; \
         connect-src {connect}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Answers of the API are of the moment, but for those that say otherwise.
pub(super) async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
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
        let text = policy("", Door::Tls, Some(8443));
        assert!(text.contains("connect-src 'self';"), "{text}");
    }
}
