//! Frames longer than the limit, before Hello and behind it: the connection is closed with
//! frame_too_long, and nothing of the frame is kept.

use rill_client::TransportKind;
use rill_protocol::{
    Code, Kind,
    limits::{CLIENT_FRAME_BODY_BYTES_MAX, HELLO_FRAME_BODY_BYTES_MAX},
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, opening, raw_frame},
};

pub(super) const ATTACK: Attack = Attack {
    name: "frames_too_long",
    what: "Frames longer than the limit, before Hello and behind it",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let long = raw_frame(Kind::Control.number(), &vec![0; HELLO_FRAME_BODY_BYTES_MAX + 1]);
    attacker.heard(&opening(&attacker, kind, long, false).await?.expected(&[Code::FrameTooLong]));
    let mut session = Session::attached(&attacker, kind).await?;
    let long = raw_frame(Kind::Post.number(), &vec![0; CLIENT_FRAME_BODY_BYTES_MAX + 1]);
    attacker.heard(&session.refused(&attacker, long, &[Code::FrameTooLong]).await);
    Ok(())
}
