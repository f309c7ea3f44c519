//! Random mixtures: the frames of a valid session, cut, doubled, swapped, with bytes and
//! kinds changed, on streams that are opened, finished and reset in any order. Every
//! refusal is coded, and the seed repeats the mixture.

use rill_client::TransportKind;
use rill_protocol::mux::Class;
use std::{sync::Arc, time::Duration};

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    mutation,
    wire::{Session, Wire},
};

const OPERATIONS: usize = 40;
const STREAMS: usize = 12;
const PATIENCE: Duration = Duration::from_millis(300);
const GLANCE: Duration = Duration::from_micros(200);

pub(super) const ATTACK: Attack = Attack {
    name: "mutated_sessions",
    what: "Random mixtures",
    account: true,
    drops: false,
    every_ms: 300,
    at_once: 4,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let session = if attacker.dice().below(3) == 0 { None } else { Some(Session::attached(&attacker, kind).await?) };
    let (wire, mut streams) = match session {
        Some(session) => (session.wire, vec![session.control]),
        None => {
            let wire = Wire::connect(&attacker, kind).await?;
            let control = wire.open(Class::Control).await?;
            (wire, vec![control])
        }
    };
    for _ in 0..OPERATIONS {
        let at = attacker.dice().below(streams.len());
        let operation = attacker.dice().below(20);
        let done = match operation {
            0 if streams.len() < STREAMS => match attacker.within(PATIENCE, wire.open(Class::History)).await {
                Some(Ok(stream)) => {
                    streams.push(stream);
                    Ok(())
                }
                _ => Ok(()),
            },
            1 => {
                streams[at].finish();
                Ok(())
            }
            2 => {
                let code = attacker.dice().below(100) as u32;
                streams[at].reset(code);
                Ok(())
            }
            _ => {
                let bytes = mutation::mutated(&mut attacker.dice(), &attacker.ground);
                attacker.sent(1);
                match attacker.within(PATIENCE, streams[at].write(bytes)).await {
                    Some(Err(answer)) if answer != Answer::Cut && answer != Answer::Reset(0) => {
                        attacker.heard(&answer);
                        Ok(())
                    }
                    _ => Ok::<(), Answer>(()),
                }
            }
        };
        done?;
        // Whatever is on its way to us is read, so that nobody waits for anybody.
        for stream in &mut streams {
            while let Some(Ok(_)) = attacker.within(GLANCE, stream.read()).await {}
        }
    }
    let ended = attacker.within(PATIENCE, wire.ended()).await;
    attacker.heard(&ended.unwrap_or(Answer::Served));
    Ok(())
}
