//! What a request says it was sent to, and from which page.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use super::raw::say;
use crate::{
    server::{Server, answer, code},
    version::Version,
};

for_each_version! {
    pages_of_other_sites_change_nothing
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loopback_port_answers_to_loopback_names_only() {
    let server = Server::start().await;
    let port = server.ready.http.port();
    let check = async |head: &str, expected: &str| {
        let said = say(server.ready.http, format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await;
        let seen = if said.status() == Some(StatusCode::OK) { "ok".to_owned() } else { said.code() };
        assert_eq!(seen, expected, "{head:?}: {}", said.text());
        assert!(said.answers() <= 1, "{head:?}");
    };
    let get = "GET /api/v1/server HTTP/1.1\r\nHost: ";
    for own in ["localhost", "LocalHost", "127.0.0.1", "[::1]", &format!("localhost:{port}"), "127.0.0.1:1"] {
        check(&format!("{get}{own}"), "ok").await;
    }
    for foreign in [
        "",
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example#localhost",
        "evil.example/localhost",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost:80@evil.example",
        "evil.example:80:localhost",
        "localhost:8o80",
        "localhost evil.example",
        "localhost, evil.example",
        "127.1",
        "0.0.0.0",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "[::1",
        "::1",
        "localhost\t.evil.example",
    ] {
        check(&format!("{get}{foreign}"), "foreign_origin").await;
    }
    // An absolute target counts, and the Host beside it does not (RFC 9112, section 3.2.2).
    check("GET http://localhost/api/v1/server HTTP/1.1\r\nHost: evil.example", "ok").await;
    for target in ["http://evil.example", "http://localhost@evil.example", "http://evil.example@localhost"] {
        check(&format!("GET {target}/api/v1/server HTTP/1.1\r\nHost: localhost"), "foreign_origin").await;
    }
    // One Host, or it is no request (RFC 9112, section 3.2).
    for second in ["localhost", "evil.example"] {
        check(&format!("{get}localhost\r\nHost: {second}"), "bad_request").await;
    }
    check(&format!("{get}evil.example\r\nHost: localhost"), "bad_request").await;
    check("GET /api/v1/server HTTP/1.1", "foreign_origin").await;
    check("GET /api/v1/server HTTP/1.0", "foreign_origin").await;
    server.stop().await;
}

async fn pages_of_other_sites_change_nothing() {
    let server = Server::start().await;
    let body = json!({ "username": "alice", "password": "wrong horse" });
    let login = |headers: &[(&'static str, &str)]| {
        let request = server.request(Method::POST, "/api/v1/login").json(&body);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, (*value).to_owned()))
    };
    let own = server.origin();
    let other_scheme = match Version::current() {
        Version::Http1 => own.replace("http:", "https:"),
        _ => own.replace("https:", "http:"),
    };
    for foreign in ["https://evil.example", "null", "", "file://", &other_scheme, &format!("{own}.evil.example")] {
        let refused = answer(login(&[("origin", foreign)])).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::FORBIDDEN, "foreign_origin"), "{foreign:?}");
    }
    for site in ["cross-site", "same-site"] {
        let refused = answer(login(&[("sec-fetch-site", site)])).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::FORBIDDEN, "foreign_origin"), "{site}");
        let refused = answer(login(&[("sec-fetch-site", site), ("origin", "https://evil.example")])).await;
        assert_eq!(code(&refused), "foreign_origin", "{site}");
    }
    let two = answer(login(&[("origin", &own), ("origin", "https://evil.example")])).await;
    assert_eq!(code(&two), "foreign_origin");
    // Our own page, and programs, which send neither.
    for fine in [&[("sec-fetch-site", "same-origin"), ("origin", &own)][..], &[("sec-fetch-site", "none")], &[]] {
        assert_eq!(code(&answer(login(fine)).await), "bad_login", "{fine:?}");
    }
    // What only reads is not kept from anybody: no other page is let see the answer.
    let read = server.request(Method::GET, "/api/v1/server").header(header::ORIGIN, "https://evil.example");
    let read = crate::server::send(read).await;
    assert_eq!(read.status(), StatusCode::OK);
    assert!(!read.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    server.stop().await;
}
