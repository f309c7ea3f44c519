//! Kinds that no version has, and kinds that only a server says, on control and as the
//! first frame of a stream: refused as unsupported or unexpected, and the session goes on.

use rill_client::TransportKind;
use rill_protocol::{Code, Kind, mux::Class};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, raw_frame},
};

pub(super) const ATTACK: Attack = Attack {
    name: "unknown_kinds",
    what: "Kinds that no version has, and kinds that only a server says, on control and as the first frame of a stream",
    account: true,
    drops: false,
    every_ms: 1000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    for number in [0, 9, 99, 250, 1 << 20, u32::MAX] {
        let answer = session.refused(&attacker, raw_frame(number, &[7, 1, 2]), &[Code::Unsupported]).await;
        attacker.heard(&answer);
    }
    for kind in [Kind::Welcome, Kind::EntryPosted, Kind::MessagePage, Kind::Lane] {
        let frame = raw_frame(kind.number(), &[7]);
        attacker.heard(&session.refused(&attacker, frame, &[Code::UnexpectedFrame, Code::Malformed]).await);
    }
    for (number, code) in [(77, Code::Unsupported), (Kind::Post.number(), Code::UnexpectedFrame)] {
        let mut stream = session.wire.open(Class::LaneOthers).await?;
        let _ = stream.write(raw_frame(number, &[])).await;
        attacker.heard(&session.wire.refusal(&attacker, &mut stream).await.expected(&[code]));
    }
    attacker.heard(&session.is_served(&attacker).await);
    Ok(())
}
