//! What a trusted proxy says of a request: from whom it came (`X-Forwarded-For`) and whether
//! it came encrypted (`X-Forwarded-Proto`). From here on the peer is the one behind it.
//!
//! Only what comes over plain HTTP is listened to. Through TLS and QUIC a proxy can pass
//! bytes that it does not understand, and then the headers are the client's own words. From
//! anybody else than a trusted proxy they are, too: they mean nothing.

use axum::{
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderName},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rill_protocol::Code;
use std::{net::SocketAddr, sync::Arc};

use super::{Api, DOOR, Door, Peer, Place, error::ApiError, guard::is_upgrade};
use crate::{
    admission::{NoAddress, Proxies},
    transport::Permit,
};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

pub(super) async fn check(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let gate = &api.services.gate;
    let behind = match behind(gate.proxies(), peer, request.headers()) {
        Ok(Some(behind)) => behind,
        Ok(None) => return next.run(request).await,
        Err(NoAddress) => {
            gate.refused(DOOR, peer.address.ip(), Code::BadRequest);
            return ApiError::new(Code::BadRequest, "the proxy names no address in X-Forwarded-For").into_response();
        }
    };
    // The proxy's connection is shared; one that becomes a WebSocket is the peer's own.
    if is_upgrade(request.headers()) && !gate.proxies().are(behind.address.ip()) {
        match gate.admit_behind(behind.address.ip()) {
            Some(permit) => {
                let shared = request.extensions_mut().remove::<Place>();
                request.extensions_mut().insert(Place::new(Permit::new((shared, permit))));
            }
            None => {
                gate.refused(DOOR, behind.address.ip(), Code::RateLimited);
                return ApiError::from(Code::RateLimited).into_response();
            }
        }
    }
    request.extensions_mut().insert(behind);
    next.run(request).await
}

/// Who asks in truth; nothing if it is the peer itself.
fn behind(proxies: &Proxies, peer: Peer, headers: &HeaderMap) -> Result<Option<Peer>, NoAddress> {
    let is_plain = matches!(peer.door, Door::Loopback | Door::Redirect | Door::Insecure);
    if !is_plain || !proxies.are(peer.address.ip()) {
        return Ok(None);
    }
    let lines = |name: &HeaderName| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    let entries: Vec<&str> = lines(&FORWARDED_FOR).flat_map(|line| line.split(',')).collect();
    let scheme = lines(&FORWARDED_PROTO).flat_map(|line| line.split(',')).last().map(str::trim);
    let ip = proxies.behind(entries.into_iter())?;
    if ip.is_none() && scheme.is_none() {
        // A program on the proxy's own machine.
        return Ok(None);
    }
    let door = match scheme {
        Some("https") => Door::Proxied,
        // It came in the clear from another machine.
        _ if peer.door == Door::Loopback => Door::Redirect,
        _ => peer.door,
    };
    let address = ip.map_or(peer.address, |ip| SocketAddr::new(ip, 0));
    Ok(Some(Peer { address, door }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn check(from: &str, door: Door, headers: &[(&str, &str)], expected: Option<(&str, Door)>) {
        let proxies = Proxies::new(vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap()));
        let peer = Peer { address: from.parse().unwrap(), door };
        let found = behind(&proxies, peer, &headers.collect()).unwrap();
        let expected = expected.map(|(address, door)| (address.parse().unwrap(), door));
        assert_eq!(found.map(|peer| (peer.address, peer.door)), expected);
    }

    #[test]
    fn a_trusted_proxy_over_plain_http_is_believed_and_nobody_else() {
        let says = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-proto", "https")];
        for door in [Door::Loopback, Door::Redirect, Door::Insecure] {
            check("127.0.0.1:5", door, &says, Some(("198.51.100.7:0", Door::Proxied)));
            check("192.0.2.1:5", door, &says, None);
        }
        for door in [Door::Tls, Door::Http3, Door::Operator] {
            check("127.0.0.1:5", door, &says, None);
        }
        check("127.0.0.1:5", Door::Loopback, &[], None);
    }

    #[test]
    fn what_came_to_the_proxy_in_the_clear_is_not_taken_for_this_machines_own() {
        let says = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-proto", "http")];
        check("127.0.0.1:5", Door::Loopback, &says, Some(("198.51.100.7:0", Door::Redirect)));
        check("10.0.0.1:5", Door::Redirect, &says[..1], Some(("198.51.100.7:0", Door::Redirect)));
        check("10.0.0.1:5", Door::Insecure, &says, Some(("198.51.100.7:0", Door::Insecure)));
        check("10.0.0.1:5", Door::Redirect, &says[1..], Some(("10.0.0.1:5", Door::Redirect)));
        // The one next to us wrote the last word.
        let two = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http"), ("x-forwarded-for", "198.51.100.7")];
        check("10.0.0.1:5", Door::Redirect, &two, Some(("198.51.100.7:0", Door::Redirect)));
    }
}
