//! Enums and options with values that nobody has defined: refused as unsupported or
//! malformed, and the session goes on.

use rill_client::TransportKind;
use rill_protocol::{
    Code, Kind, U53,
    message::{Direction, GetMessages, History},
    mux::Class,
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, raw_frame},
};

pub(super) const ATTACK: Attack = Attack {
    name: "enums_out_of_range",
    what: "Enums and options with values that nobody has defined",
    account: true,
    drops: false,
    every_ms: 1000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    for class in [2u8, 77, 250] {
        let mut lane = session.wire.open(Class::LaneOthers).await?;
        let _ = lane.write(raw_frame(Kind::Lane.number(), &[class])).await;
        attacker.heard(&session.wire.refusal(&attacker, &mut lane).await.expected(&[Code::Unsupported]));
    }
    // The option's tag is 0 or 1.
    for tag in [2, 0xFB, 0xFF] {
        let frame = raw_frame(Kind::ListRooms.number(), &[7, tag, 0, 10]);
        attacker.heard(&session.refused(&attacker, frame, &[Code::Malformed]).await);
    }
    let mut history = session.wire.open(Class::History).await?;
    history.send(&History {}).await?;
    let (direction, room) = (Direction::Other(9), attacker.ground.room);
    let _ = history.send(&GetMessages { request: 7, room, direction, seq: U53::default(), limit: 10 }).await;
    let codes = [Code::BadRequest, Code::Unsupported, Code::Malformed, Code::NotAMember];
    attacker.heard(&session.wire.refusal(&attacker, &mut history).await.expected(&codes));
    attacker.heard(&session.is_served(&attacker).await);
    Ok(())
}
