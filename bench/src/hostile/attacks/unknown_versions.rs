//! A version that nobody speaks, in Control, in the ALPN, in the path of WebTransport and
//! in the subprotocol of WebSocket: refused in the words of each, always with a code.

use rill_client::TransportKind;
use rill_protocol::{Code, codec, message::Control};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    tcp::Door,
    wire::{opening, quic, websocket, webtransport::Http3},
};

pub(super) const ATTACK: Attack = Attack {
    name: "unknown_versions",
    what: "A version that nobody speaks, in Control, in the ALPN, in the path of WebTransport and in the subprotocol of WebSocket",
    account: false,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let control = codec::frame(&Control { version: 99 });
    attacker.heard(&opening(&attacker, kind, control, false).await?.expected(&[Code::Unsupported]));
    let answer = match kind {
        TransportKind::Quic => quic::dial(&attacker, attacker.ground.quic, &[b"rill/99"]).await.err(),
        TransportKind::WebTransport => {
            let (status, _stream) = Http3::connect(&attacker).await?.ask("CONNECT", "/rill/v99", None).await?;
            (status != 200).then_some(Answer::Http(status, None))
        }
        TransportKind::WebSocket => websocket::upgrade(&attacker, Door::Tls, Some("rill.v99"), &[]).await.err(),
    };
    attacker.heard(&answer.unwrap_or(Answer::Wrong("version 99 was accepted".to_owned())));
    Ok(())
}
