//! Which host a request was sent to. A host that is none, or two of them, is a mistake
//! or an attempt to be taken for somebody else: it is refused before anybody reads it.

use axum::{
    extract::Request,
    http::{Version, header::HOST},
};
use std::net::{IpAddr, Ipv6Addr};

/// RFC 1035, section 2.3.4, with a port behind it.
const HOST_BYTES_MAX: usize = 255 + ":65535".len();

/// Host and perhaps port: `:authority` from HTTP/2 on, else the header; empty if there
/// is none.
pub(super) fn host(request: &Request) -> String {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let header = || request.headers().get(HOST).and_then(|value| value.to_str().ok());
    authority.or_else(header).unwrap_or_default().to_owned()
}

/// Whether a request names more than one host (RFC 9112, section 3.2), or one in two ways
/// that do not agree (RFC 9113, section 8.3.1).
pub(super) fn are_two(request: &Request) -> bool {
    let mut headers = request.headers().get_all(HOST).iter();
    let (header, second) = (headers.next(), headers.next());
    let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let differ = request.version() > Version::HTTP_11
        && matches!((authority, header), (Some(authority), Some(header)) if authority != header.as_bytes());
    second.is_some() || differ
}

/// Whether a request names one host as it should. HTTP/1.0 may name none.
pub(super) fn is_well_formed(request: &Request) -> bool {
    let host = host(request);
    let may_be_absent = request.version() < Version::HTTP_11 && !request.headers().contains_key(HOST);
    !are_two(request) && (is_valid(&host) || (host.is_empty() && may_be_absent))
}

/// A name, or an address as URLs write it (RFC 3986, section 3.2.2), and perhaps a port.
/// Nothing else, so that it can go into a header of the answer.
pub(super) fn is_valid(host: &str) -> bool {
    let (name, port) = split(host);
    let is_name =
        || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let is_address = || bracketed(name).is_some();
    host.len() <= HOST_BYTES_MAX && port.is_none_or(|port| port.parse::<u16>().is_ok()) && (is_name() || is_address())
}

/// The host without its port.
pub(super) fn name(host: &str) -> &str {
    split(host).0
}

/// Whether a host names this machine to itself.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = name(host);
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]"
}

/// Whether a host is an address and no name.
pub(super) fn is_address(host: &str) -> bool {
    let name = name(host);
    name.parse::<IpAddr>().is_ok() || bracketed(name).is_some()
}

fn bracketed(name: &str) -> Option<Ipv6Addr> {
    name.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn split(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

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

    #[test]
    fn what_a_host_looks_like() {
        for good in
            ["localhost", "chat.example:443", "10.0.0.1", "[2001:db8::7]:8443", "a_b-c.d", "xn--e1afmkfd.example"]
        {
            assert!(is_valid(good), "{good}");
        }
        let long = "a".repeat(300);
        for bad in [
            "",
            ":80",
            "a b",
            "a/b",
            "a\\b",
            "a@b",
            "a:b",
            "a:",
            "a:99999",
            "[::1",
            "::1",
            "[::1]x",
            "[a]",
            "a?b",
            "a#b",
            "\u{e9}.example",
            "a,b",
            "a;b",
            "a\"b",
            "<script>",
            "a%0d%0a",
            &long,
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn an_address_is_no_name() {
        for (host, expected) in [("10.0.0.1:80", true), ("[::1]", true), ("chat.example", false), ("10.example", false)]
        {
            assert_eq!(is_address(host), expected, "{host}");
        }
    }

    #[test]
    fn one_host_and_only_one() {
        let check = |version: Version, uri: &str, hosts: &[&str], expected: bool| {
            let mut request = axum::http::Request::builder().version(version).uri(uri);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            assert_eq!(is_well_formed(&request.body(Body::empty()).unwrap()), expected, "{uri} {hosts:?}");
        };
        check(Version::HTTP_11, "/", &["chat.example"], true);
        check(Version::HTTP_11, "/", &[], false);
        check(Version::HTTP_10, "/", &[], true);
        check(Version::HTTP_10, "/", &[""], false);
        check(Version::HTTP_11, "/", &["chat.example", "chat.example"], false);
        check(Version::HTTP_11, "/", &["chat.example, evil.example"], false);
        check(Version::HTTP_2, "https://chat.example/", &[], true);
        check(Version::HTTP_2, "https://chat.example/", &["chat.example"], true);
        check(Version::HTTP_2, "https://chat.example/", &["evil.example"], false);
        check(Version::HTTP_2, "https://user@chat.example/", &[], false);
    }
}
