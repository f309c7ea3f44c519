//! Which answer a CONNECT gets.

use crate::transport::{Serve, origin};
use h3::ext::Protocol;
use http::{Request, StatusCode};
use rill_protocol::version::WEBTRANSPORT_PATH;

/// 200 opens a session.
pub(in crate::transport) fn verdict(request: &Request<()>, serve: &impl Serve) -> StatusCode {
    if request.extensions().get::<Protocol>() != Some(&Protocol::WEB_TRANSPORT) {
        return StatusCode::BAD_REQUEST;
    }
    if request.uri().path() != WEBTRANSPORT_PATH {
        return StatusCode::NOT_FOUND;
    }
    if !origin::allowed(serve, request.headers()) {
        return StatusCode::FORBIDDEN;
    }
    StatusCode::OK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Connection;

    #[derive(Clone)]
    struct Home;

    impl Serve for Home {
        async fn serve<C: Connection>(&self, _: C) {}

        fn origin_allowed(&self, origin: Option<&str>) -> bool {
            origin.is_none_or(|origin| origin == "https://chat.example")
        }
    }

    fn check(protocol: Option<Protocol>, uri: &str, origin: Option<&str>, expected: u16) {
        let mut request = Request::builder().method("CONNECT").uri(uri);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let mut request = request.body(()).unwrap();
        if let Some(protocol) = protocol {
            request.extensions_mut().insert(protocol);
        }
        assert_eq!(verdict(&request, &Home).as_u16(), expected, "{request:?}");
    }

    #[test]
    fn only_a_session_request_from_a_known_page_opens_one() {
        let (session, home) = (Some(Protocol::WEB_TRANSPORT), Some("https://chat.example"));
        check(session, "https://h/rill/v1", None, 200);
        check(session, "https://h/rill/v1?x=y", home, 200);
        check(session, "https://h/rill/v1", Some("https://evil.example"), 403);
        check(session, "https://h/rill/v2", home, 404);
        check(session, "https://h/rill/v1/", home, 404);
        check(Some(Protocol::CONNECT_UDP), "https://h/rill/v1", None, 400);
        check(None, "h:443", None, 400);
    }
}
