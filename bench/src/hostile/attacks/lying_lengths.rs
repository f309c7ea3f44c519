//! Bodies whose lengths claim more than there is, up to 2^63 bytes: refused as malformed,
//! and no memory is set aside.

use rill_client::TransportKind;
use rill_protocol::{Code, Kind};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, raw_frame},
};

pub(super) const ATTACK: Attack = Attack {
    name: "lying_lengths",
    what: "Bodies whose lengths claim more than there is, up to 2^63 bytes",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    for length in [&[200][..], &[0xFC, 0xFF, 0xFF, 0xFF, 0x7F], &[0xFD, 0, 0, 0, 0, 0, 0, 0, 0x80]] {
        // Request 7, a list of cursors.
        let body = [&[7][..], length, &[0; 24]].concat();
        let answer = session.refused(&attacker, raw_frame(Kind::Resume.number(), &body), &[Code::Malformed]).await;
        attacker.heard(&answer);
    }
    // A frame that claims 2^40 bytes.
    let frame = [0xFD, 0, 0, 0, 0, 0, 1, 0, 0, 22];
    attacker.heard(&session.refused(&attacker, frame.to_vec(), &[Code::FrameTooLong]).await);
    Ok(())
}
