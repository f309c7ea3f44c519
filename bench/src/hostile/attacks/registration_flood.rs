//! New accounts, one after the other, from one address: made as far as its limit goes, then
//! rate_limited.

use rill_client::TransportKind;
use rill_protocol::Code;
use serde_json::json;
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::{Attacker, PASSWORD},
    http,
    tcp::Door,
};

pub(super) const ATTACK: Attack = Attack {
    name: "registration_flood",
    what: "New accounts, one after the other, from one address",
    account: false,
    drops: false,
    every_ms: 500,
    at_once: 1,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let name = format!("flood{}", attacker.dice().throw());
    let body = json!({ "username": name, "password": PASSWORD }).to_string();
    let request = http::request("POST", "/api/v1/register", &attacker.ground.loopback_host(), &[], body.as_bytes());
    attacker.heard(&match http::exchange(attacker.address, Door::Loopback, &attacker.ground, &request).await {
        Ok(reply) if reply.status < 400 => Answer::Served,
        Ok(reply) => reply.answer().expected(&[Code::RateLimited]),
        Err(answer) => answer,
    });
    Ok(())
}
