//! Up to a million pings of three bytes, a few hundred in each write, and as many answers
//! read: served as far as the limits of the user go, then rate_limited, and nobody else
//! waits.

use bytes::BytesMut;
use rill_client::TransportKind;
use rill_protocol::{
    Code, codec,
    message::{Ping, Pong},
};
use std::{sync::Arc, time::Duration};

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, wire::Session};

const FRAMES_MAX: u64 = 1_000_000;
const FRAMES_PER_SECOND: f64 = 20_000.0;
const BATCH: u32 = 400;

pub(super) const ATTACK: Attack = Attack {
    name: "tiny_frames",
    what: "Up to a million pings of three bytes, a few hundred in each write, and as many answers read",
    account: true,
    drops: true,
    every_ms: 1000,
    at_once: 1,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    while attacker.book().sent < FRAMES_MAX {
        let mut batch = BytesMut::new();
        (1..=BATCH).for_each(|nonce| codec::put_frame(&mut batch, &Ping { nonce }));
        let _ = session.control.write(batch.freeze()).await;
        attacker.sent(u64::from(BATCH));
        loop {
            match session.expect::<Pong>(&attacker).await {
                Ok(pong) if pong.nonce == BATCH => break,
                Ok(_) => {}
                Err(answer) => {
                    attacker.heard(&answer.expected(&[Code::RateLimited]));
                    return Ok(());
                }
            }
        }
        let pause = Duration::from_secs_f64(f64::from(BATCH) / (FRAMES_PER_SECOND * attacker.ground.attack_rate));
        if !attacker.pause(pause).await {
            break;
        }
    }
    attacker.heard(&Answer::Served);
    Ok(())
}
