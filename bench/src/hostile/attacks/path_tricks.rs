//! Paths that climb, double slashes, encoded and doubly encoded dots, zeros, and paths of
//! thousands of bytes: an error or the page, never a file of the server.

use rill_client::TransportKind;
use std::sync::Arc;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, http, tcp::Door};

pub(super) const ATTACK: Attack = Attack {
    name: "path_tricks",
    what: "Paths that climb, double slashes, encoded and doubly encoded dots, zeros, and paths of thousands of bytes",
    account: false,
    drops: false,
    every_ms: 2000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    for door in Door::BOTH {
        let host = attacker.ground.host(door);
        let long = format!("/{}", "a/".repeat(20_000));
        let data = attacker.ground.data.join("LOCK").to_string_lossy().into_owned();
        let up = format!("/{}{}", "../".repeat(12), data.trim_start_matches('/'));
        for path in PATHS.iter().copied().chain([long.as_str(), up.as_str()]) {
            let request = http::request("GET", path, &host, &[], b"");
            attacker.heard(&match http::exchange(attacker.address, door, &attacker.ground, &request).await {
                Ok(reply) if SECRETS.iter().any(|secret| holds(&reply.body, secret)) => {
                    Answer::Wrong(format!("{path} gives a file of the server"))
                }
                Ok(reply) => reply.answer(),
                Err(answer) => answer,
            });
        }
    }
    Ok(())
}

const PATHS: &[&str] = &[
    "/../../../../../../../../etc/passwd",
    "/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/%252e%252e/%252e%252e/etc/passwd",
    "/assets/../../../../../../../etc/passwd",
    "/assets/..%5c..%5c..%5cetc%5cpasswd",
    "//etc/passwd",
    "/./././etc/passwd",
    "/index.html%00.png",
    "/\u{ff}\u{fe}",
    "/certs/tcp.pem",
    "/data/certs/tcp.key",
    "/api/v1/../../certs/tcp.pem",
    "/api/v1//me",
    "/api/v1/rooms/../../me",
    "/api/v1/rooms/%2e%2e/messages",
    "/api/v1/rooms/0000000000000000000000000Z/messages?limit=99999999999999999999",
    "/healthz/../api/v1/me",
    "*",
    "/?%",
];
const SECRETS: &[&[u8]] = &[b"PRIVATE KEY", b"root:x:", b"BEGIN CERTIFICATE"];

fn holds(body: &[u8], secret: &[u8]) -> bool {
    body.windows(secret.len()).any(|window| window == secret)
}
