//! Bytes behind the end of a body: refused as malformed, and the session goes on.

use rill_client::TransportKind;
use rill_protocol::{
    Code, Kind, codec,
    message::{ListRooms, Ping},
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, raw_frame},
};

pub(super) const ATTACK: Attack = Attack {
    name: "leftover_bytes",
    what: "Bytes behind the end of a body",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    let ping = codec::encode(&Ping { nonce: 7 });
    let list = codec::encode(&ListRooms { request: 7, after: None, limit: 10 });
    for (kind, body) in [(Kind::Ping, ping), (Kind::ListRooms, list)] {
        for more in [1, 1_000] {
            let frame = raw_frame(kind.number(), &[&body[..], &vec![0; more]].concat());
            attacker.heard(&session.refused(&attacker, frame, &[Code::Malformed]).await);
        }
    }
    attacker.heard(&session.is_served(&attacker).await);
    Ok(())
}
