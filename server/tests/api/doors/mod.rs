//! Which requests are let in at all.

mod headers;
mod hosts;
mod paths;
mod proxied;
mod raw;
mod smuggling;

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::server::{Server, answer, code};

#[tokio::test(flavor = "multi_thread")]
async fn foreign_pages_and_foreign_hosts_are_refused() {
    let server = Server::start().await;
    let body = json!({ "username": "alice", "password": "correct horse" });
    let register = |origin: &str| {
        server.request(Method::POST, "/api/v1/register").header(header::ORIGIN, origin.to_owned()).json(&body)
    };
    for foreign in ["https://evil.example", "http://localhost:1", "null"] {
        let refused = answer(register(foreign)).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::FORBIDDEN, "foreign_origin"), "{foreign}");
    }
    let own = format!("http://localhost:{}", server.ready.http.port());
    assert_eq!(answer(register(&own)).await.0, StatusCode::CREATED);

    let elsewhere = server.request(Method::GET, "/").header(header::HOST, "evil.example");
    assert_eq!(code(&answer(elsewhere).await), "foreign_origin");

    let form = server.request(Method::POST, "/api/v1/login").header(header::CONTENT_TYPE, "text/plain");
    assert_eq!(code(&answer(form.body(body.to_string())).await), "bad_request");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_from_a_foreign_page_or_without_the_subprotocol_is_refused() {
    let server = Server::start().await;
    let upgrade = |protocol: &str| {
        server
            .request(Method::GET, "/rill/v1/ws")
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
            .header(header::SEC_WEBSOCKET_PROTOCOL, protocol.to_owned())
    };
    let foreign = answer(upgrade("rill.v1").header(header::ORIGIN, "https://evil.example")).await;
    assert_eq!(code(&foreign), "foreign_origin");
    assert_eq!(code(&answer(upgrade("chat")).await), "unsupported");
    assert_eq!(code(&answer(server.request(Method::GET, "/rill/v1/ws")).await), "bad_request");
    assert_eq!(upgrade("rill.v1").send().await.unwrap().status(), StatusCode::SWITCHING_PROTOCOLS);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn https_serves_the_same_api_with_a_secure_cookie() {
    let server = Server::start().await;
    let url = format!("https://{}/api/v1/register", server.ready.https);
    let body = json!({ "username": "alice", "password": "correct horse" });
    let response = server.client.post(url).json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert!(response.headers()[header::SET_COOKIE].to_str().unwrap().contains("Secure"));
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains(&format!("wss://{}", server.ready.https)), "{policy}");
    server.stop().await;
}
