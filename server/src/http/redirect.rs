//! Plain HTTP from elsewhere: it points to HTTPS and does nothing else.
//!
//! A request with a body, or one that would open a WebSocket, has already said in the
//! clear what nobody else should read: it is refused with a code, so that whoever sent
//! it finds out and sends it elsewhere, instead of being led there every time.

use axum::{
    extract::{Extension, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rill_protocol::Code;
use std::sync::Arc;

use super::{Api, Door, Peer, error::ApiError, guard::is_upgrade, host};

pub(super) async fn check(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match peer.door {
        Door::Redirect => answer(&request, api.info.https_port),
        _ => next.run(request).await,
    }
}

fn answer(request: &Request, port: u16) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || is_upgrade(request.headers()) {
        return ApiError::from(Code::NotEncrypted).into_response();
    }
    let host = host::host(request);
    if !host::is_valid(&host) {
        return ApiError::new(Code::BadRequest, "the request names no host").into_response();
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let name = host::name(&host);
    let place = if port == 443 { format!("https://{name}{path}") } else { format!("https://{name}:{port}{path}") };
    let Ok(place) = HeaderValue::from_str(&place) else {
        return ApiError::new(Code::BadRequest, "the path cannot be pointed to").into_response();
    };
    // Nobody keeps it: the port may change, and a cache must not answer one host's
    // request with another's place.
    let keep = HeaderValue::from_static("no-store");
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place), (header::CACHE_CONTROL, keep)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn check(method: Method, uri: &str, host: &str, expected: Result<&str, u16>) {
        let request = axum::http::Request::builder().method(method).uri(uri).header(header::HOST, host);
        let response = answer(&request.body(Body::empty()).unwrap(), 8443);
        let place = response.headers().get(header::LOCATION).map(|place| place.to_str().unwrap());
        match expected {
            Ok(expected) => {
                assert_eq!((response.status().as_u16(), place), (308, Some(expected)));
            }
            Err(status) => assert_eq!((response.status().as_u16(), place), (status, None), "{uri} {host}"),
        }
    }

    #[test]
    fn reading_is_led_to_https_and_nothing_else_is() {
        check(Method::GET, "/", "chat.example", Ok("https://chat.example:8443/"));
        check(Method::HEAD, "/a//b?c=%0d%0a", "chat.example:80", Ok("https://chat.example:8443/a//b?c=%0d%0a"));
        check(Method::GET, "//evil.example/", "[2001:db8::7]:80", Ok("https://[2001:db8::7]:8443//evil.example/"));
        check(Method::POST, "/api/v1/login", "chat.example", Err(421));
        check(Method::OPTIONS, "*", "chat.example", Err(421));
        for odd in ["", "a b", "a@b", "a/b", "evil.example/?", "<script>"] {
            check(Method::GET, "/", odd, Err(400));
        }
    }
}
