//! WebSocket upgrades whose request stops in the middle, on both doors: cut after ten
//! seconds.

use rill_client::TransportKind;
use rill_protocol::version::WEBSOCKET_PATH;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::{Attacker, PATIENCE},
    http,
    tcp::{self, Door},
};

pub(super) const ATTACK: Attack = Attack {
    name: "half_upgrades",
    what: "WebSocket upgrades whose request stops in the middle, on both doors",
    account: false,
    drops: true,
    every_ms: 200,
    at_once: 80,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let door = Door::BOTH[attacker.dice().below(2)];
    let ground = &attacker.ground;
    let whole = http::request("GET", WEBSOCKET_PATH, &ground.host(door), &[("Upgrade", "websocket")], b"");
    let mut pipe = tcp::through(attacker.address, door, ground, &[b"http/1.1"]).await?;
    let half = attacker.dice().below(whole.len() - 4);
    let _ = pipe.write_all(&whole[..half]).await;
    let _ = pipe.flush().await;
    let heard = attacker.within(PATIENCE, http::reply(&mut *pipe, PATIENCE)).await.unwrap_or(Err(Answer::Silent));
    attacker.heard(&heard.map_or_else(|answer| answer, |reply| reply.answer()));
    Ok(())
}
