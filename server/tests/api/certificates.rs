//! Certificates of a running server: files that change, and days that pass.

use reqwest::{Client, StatusCode, header, tls::TlsInfo};
use rill_certs::{Fingerprint, Source, Tcp};
use rill_server::runtime::{Clock, SystemClock};
use serde_json::Value;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use wtransport::{ClientConfig, Endpoint, tls::Sha256Digest};

use crate::server::Server;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);

/// The machine's clock, set back. A client looks at the machine's own: what the server
/// shows must be valid by both.
struct Behind(AtomicU64);

impl Clock for Behind {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms() - self.0.load(Relaxed)
    }
}

/// Certificate and key of these names in one file.
fn made(folder: &Path, name: &str) -> PathBuf {
    let dir = folder.join(name);
    Tcp::open(Source::SelfSigned { dir: dir.clone(), names: vec![name.to_owned()] }, SystemClock.now_ms()).unwrap();
    dir.join("tcp.pem")
}

fn leaf(path: &Path) -> Fingerprint {
    rill_certs::Identity::read(path, path).unwrap().fingerprint()
}

/// What a new connection is shown.
async fn shown(address: SocketAddr) -> Fingerprint {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().tls_danger_accept_invalid_certs(true).tls_info(true).build().unwrap();
    let response = client.get(format!("https://{address}/healthz")).send().await.unwrap();
    Fingerprint::of(response.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap())
}

async fn becomes(address: SocketAddr, expected: Fingerprint) {
    let begun = Instant::now();
    while shown(address).await != expected {
        assert!(begun.elapsed() < PATIENCE, "the certificate is not taken up");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_change_are_taken_up_within_seconds_with_the_names_in_them() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (made(folder.path(), "chat.example"), made(folder.path(), "talk.example"));
    let (first_leaf, second_leaf) = (leaf(&first), leaf(&second));
    let used = folder.path().join("used.pem");
    fs::copy(&first, &used).unwrap();
    let used_text = used.to_str().unwrap();
    let server = Server::start_with(&["--tls-cert", used_text, "--tls-key", used_text]).await;
    let https = server.ready.https;
    assert_eq!(shown(https).await, first_leaf);

    // A page of that name is the server's own, though nobody has allowed its origin.
    let login = async |name: &str| {
        let url = format!("https://{https}/api/v1/login");
        let request = server.client.post(url).header(header::ORIGIN, format!("https://{name}:{}", https.port()));
        request
            .json(&serde_json::json!({ "username": "nobody", "password": "wrong horse" }))
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(login("chat.example").await, StatusCode::UNAUTHORIZED);
    assert_eq!(login("talk.example").await, StatusCode::FORBIDDEN);

    // What cannot be used changes nothing; what can, does.
    fs::write(&used, "-----BEGIN CERTIFICATE-----\nhalf").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await; // longer than it takes to be looked at
    assert_eq!(shown(https).await, first_leaf);
    fs::copy(&second, &used).unwrap();
    becomes(https, second_leaf).await;
    assert_eq!(login("chat.example").await, StatusCode::FORBIDDEN);
    assert_eq!(login("talk.example").await, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

/// What the API says a page may pin.
async fn published(server: &Server) -> Vec<String> {
    let (_, info) = server.get("", "/api/v1/server").await;
    let hashes = info["webtransport"]["certificate_hashes"].as_array().unwrap();
    hashes.iter().map(|hash: &Value| hash.as_str().unwrap().to_owned()).collect()
}

/// A browser's connection that trusts these hashes and nothing else. It gets past TLS or
/// not; the session behind it is another matter.
async fn dials(port: u16, hashes: &[String]) -> Option<wtransport::Connection> {
    let digests = hashes.iter().map(|hash| {
        let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).unwrap()).collect();
        Sha256Digest::new(bytes.try_into().unwrap())
    });
    let config = ClientConfig::builder().with_bind_default().with_server_certificate_hashes(digests).build();
    let endpoint = Endpoint::client(config).unwrap();
    endpoint.connect(format!("https://127.0.0.1:{port}/rill/v1")).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pinned_certificate_is_renewed_while_pages_that_know_both_hashes_notice_nothing() {
    let clock = Arc::new(Behind(AtomicU64::new(12 * DAY_MS)));
    let server = Server::start_by(&[], clock.clone()).await;
    let (port, before) = (server.ready.quic.port(), published(&server).await);
    let [current, next] = [0, 1].map(|at| std::slice::from_ref(&before[at]));
    let open = dials(port, current).await.expect("the current hash opens");
    assert!(dials(port, next).await.is_none(), "the next one is not shown yet");

    clock.0.store(0, Relaxed);
    let begun = Instant::now();
    while published(&server).await == before {
        assert!(begun.elapsed() < PATIENCE, "the certificate is not renewed");
        tokio::time::sleep(POLL).await;
    }
    assert_eq!(published(&server).await[0], before[1], "the one that was published before is in use");
    // Who read the hashes before the change connects as if nothing had been; who was
    // connected still is.
    assert!(dials(port, &before).await.is_some());
    assert!(dials(port, current).await.is_none());
    assert!(open.open_bi().await.is_ok(), "a connection that stood still stands");
    server.stop().await;
}
