//! Requests to the loopback port for hosts that are not loopback (a foreign name that was
//! made to point here), or for none, or for two, pages and upgrades alike: refused as
//! foreign_origin or as a bad request.

use rill_client::TransportKind;
use rill_protocol::{Code, version::WEBSOCKET_PATH};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, http, tcp::Door};

pub(super) const ATTACK: Attack = Attack {
    name: "foreign_hosts",
    what: "Requests to the loopback port for hosts that are not loopback (a foreign name that was made to point here), or for none, or for two, pages and upgrades alike",
    account: false,
    drops: false,
    every_ms: 1000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let port = attacker.ground.http.port();
    let localhost = attacker.ground.loopback_host();
    let mut requests: Vec<Vec<u8>> = Vec::new();
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "0.0.0.0",
        "127.0.0.2",
        "localhost@evil.example",
    ] {
        let host = format!("{host}:{port}");
        requests.push(http::request("GET", "/api/v1/server", &host, &[], b""));
        let upgrade = [
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ];
        requests.push(http::request("GET", WEBSOCKET_PATH, &host, &upgrade, b""));
    }
    requests.push(b"GET /api/v1/server HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec());
    requests.push(
        format!("GET http://evil.example/api/v1/server HTTP/1.1\r\nHost: {localhost}\r\nConnection: close\r\n\r\n")
            .into(),
    );
    requests.push(http::request("GET", "/api/v1/server", &localhost, &[("Host", "evil.example")], b""));
    requests.push(http::request("GET", "/api/v1/server", "evil.example", &[("Host", &localhost)], b""));
    for request in requests {
        let codes = [Code::ForeignOrigin, Code::BadRequest];
        attacker.heard(&http::refused(attacker.address, Door::Loopback, &attacker.ground, &request, &codes).await);
    }
    Ok(())
}
