//! What a page of a foreign site can make a browser send: forms, JSON, WebSockets and
//! WebTransport with its Origin, with the victim's login. Refused as foreign_origin on
//! every door, and reading is let through without a word that would let the page see it.

use rill_client::TransportKind;
use rill_protocol::{
    Code,
    version::{WEBSOCKET_SUBPROTOCOL, WEBTRANSPORT_PATH},
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    http,
    tcp::Door,
    wire::{websocket, webtransport::Http3},
};

pub(super) const ATTACK: Attack = Attack {
    name: "cross_site",
    what: "What a page of a foreign site can make a browser send",
    account: true,
    drops: false,
    every_ms: 1500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let bearer = attacker.bearer()?;
    let body = br#"{"name":"made by a foreign page"}"#;
    for door in Door::BOTH {
        let host = attacker.ground.host(door);
        for origin in
            ["https://evil.example", "null", "http://localhost", "https://localhost.evil.example", "file://", ""]
        {
            let headers = [("Origin", origin), ("Authorization", bearer.as_str())];
            let post = http::request("POST", "/api/v1/rooms", &host, &headers, body);
            let codes = [Code::ForeignOrigin];
            attacker.heard(&http::refused(attacker.address, door, &attacker.ground, &post, &codes).await);
        }
        let get = http::request(
            "GET",
            "/api/v1/me",
            &host,
            &[("Origin", "https://evil.example"), ("Authorization", &bearer)],
            b"",
        );
        attacker.heard(&match http::exchange(attacker.address, door, &attacker.ground, &get).await {
            Ok(reply) if reply.head.to_ascii_lowercase().contains("access-control-allow-origin") => {
                Answer::Wrong("a foreign page may read".to_owned())
            }
            Ok(reply) => reply.answer(),
            Err(answer) => answer,
        });
        let upgraded =
            websocket::upgrade(&attacker, door, Some(WEBSOCKET_SUBPROTOCOL), &[("Origin", "https://evil.example")])
                .await;
        let heard = upgraded.err().unwrap_or(Answer::Wrong("a foreign page has a WebSocket".to_owned()));
        attacker.heard(&heard.expected(&[Code::ForeignOrigin]));
    }
    let asked = Http3::connect(&attacker).await?.ask("CONNECT", WEBTRANSPORT_PATH, Some("https://evil.example")).await;
    attacker.heard(&match asked {
        Ok((status @ 400.., _)) => Answer::Http(status, None),
        Ok(_) => Answer::Wrong("a foreign page has a session".to_owned()),
        Err(answer) => answer,
    });
    Ok(())
}
