//! Tickets that are made up, used before, or past their time: the connection is closed with
//! bad_ticket, whichever it is.

use rill_client::TransportKind;
use rill_protocol::{
    AttemptId, Code, Ticket, codec,
    message::{Control, Hello, Welcome},
    mux::Class,
    version::VERSION,
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Wire, opening},
};

pub(super) const ATTACK: Attack = Attack {
    name: "bad_tickets",
    what: "Tickets that are made up, used before, or past their time",
    account: true,
    drops: false,
    every_ms: 1500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let hello = |ticket| codec::frame(&Hello { ticket, attempt: AttemptId::default(), client: String::new() });
    let used = attacker.ticket().await?;
    let made_up = Ticket(attacker.dice().array());
    // Of a user who exists.
    let guessed = Ticket::new(used.user(), attacker.dice().array());
    let control = codec::frame(&Control { version: VERSION });
    let first = Wire::connect(&attacker, kind).await?;
    let mut stream = first.open(Class::Control).await?;
    stream.write([&control[..], &hello(used)].concat()).await?;
    stream.expect::<Welcome>().await?;
    for ticket in [used, made_up, guessed].iter().chain(&attacker.ground.expired) {
        let bytes = [&control[..], &hello(*ticket)].concat();
        attacker.heard(&opening(&attacker, kind, bytes, false).await?.expected(&[Code::BadTicket]));
    }
    Ok(())
}
