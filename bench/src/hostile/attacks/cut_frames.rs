//! Streams that end in the middle of a frame: the connection is closed with cut_frame on
//! control, the stream is reset with it elsewhere.

use rill_client::TransportKind;
use rill_protocol::{Code, Kind, codec, message::Control, mux::Class, version::VERSION};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, opening, raw_frame},
};

pub(super) const ATTACK: Attack = Attack {
    name: "cut_frames",
    what: "Streams that end in the middle of a frame",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let whole = codec::frame(&Control { version: VERSION });
    let cut = whole.slice(..whole.len() - 1);
    attacker.heard(&opening(&attacker, kind, cut, true).await?.expected(&[Code::CutFrame]));
    let session = Session::attached(&attacker, kind).await?;
    let mut lane = session.wire.open(Class::LaneOthers).await?;
    let _ = lane.write(raw_frame(Kind::Lane.number(), &[0])[..2].to_vec()).await;
    lane.finish();
    attacker.heard(&session.wire.refusal(&attacker, &mut lane).await.expected(&[Code::CutFrame]));
    Ok(())
}
