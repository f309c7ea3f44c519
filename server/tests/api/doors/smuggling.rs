//! Requests of HTTP/1.1 whose end two readers would see in two places: what the one takes
//! for a body is a request for the other (RFC 9112, section 11.2).

use reqwest::StatusCode;
use std::fmt::Write as _;

use super::raw::{say, say_and_stay};
use crate::server::Server;

/// A request that nobody may answer.
const SMUGGLED: &str = "GET /api/v1/server HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_one_end() {
    let server = Server::start().await;
    let mut long_extension = String::from("Transfer-Encoding: chunked\r\n\r\n0;");
    long_extension.push_str(&"a".repeat(1 << 20));
    write!(long_extension, "\r\n\r\n{SMUGGLED}").unwrap();
    for rest in [
        // Two lengths.
        format!("Content-Length: 0\r\nContent-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len()),
        format!("Content-Length: {}\r\nContent-Length: 0\r\n\r\n{SMUGGLED}", SMUGGLED.len()),
        format!("Content-Length: 0, {}\r\n\r\n{SMUGGLED}", SMUGGLED.len()),
        // Lengths that are none.
        format!("Content-Length: +0\r\n\r\n{SMUGGLED}"),
        format!("Content-Length: 0x0\r\n\r\n{SMUGGLED}"),
        format!("Content-Length: -1\r\n\r\n{SMUGGLED}"),
        format!("Content-Length: 99999999999999999999\r\n\r\n{SMUGGLED}"),
        format!("Content-Length : 0\r\n\r\n{SMUGGLED}"),
        // Both kinds of end.
        format!("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        // Encodings that hide `chunked`, or hide behind it.
        format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        format!("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        format!("Transfer-Encoding: identity\r\n\r\n{SMUGGLED}"),
        format!("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        format!("Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        // Chunks that are none.
        format!("Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{SMUGGLED}"),
        format!("Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n{SMUGGLED}"),
        format!("Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{SMUGGLED}"),
        format!("Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n{SMUGGLED}"),
        long_extension,
    ] {
        let request =
            format!("POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{rest}");
        let said = say_and_stay(server.ready.http, request.as_bytes()).await;
        let shown: String = rest.chars().take(80).collect();
        assert!(said.answers() <= 1, "{shown:?}: {}", said.text());
        assert!(said.status().is_none_or(|status| status.is_client_error()), "{shown:?}: {}", said.text());
    }
    // Two requests that follow one another as they should are two.
    let body = "{\"username\":\"alice\",\"password\":\"wrong horse\"}";
    let login = format!(
        "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let second = SMUGGLED.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let said = say(server.ready.http, format!("{login}{second}").as_bytes()).await;
    assert_eq!((said.answers(), said.status()), (2, Some(StatusCode::UNAUTHORIZED)), "{}", said.text());
    server.stop().await;
}
