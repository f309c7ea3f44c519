//! Passwords guessed for an account that exists and for names that do not: bad_login for
//! both, then rate_limited, while the account's owner still gets in from elsewhere.

use rill_client::TransportKind;
use rill_protocol::Code;
use serde_json::json;
use std::sync::Arc;

use super::{Attack, WITNESS};
use crate::hostile::{answer::Answer, attacker::Attacker, http, tcp::Door};

pub(super) const ATTACK: Attack = Attack {
    name: "login_guessing",
    what: "Passwords guessed for an account that exists and for names that do not",
    account: false,
    drops: false,
    every_ms: 500,
    at_once: 1,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let unknown = format!("nobody{}", attacker.dice().below(1_000_000));
    for name in [WITNESS, &unknown] {
        let guess = format!("a guess {}", attacker.dice().throw());
        let body = json!({ "username": name, "password": guess }).to_string();
        let request = http::request("POST", "/api/v1/login", &attacker.ground.loopback_host(), &[], body.as_bytes());
        let codes = [Code::BadLogin];
        attacker.heard(&http::refused(attacker.address, Door::Loopback, &attacker.ground, &request, &codes).await);
    }
    Ok(())
}
