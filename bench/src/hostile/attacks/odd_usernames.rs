//! Accounts whose names are control or invisible characters, turn the direction of writing,
//! mix scripts or look like one that exists: refused as bad_username or username_taken.

use rill_client::TransportKind;
use rill_protocol::Code;
use serde_json::json;
use std::{sync::Arc, time::Duration};

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::{Attacker, PASSWORD},
    http,
    tcp::Door,
};

/// Between two names.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) const ATTACK: Attack = Attack {
    name: "odd_usernames",
    what: "Accounts whose names are control or invisible characters, turn the direction of writing, mix scripts or look like one that exists",
    account: false,
    drops: false,
    every_ms: 4000,
    at_once: 1,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    for name in NAMES {
        let body = json!({ "username": name, "password": PASSWORD }).to_string();
        let request = http::request("POST", "/api/v1/register", &attacker.ground.loopback_host(), &[], body.as_bytes());
        let heard = match http::exchange(attacker.address, Door::Loopback, &attacker.ground, &request).await {
            Ok(reply) if reply.status < 400 => Answer::Wrong(format!("{} is a name", name.escape_unicode())),
            Ok(reply) => reply.answer().expected(&[Code::BadUsername, Code::UsernameTaken]),
            Err(answer) => answer,
        };
        attacker.heard(&heard);
        attacker.pause(PAUSE).await;
    }
    Ok(())
}

const NAMES: &[&str] = &[
    "",
    "a",
    "a\0b",
    "a\u{7}b",
    "a\nb",
    "a b",
    "\u{200b}\u{200b}",
    "wit\u{200d}ness",
    "wit\u{ad}ness",
    "\u{202e}ssentiw",
    "wit\u{2066}ness",
    "\u{feff}witness",
    "\u{3164}\u{3164}",
    "w\u{456}tness",
    "\u{ff57}itness",
    "WITNESS",
    "w\u{131}tness",
    "witne\u{455}\u{455}",
    "w\u{301}\u{301}\u{301}\u{301}itness",
    "\u{1f600}\u{1f600}",
    "../witness",
    "witness/..",
    "<b>witness</b>",
    "e000\u{e000}e000",
];
