//! TCP connections that begin a TLS handshake and leave it at half a ClientHello, or at
//! nothing: cut after ten seconds, without a word, because TLS has none before its own
//! hello.

use rill_client::TransportKind;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::{Attacker, PATIENCE},
    tcp,
};

pub(super) const ATTACK: Attack = Attack {
    name: "half_open_tls",
    what: "TCP connections that begin a TLS handshake and leave it at half a ClientHello, or at nothing",
    account: false,
    drops: true,
    every_ms: 100,
    at_once: 150,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    // A handshake record of 512 bytes, a ClientHello, and its first bytes.
    let half = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3][..], &attacker.dice().array::<32>()].concat();
    let said: &[u8] = if attacker.dice().below(2) == 0 { &half } else { &[] };
    let mut stream = tcp::plain(attacker.address, attacker.ground.https).await?;
    let _ = stream.write_all(said).await;
    let mut byte = [0];
    let heard = match attacker.within(PATIENCE, stream.read(&mut byte)).await {
        None => Answer::Silent,
        Some(Ok(1..)) => Answer::Transport("tls alert".to_owned()),
        Some(_) => Answer::Cut,
    };
    attacker.heard(&heard);
    Ok(())
}
