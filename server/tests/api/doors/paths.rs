//! Paths that mean to lead elsewhere, and conditions on the page's files.

use reqwest::{Method, StatusCode, header};
use serde_json::Value;

use super::raw::say;
use crate::server::{Server, send};

for_each_version! {
    no_path_leads_out_of_the_page
    files_of_the_page_are_answered_whole_or_as_unchanged
}

/// Whether the sources have the page beside them. `make test` builds it first; `cargo test`
/// alone does without.
fn page_is_built() -> bool {
    let built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../web-client/dist/index.html").exists();
    assert!(built || std::env::var_os("CI").is_none(), "the page is not built: `make page`");
    built
}

const TRICKS: &[&str] = &[
    "/..%2f..%2fCargo.toml",
    "/%2e%2e/%2e%2e/Cargo.toml",
    "/..%5c..%5cCargo.toml",
    "/assets/..%2f..%2f..%2fCargo.toml",
    "/%252e%252e%252fCargo.toml",
    "/..;/Cargo.toml",
    "/.git/config",
    "/.env",
    "/index.html%00.js",
    "/%00",
    "/index.html/",
    "/assets/",
    "/assets",
    "/c:%5cwindows%5cwin.ini",
    "/%c0%ae%c0%ae/Cargo.toml",
    "/%ff%fe",
    "/%",
    "/%zz",
    "/api/v1/%2e%2e/v1/me",
    "/api/v1/me%2f",
    "/api/v1/me/",
    "/api/v1//me",
    "/api//v1/me",
    "/api/v1/me;x=y",
    "/api/v1/me%00",
    "/api/v1/ME",
    "/api/V1/me",
    "/API/v1/me",
    "/api/v1/rooms/..%2f..%2fme/messages",
    "/api/v1/rooms/%00/messages",
    "/api/v1/rooms/%ff/messages",
    "/api/v1/usernames/%ff",
    "/api/v1/usernames/%00",
    "/api/v1/usernames/%c0%af",
    "/api/v1/usernames/a%0d%0aSet-Cookie:%20x=y",
    "/api/v1/rooms?limit=%ff",
    "/api/v1/rooms?limit=1&limit=2",
    "/api/v1/server/%2e%2e",
    "/rill/v1/..%2fws",
    "/rill/v1",
    "/healthz/..",
    "/x%0d%0aSet-Cookie:%20x=y",
];

/// The page itself, one of the API's answers, or an error with a code.
fn check(path: &str, status: StatusCode, body: &[u8], index: Option<&[u8]>) {
    assert!(!status.is_server_error(), "{path}: {status}");
    let text = String::from_utf8_lossy(body);
    assert!(!text.contains("[package]") && !text.contains("[workspace"), "{path}: {text}");
    if status == StatusCode::OK {
        let json = serde_json::from_slice::<Value>(body).is_ok();
        assert!(json || index == Some(body), "{path}: {text}");
        return;
    }
    let coded = serde_json::from_slice::<Value>(body).is_ok_and(|body| body["error"]["name"].is_string());
    assert!(coded || text.starts_with("This server was built without its page"), "{path}: {status} {text}");
}

async fn no_path_leads_out_of_the_page() {
    let server = Server::start().await;
    let token = server.register("ann").await;
    let index = send(server.request(Method::GET, "/")).await.into_body();
    let index = page_is_built().then_some(&*index);
    for path in TRICKS {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answered = send(server.request(method, path).bearer_auth(&token)).await;
            check(path, answered.status(), answered.body(), index);
            assert!(!answered.headers().contains_key(header::SET_COOKIE), "{path}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_no_client_would_send_lead_nowhere() {
    let server = Server::start().await;
    let index = send(server.request(Method::GET, "/")).await.into_body();
    let index = page_is_built().then_some(&*index);
    for path in [
        "/../Cargo.toml",
        "/../../server/Cargo.toml",
        "/assets/../../Cargo.toml",
        "/assets/../../../Cargo.toml",
        "/./../Cargo.toml",
        "/api/v1/../../../Cargo.toml",
        "/api/v1/../v1/server",
        "//",
        "///etc/passwd",
        "//etc/passwd",
        "//evil.example/x",
        "/\\..\\..\\Cargo.toml",
        "/..\\Cargo.toml",
        "http://localhost/../Cargo.toml",
        "*",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let said = say(server.ready.http, request.as_bytes()).await;
        let status = said.status().expect("every request is answered");
        let body = said.text().split_once("\r\n\r\n").map_or("", |(_, body)| body);
        // What hyper cannot read is answered before there is anybody to give it a code.
        if !(status == StatusCode::BAD_REQUEST && body.is_empty()) {
            check(path, status, body.as_bytes(), index);
        }
    }
    server.stop().await;
}

async fn files_of_the_page_are_answered_whole_or_as_unchanged() {
    if !page_is_built() {
        eprintln!("the page is not built: there are no files to ask for");
        return;
    }
    let server = Server::start().await;
    let get = |name: header::HeaderName, value: &str| {
        send(server.request(Method::GET, "/index.html").header(name, value.to_owned()))
    };
    let whole = send(server.request(Method::GET, "/index.html")).await;
    assert_eq!(
        (whole.status(), &whole.headers()[header::CACHE_CONTROL]),
        (StatusCode::OK, &"no-cache".parse().unwrap())
    );
    let tag = whole.headers()[header::ETAG].to_str().unwrap().to_owned();
    // A tag that a proxy has weakened counts too (RFC 9110, section 13.1.2).
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let unchanged = get(header::IF_NONE_MATCH, &known).await;
        assert_eq!((unchanged.status(), unchanged.body().len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!(unchanged.headers()[header::ETAG], tag.as_str());
    }
    for unknown in ["\"other\"", "", "nonsense", &tag[1..], "W/", "\"\""] {
        assert_eq!(get(header::IF_NONE_MATCH, unknown).await.body(), whole.body(), "{unknown}");
    }
    // Ranges are not offered, and who asks for one gets all of it (RFC 9110, section 14.2).
    for range in ["bytes=0-0", "bytes=-1", "bytes=5-1", "bytes=0-,0-,0-,0-", "bytes=18446744073709551615-", "lines=1-2"]
    {
        let answered = get(header::RANGE, range).await;
        assert_eq!((answered.status(), answered.body()), (StatusCode::OK, whole.body()), "{range}");
    }
    let head = send(server.request(Method::HEAD, "/index.html")).await;
    assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
    server.stop().await;
}
