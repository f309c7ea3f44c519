//! Headers and cookies that try to be something else.

use reqwest::{Method, StatusCode, header};

use super::raw::say;
use crate::{
    server::{Server, answer, code, send},
    version::Version,
};

for_each_version! {
    cookies_that_are_not_one_login_are_none
    a_header_without_end_is_refused
}

async fn cookies_that_are_not_one_login_are_none() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let me = async |cookies: &[&str]| {
        let request = server.request(Method::GET, "/api/v1/me");
        answer(cookies.iter().fold(request, |request, cookie| request.header(header::COOKIE, (*cookie).to_owned())))
            .await
    };
    // Behind HTTPS the name promises that no plain page has set it.
    let name = if Version::current() == Version::Http1 { "rill_session" } else { "__Host-rill_session" };
    for own in [format!("{name}={ann}"), format!("a=b; {name}={ann};c=d"), format!(" {name}={ann} ;")] {
        assert_eq!(me(&[&own]).await.1["user"]["name"], "ann", "{own}");
    }
    for none in [
        String::new(),
        format!("{name}="),
        name.to_owned(),
        format!("{name}=\"{ann}\""),
        format!("{name}={ann}x"),
        format!("{name}={}", &ann[1..]),
        format!("{name} ={ann}"),
        format!("{}={ann}", name.to_ascii_uppercase()),
        format!("x{name}={ann}"),
        format!("x={name}={ann}"),
        format!("{name}={}", "A".repeat(8_000)),
        format!("{name}={ann}%0d%0a"),
        "=;;;=;=".to_owned(),
    ] {
        let refused = me(&[&none]).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::UNAUTHORIZED, "not_logged_in"), "{none}");
    }
    // Two logins in one request, as a neighbour on another port can plant: whoever it is,
    // it is one of them or nobody, and over each version the same.
    for pair in
        [&[&*format!("{name}={ann}; {name}={bob}")][..], &[&*format!("{name}={ann}"), &*format!("{name}={bob}")]]
    {
        let seen = me(pair).await;
        assert!(code(&seen) == "not_logged_in" || seen.1["user"]["name"] == "ann", "{pair:?}: {seen:?}");
    }
    // A token counts more than a cookie, also one that is no good.
    let both = server.request(Method::GET, "/api/v1/me").header(header::COOKIE, format!("{name}={ann}"));
    assert_eq!(code(&answer(both.bearer_auth("nonsense")).await), "not_logged_in");
    server.stop().await;
}

async fn a_header_without_end_is_refused() {
    let server = Server::start().await;
    for (name, value) in [("x-long", "a".repeat(20_000)), ("cookie", "rill_session=a; ".repeat(4_000))] {
        let request = server.request(Method::GET, "/api/v1/me").header(name, value);
        if Version::current() == Version::Http3 {
            // h3's client keeps to what the server takes, once it has heard it.
            let request = request.build().unwrap();
            let mut head = http::Request::builder().uri(request.url().as_str()).body(()).unwrap();
            *head.headers_mut() = request.headers().clone();
            let refused = crate::http3::exchange(server.ready.quic, head, bytes::Bytes::new()).await;
            match refused {
                Ok(answer) => assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
                Err(error) => assert!(matches!(error, h3::error::StreamError::HeaderTooBig { .. }), "{error}"),
            }
            continue;
        }
        // Refused with a status, or an answer that did not need it; never the end of the server.
        let status = send(request).await.status();
        assert!(status.is_client_error(), "{name}: {status}");
    }
    assert_eq!(server.get("", "/api/v1/server").await.0, StatusCode::OK);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_break_a_header_are_no_request() {
    let server = Server::start().await;
    for line in
        ["X-A: b\rX-C: d", "X-A: b\0c", "X-A : b", "X A: b", ": b", "X-A: b\r\n folded: c", "no colon", "X-A\u{e4}: b"]
    {
        let request = format!("GET /api/v1/server HTTP/1.1\r\nHost: localhost\r\n{line}\r\nConnection: close\r\n\r\n");
        let said = say(server.ready.http, request.as_bytes()).await;
        assert_eq!(said.status(), Some(StatusCode::BAD_REQUEST), "{line:?}: {}", said.text());
        assert_eq!(said.answers(), 1, "{line:?}");
    }
    server.stop().await;
}
