//! Two attempts at the same moment with one ticket: one is welcomed, the other is closed
//! with bad_ticket, never both.

use rill_client::TransportKind;
use rill_protocol::{
    AttemptId, Code, codec,
    message::{Control, Hello, Welcome},
    mux::Class,
    version::VERSION,
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::{Attacker, PATIENCE},
    wire::Wire,
};

pub(super) const ATTACK: Attack = Attack {
    name: "ticket_twice",
    what: "Two attempts at the same moment with one ticket",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let ticket = attacker.ticket().await?;
    let attempt = |kind| {
        let attacker = &attacker;
        async move {
            let wire = Wire::connect(attacker, kind).await?;
            let mut control = wire.open(Class::Control).await?;
            let attempt = AttemptId(attacker.dice().array());
            let hello = codec::frame(&Hello { ticket, attempt, client: String::new() });
            let bytes = [&codec::frame(&Control { version: VERSION })[..], &hello].concat();
            let _ = control.write(bytes).await;
            match attacker.within(PATIENCE, control.expect::<Welcome>()).await {
                Some(Ok(_)) => Ok(Answer::Served),
                Some(Err(Answer::Cut | Answer::Reset(0))) => Ok(wire.verdict(attacker).await),
                Some(Err(answer)) => Ok(answer),
                None => Ok(Answer::Silent),
            }
        }
    };
    let other = if kind == TransportKind::Quic { TransportKind::WebSocket } else { TransportKind::Quic };
    let (first, second) = tokio::join!(attempt(kind), attempt(other));
    let (first, second): (Answer, Answer) = (first?, second?);
    if (&first, &second) == (&Answer::Served, &Answer::Served) {
        attacker.heard(&Answer::Wrong("one ticket was good twice".to_owned()));
        return Ok(());
    }
    for answer in [first, second] {
        attacker.heard(&if answer == Answer::Served { answer } else { answer.expected(&[Code::BadTicket]) });
    }
    Ok(())
}
