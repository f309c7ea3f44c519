//! Integers in a longer form than they need, of no form, and nested as far as they go, in
//! headers of frames: the connection is closed with malformed.

use rill_client::TransportKind;
use rill_protocol::{Code, Kind};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, opening, raw_frame},
};

pub(super) const ATTACK: Attack = Attack {
    name: "odd_varints",
    what: "Integers in a longer form than they need, of no form, and nested as far as they go, in headers of frames",
    account: true,
    drops: false,
    every_ms: 1500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    for bytes in [
        &[0xFB, 0x05, 0x00][..],
        &[0xFC, 0x05, 0, 0, 0],
        &[0xFD, 0x05, 0, 0, 0, 0, 0, 0, 0],
        &[0xFE; 17],
        &[0xFF; 32],
        // A kind in three bytes that one would hold.
        &[4, 0xFB, 22, 0, 7],
    ] {
        let answer = opening(&attacker, kind, bytes.to_vec(), false).await?;
        attacker.heard(&answer.expected(&[Code::Malformed, Code::FrameTooLong]));
    }
    let mut session = Session::attached(&attacker, kind).await?;
    // A list that claims to be as long as one varint can say, in each of its forms.
    for form in [&[0xFE][..], &[0xFF; 9], &[0xFD; 9], &[0xFB, 0xFB, 0xFB]] {
        let body = [&[7][..], form, &form.repeat(20)].concat();
        let frame = raw_frame(Kind::GetUsers.number(), &body);
        attacker.heard(&session.refused(&attacker, frame, &[Code::Malformed]).await);
    }
    Ok(())
}
