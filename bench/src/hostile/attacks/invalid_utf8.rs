//! Texts that are no UTF-8, in a message, a room's name and the client's own name: refused
//! as malformed.

use rill_client::TransportKind;
use rill_protocol::{Code, Kind, codec, message::Control, version::VERSION};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, opening, raw_frame},
};

pub(super) const ATTACK: Attack = Attack {
    name: "invalid_utf8",
    what: "Texts that are no UTF-8, in a message, a room's name and the client's own name",
    account: true,
    drops: false,
    every_ms: 1000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    for bad in [&[0xFF, 0xFE][..], &[0xC0, 0xAF], &[0xED, 0xA0, 0x80], &[0xF4, 0x90, 0x80, 0x80], b"ok\xC3"] {
        let text = [&[bad.len() as u8], bad].concat();
        let post = [&[7][..], &attacker.ground.room.0, &attacker.dice().array::<16>(), &text].concat();
        let create = [&[7][..], &attacker.dice().array::<16>(), &text].concat();
        for (kind, body) in [(Kind::Post, post), (Kind::CreateRoom, create)] {
            let frame = raw_frame(kind.number(), &body);
            attacker.heard(&session.refused(&attacker, frame, &[Code::Malformed]).await);
        }
    }
    let hello = [&[0; 48][..], &[2, 0xFF, 0xFE]].concat();
    let bytes = [&codec::frame(&Control { version: VERSION })[..], &raw_frame(Kind::Hello.number(), &hello)].concat();
    attacker.heard(&opening(&attacker, kind, bytes, false).await?.expected(&[Code::Malformed]));
    Ok(())
}
