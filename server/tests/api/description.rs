//! The page that describes the API says what the routes do, no less and no more.

use reqwest::{Method, StatusCode, header};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::server::{Server, answer, code};

const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

/// Paths and their methods. The page is written one path and one method a line.
fn described(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut path = None;
    for line in page.lines().skip_while(|line| *line != "paths:").take_while(|line| *line != "components:") {
        if let Some(found) = line.strip_prefix("  /").and_then(|rest| rest.strip_suffix(':')) {
            path = Some(format!("/{found}"));
        } else if let (Some(path), Some(word)) =
            (&path, line.strip_prefix("    ").and_then(|rest| rest.strip_suffix(':')))
            && METHODS.contains(&word.to_uppercase().as_str())
        {
            paths.entry(path.clone()).or_default().insert(word.to_uppercase());
        }
    }
    paths
}

/// A path with something in the place of its parameters.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "x1" } else { part }).collect::<Vec<_>>().join("/")
}

/// Every path that is given to a router in the sources.
fn routed(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            routed(&entry.path(), found);
            continue;
        }
        // Unit tests have routes of their own.
        if entry.file_name() == "tests.rs" {
            continue;
        }
        let source = fs::read_to_string(entry.path()).unwrap();
        let parts = source.split(".route(").skip(1).map(str::trim_start);
        found.extend(parts.filter_map(|part| Some(part.strip_prefix('"')?.split('"').next()?.to_owned())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_described_is_there_and_what_is_there_is_described() {
    let server = Server::start().await;
    let page = server.request(Method::GET, "/api/v1/openapi.yaml").send().await.unwrap();
    assert_eq!(page.headers()[header::CONTENT_TYPE], "application/yaml");
    let paths = described(&page.text().await.unwrap());
    assert!(paths.len() > 10, "{paths:?}");
    for (path, methods) in &paths {
        for method in METHODS {
            let request = server.request(method.parse().unwrap(), &filled(path));
            let response = request.send().await.unwrap();
            let allowed = response.headers().get(header::ALLOW).map(|value| value.to_str().unwrap().to_owned());
            let refused = (response.status(), response.json().await.unwrap_or_default());
            if methods.contains(method) {
                assert!(!["not_found", "method_not_allowed"].contains(&code(&refused)), "{method} {path}: {refused:?}");
                continue;
            }
            assert_eq!((refused.0, code(&refused)), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"), "{path}");
            let allowed: BTreeSet<_> = allowed.unwrap().split(',').map(str::to_owned).collect();
            assert!(methods.is_subset(&allowed) && !allowed.contains(method), "{method} {path}: {allowed:?}");
        }
    }
    let unknown = answer(server.request(Method::GET, "/api/v1/nothing")).await;
    assert_eq!(code(&unknown), "not_found");

    let mut sources = BTreeSet::new();
    routed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http"), &mut sources);
    // Beside the API stand the operator's pages, what the operator's own door has alone, and
    // what unit tests route.
    let beside = ["/healthz", "/readyz", "/metrics", "/store/backup", "/", "/long"];
    for source in sources.iter().filter(|path| !beside.contains(&path.as_str())) {
        assert!(paths.keys().any(|path| path.ends_with(source.as_str())), "{source} is not in docs/openapi.yaml");
    }
    server.stop().await;
}
