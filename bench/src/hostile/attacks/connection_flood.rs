//! Two thousand and some connections from one address within seconds, held as long as the
//! server lets them: TCP, TLS and QUIC that say nothing. What is past the limit is turned
//! away, and others are not.

use rill_client::TransportKind;
use std::{io, sync::Arc, time::Duration};

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    tcp::{self, Door},
    wire::quic,
};

const CONNECTIONS: usize = 2_100;
const PER_SECOND: f64 = 250.0;
/// Connections between two pauses.
const BURST: usize = 10;

pub(super) const ATTACK: Attack = Attack {
    name: "connection_flood",
    what: "Two thousand and some connections from one address within seconds, held as long as the server lets them",
    account: false,
    drops: true,
    every_ms: 20000,
    at_once: 1,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let ground = &attacker.ground;
    let mut tcp = Vec::new();
    let mut pipes = Vec::new();
    let mut quics = Vec::new();
    let burst = Duration::from_secs_f64(f64::from(BURST as u32) / (PER_SECOND * ground.attack_rate));
    for number in 0..CONNECTIONS {
        if number % BURST == 0 && !attacker.pause(burst).await {
            break;
        }
        // Of twenty, one of TLS and one of QUIC: they cost a key exchange each.
        let refused = match number % 20 {
            0 => tcp::through(attacker.address, Door::Tls, ground, &[]).await.map(|pipe| pipes.push(pipe)).err(),
            1 => quic::connect(&attacker).await.map(|quic| quics.push(quic)).err(),
            _ => tcp::plain(attacker.address, ground.http).await.map(|stream| tcp.push(stream)).err(),
        };
        if let Some(refused) = refused {
            attacker.heard(&refused);
        }
    }
    // What becomes of those that came in.
    let mut byte = [0];
    for stream in &tcp {
        attacker.heard(&match stream.try_read(&mut byte) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Answer::Silent,
            _ => Answer::Cut,
        });
    }
    for quic in &quics {
        let ended = quic.close_reason();
        attacker.heard(&ended.map_or(Answer::Silent, |error| Answer::of_quic(&error, false)));
    }
    pipes.iter().for_each(|_| attacker.heard(&Answer::Silent));
    Ok(())
}
