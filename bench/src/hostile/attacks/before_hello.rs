//! Requests, lanes and Attach before Hello, and before Control: the connection is closed
//! with hello_required, and nothing is carried out. Behind Hello everything waits for
//! Attach: attach_required.

use rill_client::TransportKind;
use rill_protocol::{
    Code, codec,
    message::{Attach, Control, Lane, LaneClass, ListRooms},
    version::VERSION,
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, opening},
};

pub(super) const ATTACK: Attack = Attack {
    name: "before_hello",
    what: "Requests, lanes and Attach before Hello, and before Control",
    account: true,
    drops: false,
    every_ms: 1500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let control = codec::frame(&Control { version: VERSION });
    let attach = codec::frame(&Attach { request: 1, user_epoch: Default::default(), user_seq: Default::default() });
    let list = codec::frame(&ListRooms { request: 1, after: None, limit: 10 });
    let lane = codec::frame(&Lane { class: LaneClass::Others });
    for frames in [&[&attach][..], &[&control, &attach], &[&control, &list], &[&lane], &[&control, &control]] {
        let bytes = frames.iter().flat_map(|frame| frame.iter().copied()).collect::<Vec<u8>>();
        attacker.heard(&opening(&attacker, kind, bytes, false).await?.expected(&[Code::HelloRequired]));
    }
    let mut session = Session::hello(&attacker, kind).await?;
    attacker.heard(&session.refused(&attacker, list, &[Code::AttachRequired]).await);
    Ok(())
}
