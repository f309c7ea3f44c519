//! A byte a second on each door: a request's head, a TLS handshake, a body, a preface of
//! HTTP/2, a first frame over QUIC. Each is ended by its own deadline, in ten to thirty
//! seconds.

use rill_client::TransportKind;
use rill_protocol::mux::Class;
use std::{sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    http,
    tcp::{self, Door},
    wire::Wire,
};

const DRIP: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(35);

pub(super) const ATTACK: Attack = Attack {
    name: "slow_loris",
    what: "A byte a second on each door",
    account: false,
    drops: true,
    every_ms: 400,
    at_once: 60,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let ground = &attacker.ground;
    let host = ground.loopback_host();
    let head = http::request("GET", "/", &host, &[("X-Slow", &"x".repeat(1_000))], b"");
    let body = http::request("POST", "/api/v1/login", &host, &[], &b" ".repeat(1_000));
    let whole_head = body.len() - 1_000;
    let case = attacker.dice().below(5);
    let (door, at_once, slowly): (_, usize, &[u8]) = match case {
        0 => (Door::Loopback, 0, &head),
        1 => (Door::Loopback, whole_head, &body),
        2 => (Door::Tls, 10, &head),
        3 => (Door::Loopback, 0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        _ => {
            let wire = Wire::connect(&attacker, kind).await?;
            let mut control = wire.open(Class::Control).await?;
            let drip = async { while control.write(vec![100]).await.is_ok() && attacker.pause(DRIP).await {} };
            let ended = async {
                tokio::select! {
                    ended = wire.ended() => ended,
                    () = async { drip.await; std::future::pending().await } => Answer::Silent,
                }
            };
            attacker.heard(&attacker.within(PATIENCE, ended).await.unwrap_or(Answer::Silent));
            return Ok(());
        }
    };
    let pipe = tcp::through(attacker.address, door, ground, &[b"http/1.1"]).await?;
    let (mut reading, mut writing) = tokio::io::split(pipe);
    let (now, later) = slowly.split_at(at_once);
    let drip = async {
        let _ = writing.write_all(now).await;
        for byte in later {
            if writing.write_all(&[*byte]).await.is_err()
                || writing.flush().await.is_err()
                || !attacker.pause(DRIP).await
            {
                break;
            }
        }
        std::future::pending::<Option<Answer>>().await
    };
    let mut said = [0; 1_024];
    let heard = async {
        match reading.read(&mut said).await {
            Ok(length @ 12..) if said.starts_with(b"HTTP/1.") => {
                let status = std::str::from_utf8(&said[9..12.min(length)]).ok().and_then(|text| text.parse().ok());
                Some(status.map_or(Answer::Cut, |status| Answer::Http(status, None)))
            }
            Ok(1..) => Some(Answer::Transport("http2 goodbye".to_owned())),
            _ => Some(Answer::Cut),
        }
    };
    let outcome = attacker
        .within(PATIENCE, async {
            tokio::select! { end = drip => end, end = heard => end }
        })
        .await;
    attacker.heard(&outcome.flatten().unwrap_or(Answer::Silent));
    Ok(())
}
