//! Line breaks, zeros, doubled and contradicting lengths, thousands of headers and cookies
//! that are none, in heads, paths and bodies: refused with a status, and nothing of it
//! stands in an answer's head.

use rill_client::TransportKind;
use std::sync::Arc;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, http, tcp::Door};

pub(super) const ATTACK: Attack = Attack {
    name: "injections",
    what: "Line breaks, zeros, doubled and contradicting lengths, thousands of headers and cookies that are none, in heads, paths and bodies",
    account: false,
    drops: false,
    every_ms: 2000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    for door in Door::BOTH {
        let host = attacker.ground.host(door);
        for request in requests(&host) {
            attacker.heard(&match http::exchange(attacker.address, door, &attacker.ground, &request).await {
                Ok(reply) if reply.head.to_ascii_lowercase().contains("injected") => {
                    Answer::Wrong(format!("it stands in the head: {}", reply.head))
                }
                Ok(reply) => reply.answer(),
                Err(answer) => answer,
            });
        }
    }
    Ok(())
}

fn requests(host: &str) -> Vec<Vec<u8>> {
    let head = format!("GET /api/v1/me HTTP/1.1\r\nHost: {host}\r\n");
    let raw = |rest: &str| format!("{head}{rest}\r\n\r\n").into_bytes();
    let account = br#"{"username":"a\r\nSet-Cookie: injected=1","password":"a rarely guessed phrase"}"#;
    let many: String = (0..2_000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let cookies = format!("Cookie: {}", "rill_session=x; ".repeat(500));
    let long_cookie = format!("Cookie: rill_session={}", "a".repeat(60_000));
    let post = format!("POST /api/v1/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
    vec![
        http::request("POST", "/api/v1/register", host, &[], account),
        http::request("GET", "/api/v1/usernames/a%0d%0aSet-Cookie:%20injected=1", host, &[], b""),
        http::request("GET", "/%0d%0aSet-Cookie:%20injected=1", host, &[], b""),
        raw("Cookie: rill_session=\u{1}\u{7f}"),
        raw("Cookie: rill_session=\"; injected=1"),
        raw(&cookies),
        raw(&long_cookie),
        raw(&many),
        raw("X-Zero: a\0b"),
        raw("X-Return: a\rb"),
        raw("Authorization: Bearer \u{80}\u{ff}"),
        raw("Bad Name: x"),
        raw(": no name"),
        format!("{post}Content-Length: 2\r\nContent-Length: 200\r\n\r\n{{}}").into_bytes(),
        format!("{post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").into_bytes(),
        format!("{post}Content-Length: -1\r\n\r\n").into_bytes(),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n").into_bytes(),
    ]
}
