//! What whoever runs the server asks it: alive, ready, counts.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::server::{Server, answer, code};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_serves_is_alive_and_ready() {
    let server = Server::start().await;
    let alive = server.request(Method::GET, "/healthz").send().await.unwrap();
    assert_eq!((alive.status(), alive.text().await.unwrap()), (StatusCode::OK, "ok\n".to_owned()));
    let ready = answer(server.request(Method::GET, "/readyz")).await;
    let checks = json!({ "store": "ok", "disk": "ok", "certificate": "ok", "running": "ok" });
    let acknowledged = "every acknowledged message is on the disk of this server";
    let body = json!({ "ready": true, "checks": checks, "acknowledged": acknowledged });
    assert_eq!(ready, (StatusCode::OK, body));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_for_this_machine_or_for_who_has_the_token() {
    let closed = Server::start().await;
    let page = closed.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/openmetrics-text"));
    let https = |server: &Server| server.client.get(format!("https://{}/metrics", server.ready.https));
    let refused = answer(https(&closed).bearer_auth("")).await;
    assert_eq!((refused.0, code(&refused)), (StatusCode::FORBIDDEN, "not_administrator"));
    closed.stop().await;

    let open = Server::start_with(&["--set", "metrics.token=s3cret-enough"]).await;
    for wrong in ["", "s3cret", "s3cret-enough-and-more"] {
        let refused = answer(https(&open).bearer_auth(wrong)).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::UNAUTHORIZED, "not_logged_in"), "{wrong}");
    }
    assert_eq!(code(&answer(https(&open)).await), "not_logged_in");
    assert_eq!(https(&open).bearer_auth("s3cret-enough").send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(open.request(Method::GET, "/metrics").send().await.unwrap().status(), StatusCode::OK);
    open.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_route_and_code_and_never_by_what_a_peer_says() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for room in ["one", "two"] {
        server.get(&ann, &format!("/api/v1/rooms/{room}/messages?limit=1")).await;
    }
    let wrong = json!({ "username": "ann", "password": "wrong horse" });
    server.post("", "/api/v1/login", &wrong).await;
    for path in ["/api/v1/made-up-by-a-peer", "/rooms/made-up-by-a-peer"] {
        server.get("", path).await;
    }
    let odd = server.request("MADEUP".parse().unwrap(), "/").send().await.unwrap();
    assert!(odd.status().is_client_error());
    let foreign = server.request(Method::POST, "/api/v1/login").header(header::ORIGIN, "https://evil.example");
    foreign.json(&wrong).send().await.unwrap();
    let page = server.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for line in [
        r#"rill_requests_total{door="http",what="GET /api/v1/rooms/{room}/messages",code="no_such_room"} 2"#,
        r#"rill_requests_total{door="http",what="POST /api/v1/register",code="ok"} 1"#,
        r#"rill_requests_total{door="http",what="POST /api/v1/login",code="bad_login"} 1"#,
        r#"rill_requests_total{door="http",what="POST /api/v1/login",code="foreign_origin"} 1"#,
        r#"rill_refusals_total{door="http",code="foreign_origin"} 1"#,
        r#"what="GET unknown",code="not_found"} 1"#,
        r#"what="GET page","#,
        r#"what="other page","#,
        "rill_store_failed 0",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert!(!page.contains("made-up") && !page.contains("MADEUP") && !page.contains("evil"), "{page}");
    server.stop().await;
}
