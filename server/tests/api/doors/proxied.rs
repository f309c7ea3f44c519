//! Behind a proxy that ends TLS: what it says of its peers counts, what others say does not.

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::json;

use crate::server::{Server, answer, code};

/// As the proxy of chat.example hands it on.
fn handed_on(request: RequestBuilder, from: &str, scheme: &str) -> RequestBuilder {
    let request = request.header(header::HOST, "chat.example").header("x-forwarded-for", from);
    request.header("x-forwarded-proto", scheme)
}

fn register(server: &Server, name: &str) -> RequestBuilder {
    let body = json!({ "username": name, "password": "correct horse" });
    server.request(Method::POST, "/api/v1/register").json(&body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_trusted_proxy_says_came_encrypted_is_served_as_that() {
    let server = Server::start_with(&["--set", "http.trusted_proxies=127.0.0.1, 10.0.0.0/8"]).await;
    let own = handed_on(register(&server, "alice"), "1.2.3.4, 198.51.100.7", "https");
    let response = own.header(header::ORIGIN, "https://chat.example").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
    assert!(response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("wss://chat.example"), "{policy}");

    // The guards hold: a foreign page, two hosts, what only this machine may read.
    for foreign in ["https://evil.example", "http://chat.example"] {
        let refused = handed_on(register(&server, "bob"), "198.51.100.7", "https").header(header::ORIGIN, foreign);
        assert_eq!(code(&answer(refused).await), "foreign_origin", "{foreign}");
    }
    let metrics = handed_on(server.request(Method::GET, "/metrics"), "198.51.100.7", "https");
    assert_eq!(answer(metrics).await.0, StatusCode::FORBIDDEN);
    // In the clear from elsewhere: it is pointed to HTTPS, and a login is refused.
    let plain = handed_on(register(&server, "bob"), "198.51.100.7", "http");
    assert_eq!(code(&answer(plain).await), "not_encrypted");
    // Its own words are no address.
    let odd = handed_on(server.request(Method::GET, "/"), "198.51.100.7, unknown", "https");
    assert_eq!(code(&answer(odd).await), "bad_request");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_believed() {
    let server = Server::start_with(&["--set", "http.trusted_proxies=10.0.0.0/8"]).await;
    let refused = handed_on(register(&server, "alice"), "198.51.100.7", "https");
    // On the loopback port another host than this one is a trick, whatever is said besides.
    assert_eq!(code(&answer(refused).await), "foreign_origin");
    let forged = register(&server, "alice").header("x-forwarded-for", "198.51.100.7");
    let response = forged.header("x-forwarded-proto", "https").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert!(!response.headers()[header::SET_COOKIE].to_str().unwrap().contains("Secure"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_by_address_are_those_of_the_peers_behind_it() {
    let settings = ["--set", "http.trusted_proxies=127.0.0.1", "--set", "limits.requests_per_second_per_address=1"];
    let server = Server::start_with(&settings).await;
    let ask = |from: &'static str| {
        let request = handed_on(server.request(Method::GET, "/api/v1/server"), from, "https");
        async move { answer(request).await.0 }
    };
    let mut refused = 0;
    for _ in 0..30 {
        refused += u32::from(ask("198.51.100.7").await == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 0);
    assert_eq!(ask("198.51.100.8").await, StatusCode::OK, "another one behind the same proxy");
    // To write something in front changes nobody's address. One request a second flows in;
    // an address that has asked nothing yet has ten.
    let mut refused = 0;
    for _ in 0..10 {
        refused += u32::from(ask("198.51.100.9, 198.51.100.7").await == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 0, "it was taken for another's");
    server.stop().await;
}
