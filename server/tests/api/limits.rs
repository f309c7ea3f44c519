//! What one address and one user may ask over HTTP. Loopback has many addresses:
//! 127.0.0.2 is a stranger.

use futures_util::future::join_all;
use reqwest::{Client, StatusCode, header::RETRY_AFTER};
use serde_json::json;
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::server::{Server, answer, code};

const PATIENCE: Duration = Duration::from_secs(60);
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A connection from an address of our own.
async fn connect(server: &Server, from: Ipv4Addr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(server.ready.http).await.unwrap()
}

/// Sends a request and reads until its answer's header, or the end, is there.
async fn ask(stream: &mut TcpStream, request: &str) -> String {
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let reading = async {
        while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
            let mut bytes = [0; 1_024];
            match stream.read(&mut bytes).await {
                Ok(0) | Err(_) => break,
                Ok(read) => answer.extend_from_slice(&bytes[..read]),
            }
        }
    };
    timeout(PATIENCE, reading).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const UPGRADE: &str = "GET /rill/v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                       Sec-WebSocket-Protocol: rill.v1\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_an_address_past_their_number_hear_why() {
    let server = Server::start_with(&["--set", "limits.connections_per_address=2"]).await;
    let mut here = Vec::new();
    for _ in 0..2 {
        here.push(connect(&server, Ipv4Addr::LOCALHOST).await);
    }
    for stream in &mut here {
        assert!(ask(stream, GET).await.starts_with("HTTP/1.1 200"));
    }
    let refused = ask(&mut connect(&server, Ipv4Addr::LOCALHOST).await, GET).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(refused.contains("Retry-After: ") && refused.contains("rate_limited"), "{refused}");
    // Over TLS it is just closed, before any key is exchanged.
    assert!(server.client.get(format!("https://{}/healthz", server.ready.https)).send().await.is_err());
    assert!(ask(&mut connect(&server, STRANGER).await, GET).await.starts_with("HTTP/1.1 200"));
    here.pop();
    let again = async { while !ask(&mut connect(&server, Ipv4Addr::LOCALHOST).await, GET).await.contains(" 200 ") {} };
    timeout(PATIENCE, again).await.unwrap();
    drop(here);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_keeps_the_place_of_its_connection() {
    let server = Server::start_with(&["--set", "limits.connections_per_address=1"]).await;
    let mut socket = connect(&server, Ipv4Addr::LOCALHOST).await;
    assert!(ask(&mut socket, UPGRADE).await.starts_with("HTTP/1.1 101"));
    let refused = ask(&mut connect(&server, Ipv4Addr::LOCALHOST).await, GET).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    drop(socket);
    let again = async { while !ask(&mut connect(&server, Ipv4Addr::LOCALHOST).await, GET).await.contains(" 200 ") {} };
    timeout(PATIENCE, again).await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_past_the_rate_are_told_when_to_come_again() {
    let set = ["--set", "limits.requests_per_second_per_address=1"];
    let server = Server::start_with(&set).await;
    // All at once: one a second flows in, however slow this machine is.
    let asked = (0..60).map(|_| server.request(reqwest::Method::GET, "/api/v1/server").send());
    let mut answers = join_all(asked).await.into_iter().map(Result::unwrap);
    let refused = answers.find(|answer| answer.status() != StatusCode::OK).expect("ten at once, then one a second");
    assert_eq!(
        (refused.status(), refused.headers()[RETRY_AFTER].as_bytes()),
        (StatusCode::TOO_MANY_REQUESTS, b"1".as_slice())
    );
    let body: serde_json::Value = refused.json().await.unwrap();
    assert_eq!((&body["error"]["name"], &body["error"]["action"]), (&json!("rate_limited"), &json!("retry")));
    let stranger = Client::builder().local_address(std::net::IpAddr::V4(STRANGER)).build().unwrap();
    let response = stranger.get(format!("http://{}/api/v1/server", server.ready.http)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_user_count_wherever_they_come_from() {
    let server = Server::start_with(&["--set", "limits.requests_per_second_per_user=1"]).await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let stranger = Client::builder().local_address(std::net::IpAddr::V4(STRANGER)).build().unwrap();
    let me = format!("http://{}/api/v1/me", server.ready.http);
    let begun = Instant::now();
    let here = join_all((0..30).map(|_| server.get(&ann, "/api/v1/me")));
    let elsewhere = join_all((0..30).map(|_| answer(stranger.get(&me).bearer_auth(&ann))));
    let (here, elsewhere) = tokio::join!(here, elsewhere);
    let flowed_in = begun.elapsed().as_secs() as usize + 1;
    let answers: Vec<_> = here.iter().chain(&elsewhere).collect();
    let taken = answers.iter().filter(|answer| answer.0 == StatusCode::OK).count();
    assert!((10..=10 + flowed_in).contains(&taken), "{taken} in {flowed_in} s: ten at once, wherever they come from");
    assert!(answers.iter().all(|answer| answer.0 == StatusCode::OK || code(answer) == "rate_limited"), "{answers:?}");
    assert_eq!(server.get(&bob, "/api/v1/me").await.0, StatusCode::OK);
    server.stop().await;
}
