//! Attach in a session that is attached: refused as unexpected, and the session goes on.

use rill_client::TransportKind;
use rill_protocol::{Code, codec, message::Attach};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, wire::Session};

pub(super) const ATTACK: Attack = Attack {
    name: "attach_twice",
    what: "Attach in a session that is attached",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    let request = session.request();
    let attach = codec::frame(&Attach { request, user_epoch: Default::default(), user_seq: Default::default() });
    attacker.heard(&session.refused(&attacker, attach, &[Code::UnexpectedFrame]).await);
    attacker.heard(&session.is_served(&attacker).await);
    Ok(())
}
