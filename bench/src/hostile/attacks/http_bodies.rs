//! Bodies that claim a gigabyte, that are longer than allowed, nested ten thousand deep, of
//! another type, no JSON, and no UTF-8: refused with a code, and not gathered.

use rill_client::TransportKind;
use rill_protocol::Code;
use std::sync::Arc;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, http, tcp::Door};

pub(super) const ATTACK: Attack = Attack {
    name: "http_bodies",
    what: "Bodies that claim a gigabyte, that are longer than allowed, nested ten thousand deep, of another type, no JSON, and no UTF-8",
    account: false,
    drops: false,
    every_ms: 2000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let ground = &attacker.ground;
    let nested = [b"[".repeat(10_000), b"]".repeat(10_000)].concat();
    let long = [br#"{"username":""#.to_vec(), vec![b'a'; 200 * 1024], br#""}"#.to_vec()].concat();
    for door in Door::BOTH {
        let host = ground.host(door);
        let head = format!("POST /api/v1/login HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        let json = "Content-Type: application/json\r\n";
        let mut requests: Vec<Vec<u8>> = vec![
            format!("{head}{json}Content-Length: 1073741824\r\n\r\n{{").into(),
            format!("{head}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{{}}").into(),
            format!("{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b").into(),
        ];
        for body in [
            &nested[..],
            &long,
            b"{",
            b"{}",
            b"[]",
            b"null",
            b"{\"username\":1}",
            b"\xFF\xFE",
            b"{\"username\":\"a\",\"password\":\"b\",\"admin\":true}",
        ] {
            requests.push(http::request("POST", "/api/v1/login", &host, &[], body));
        }
        for request in requests {
            let codes = [Code::BadRequest, Code::FrameTooLong, Code::BadLogin];
            attacker.heard(&http::refused(attacker.address, door, ground, &request, &codes).await);
        }
    }
    Ok(())
}
