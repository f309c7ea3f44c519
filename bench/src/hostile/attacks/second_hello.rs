//! A second Hello, and a second Control, in a session that stands: refused as unexpected,
//! the ticket is not used, and the session goes on as who it was.

use rill_client::TransportKind;
use rill_protocol::{
    Code, codec,
    message::{Control, Hello},
    version::VERSION,
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, wire::Session};

pub(super) const ATTACK: Attack = Attack {
    name: "second_hello",
    what: "A second Hello, and a second Control, in a session that stands",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    let hello = Hello { ticket: attacker.ticket().await?, attempt: Default::default(), client: String::new() };
    for frame in [codec::frame(&hello), codec::frame(&Control { version: VERSION })] {
        attacker.heard(&session.refused(&attacker, frame, &[Code::UnexpectedFrame]).await);
    }
    attacker.heard(&session.is_served(&attacker).await);
    Ok(())
}
