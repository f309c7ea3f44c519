//! The contract suite's host as a program of its own, for peers that cannot be linked
//! into a test: browsers. It listens for WebTransport and for WebSocket on free ports of
//! this machine, and says on its output, a line of JSON each, where that is and what it
//! saw. It ends with its input.
#![allow(clippy::disallowed_methods)] // a test's program, which spawns and times for itself

#[path = "../tests/transport/host.rs"]
#[allow(dead_code)] // the suite uses the rest
mod host;

use axum::{
    Router,
    extract::{ConnectInfo, State, WebSocketUpgrade},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use host::{Event, Host};
use rill_certs::Pinned;
use rill_protocol::version::WEBSOCKET_PATH;
use rill_server::transport::{StreamError, quic, websocket};
use serde_json::{Value, json};
use std::{
    error::Error,
    future::Future,
    io::Write,
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::io::AsyncReadExt;

/// The suite gives up on what does not happen; here the test at the other end does.
async fn soon<T>(_: &str, future: impl Future<Output = T>) -> T {
    future.await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (host, mut events) = Host::new();
    let dir = tempfile::tempdir()?;
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
    let pinned = Pinned::open(dir.path(), now_ms)?;
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let tasks = host.tasks.clone();
    let endpoint = quic::Endpoint::bind(quic::Config { address, certificate: pinned.slot(), key: [7; 32], tasks })?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    say(&json!({
        "webtransport": endpoint.local_addr().port(),
        "websocket": listener.local_addr()?.port(),
        "certificate_hash": pinned.hashes()[0].to_string(),
    }))?;

    let router = Router::new().route(WEBSOCKET_PATH, any(upgrade)).with_state(host.clone());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    tokio::spawn(async move { endpoint.run(host, std::future::pending()).await });
    let reporting = async {
        loop {
            say(&told(&events.next().await))?;
        }
    };
    let mut rest = Vec::new();
    let mut input = tokio::io::stdin();
    tokio::select! {
        end = input.read_to_end(&mut rest) => { end?; Ok(()) }
        failed = reporting => failed,
    }
}

fn say(value: &Value) -> Result<(), Box<dyn Error>> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{value}")?;
    Ok(output.flush()?)
}

fn told(event: &Event) -> Value {
    match event {
        Event::Connected(kind, peer) => json!({ "event": "connected", "kind": kind.as_str(), "peer": peer }),
        Event::ReadEnded(Ok(())) => json!({ "event": "read", "ended": "finished" }),
        Event::ReadEnded(Err(error)) => json!({ "event": "read", "ended": ended(error) }),
        Event::WriteEnded(error) => json!({ "event": "write", "ended": ended(error) }),
        Event::Closed(closed) => json!({ "event": "closed", "code": closed.code, "reason": closed.reason }),
        Event::Written => json!({ "event": "written" }),
        Event::Asked => json!({ "event": "asked" }),
        Event::GivenUp => json!({ "event": "given up" }),
    }
}

fn ended(error: &StreamError) -> Value {
    match error {
        StreamError::Peer(code) => json!(code),
        StreamError::Closed => json!("closed"),
    }
}

async fn upgrade(
    State(host): State<Host>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    request: WebSocketUpgrade,
) -> Response {
    let tasks = host.tasks.clone();
    websocket::upgrade(request, &headers, peer, host, &tasks).unwrap_or_else(|code| {
        (StatusCode::from_u16(code.http_status()).unwrap_or_default(), code.name()).into_response()
    })
}
