//! Plain ports, encrypted ports, and the headers that every answer has.

use reqwest::{Client, Method, StatusCode, header, redirect::Policy};
use serde_json::json;
use std::net::IpAddr;

use crate::server::{Server, answer, code};

/// An address of this machine that is not loopback. What is sent there stays inside the
/// machine all the same.
fn own_address() -> Option<IpAddr> {
    rill_certs::machine_names()
        .into_iter()
        .filter_map(|name| name.parse::<IpAddr>().ok())
        .find(|ip| ip.is_ipv4() && !ip.is_loopback())
}

/// A client that follows no redirect.
fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(Policy::none()).tls_danger_accept_invalid_certs(true).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_from_elsewhere_only_points_to_https() {
    let Some(own) = own_address() else {
        eprintln!("this machine has no address but loopback: nobody can come from elsewhere");
        return;
    };
    let server = Server::start_with(&["--http", "0.0.0.0:0"]).await;
    let (plain, https) = (server.ready.http.port(), server.ready.https.port());
    let ask = |method: Method, path: &str| client().request(method, format!("http://{own}:{plain}{path}"));

    let led = ask(Method::GET, "/rooms/x?y=z").header(header::HOST, "chat.example:80").send().await.unwrap();
    assert_eq!(led.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(led.headers()[header::LOCATION], format!("https://chat.example:{https}/rooms/x?y=z").as_str());
    assert_eq!(led.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert!(led.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    assert!(!led.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), "RFC 6797, section 7.2");
    for path in ["/healthz", "/metrics", "/api/v1/server"] {
        assert_eq!(ask(Method::GET, path).send().await.unwrap().status(), StatusCode::PERMANENT_REDIRECT, "{path}");
    }

    let login = ask(Method::POST, "/api/v1/login").json(&json!({ "username": "a", "password": "b" }));
    let refused = answer(login).await;
    assert_eq!((refused.0, code(&refused)), (StatusCode::MISDIRECTED_REQUEST, "not_encrypted"));
    let upgrade = ask(Method::GET, "/rill/v1/ws")
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(code(&answer(upgrade).await), "not_encrypted");
    for odd in ["chat example", "chat.example/x", "a@chat.example", "chat.example:x", "\"><script>"] {
        let refused = answer(ask(Method::GET, "/").header(header::HOST, odd)).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::BAD_REQUEST, "bad_request"), "{odd}");
    }
    // The same port, asked from this machine.
    let here = answer(client().get(format!("http://127.0.0.1:{plain}/api/v1/server"))).await;
    assert_eq!(here.0, StatusCode::OK);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_ask_for_everything_in_the_clear() {
    let server = Server::start_with(&["--set", "http.insecure=true"]).await;
    let url = format!("http://{}/api/v1/register", server.ready.http);
    let body = json!({ "username": "alice", "password": "correct horse" });
    let made = client().post(url).header(header::HOST, "chat.example").json(&body).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    assert!(!made.headers()[header::SET_COOKIE].to_str().unwrap().contains("Secure"));
    assert!(!made.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_its_headers_also_a_refusal() {
    let server = Server::start().await;
    let https = format!("https://{}", server.ready.https);
    for request in [
        client().get(format!("{https}/")),
        client().get(format!("{https}/api/v1/nothing")),
        client().get(format!("{https}/api/v1/rooms")),
        client().post(format!("{https}/api/v1/login")).header(header::ORIGIN, "https://evil.example"),
        client().get(format!("http://{}/", server.ready.http)).header(header::HOST, "evil.example"),
        client().get(format!("http://{}/", server.ready.http)).header(header::HOST, "not a host"),
    ] {
        let response = request.send().await.unwrap();
        let (url, headers) = (response.url(), response.headers());
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("'unsafe"), "{url} {policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        assert_eq!(headers["cross-origin-embedder-policy"], "require-corp");
        assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=()"));
        assert!(!headers.contains_key(header::ALT_SVC), "its certificate is not publicly trusted");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_told_to_come_back_encrypted_to_a_name_and_to_nothing_else() {
    let server = Server::start().await;
    let https = server.ready.https;
    for (host, expected) in [("chat.example", true), ("localhost", false), ("127.0.0.1", false)] {
        let client = Client::builder().resolve(host, https).tls_danger_accept_invalid_certs(true).build().unwrap();
        let response = client.get(format!("https://{host}:{}/", https.port())).send().await.unwrap();
        let told = response.headers().get(header::STRICT_TRANSPORT_SECURITY).map(|told| told.to_str().unwrap());
        assert_eq!(told, expected.then_some("max-age=31536000"), "{host}");
    }
    server.stop().await;
}
