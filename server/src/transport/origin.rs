//! Who may connect from a page: the browser tells the page's origin, and nobody else
//! does.

use super::Serve;
use http::{HeaderMap, header::ORIGIN};

/// Whether a request with these headers may open a session. A native client sends no
/// Origin; an Origin that cannot be read is foreign.
pub(super) fn allowed(serve: &impl Serve, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => serve.origin_allowed(None),
        (Some(origin), None) => origin.to_str().is_ok_and(|origin| serve.origin_allowed(Some(origin))),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Connection;
    use http::HeaderValue;

    #[derive(Clone)]
    struct Home;

    impl Serve for Home {
        async fn serve<C: Connection>(&self, _: C) {}

        fn origin_allowed(&self, origin: Option<&str>) -> bool {
            origin.is_none_or(|origin| origin == "https://chat.example")
        }
    }

    fn check(origins: &[&[u8]], expected: bool) {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(ORIGIN, HeaderValue::from_bytes(origin).unwrap());
        }
        assert_eq!(allowed(&Home, &headers), expected, "{origins:?}");
    }

    #[test]
    fn only_no_origin_or_one_known_origin_passes() {
        check(&[], true);
        check(&[b"https://chat.example"], true);
        check(&[b"https://chat.example.evil"], false);
        check(&[b"null"], false);
        check(&[b""], false);
        check(&[b"https://\xFF"], false);
        check(&[b"https://chat.example", b"https://chat.example"], false);
    }
}
