//! Random bytes on every port, as datagrams that look like QUIC and such that do not, and
//! as streams of TCP, with TLS around them and without: dropped, or refused in the
//! transport's words.

use rill_client::TransportKind;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt as _, net::UdpSocket};

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    http,
    tcp::{self, Door},
};

/// Datagrams of one round.
const DATAGRAMS: usize = 20;
const PATIENCE: Duration = Duration::from_millis(10);
const LONG_PATIENCE: Duration = Duration::from_secs(4);

pub(super) const ATTACK: Attack = Attack {
    name: "random_bytes",
    what: "Random bytes on every port, as datagrams that look like QUIC and such that do not, and as streams of TCP, with TLS around them and without",
    account: false,
    drops: true,
    every_ms: 300,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let ground = &attacker.ground;
    let failed = |error: std::io::Error| Answer::Wrong(format!("no socket: {error}"));
    let socket = UdpSocket::bind(SocketAddr::new(attacker.address, 0)).await.map_err(failed)?;
    for _ in 0..DATAGRAMS {
        let length = 1 + attacker.dice().below(1_400);
        let mut bytes = attacker.dice().bytes(length);
        // A long header, in half of them with a version that is known.
        if attacker.dice().below(2) == 0 {
            bytes[0] |= 0xC0;
            if let Some(version) = bytes.get_mut(1..5).filter(|_| length.is_multiple_of(2)) {
                version.copy_from_slice(&[0, 0, 0, 1]);
            }
        }
        socket.send_to(&bytes, ground.quic).await.map_err(failed)?;
        let mut answer = [0; 2_048];
        attacker.heard(&match attacker.within(PATIENCE, socket.recv(&mut answer)).await {
            Some(Ok(5..)) if answer[1..5] == [0; 4] => Answer::Transport("quic version negotiation".to_owned()),
            Some(Ok(_)) => Answer::Transport("quic reset or close".to_owned()),
            _ => Answer::Silent,
        });
    }
    for address in [ground.http, ground.https] {
        let mut stream = tcp::plain(attacker.address, address).await?;
        let length = 1 + attacker.dice().below(4_000);
        let bytes = attacker.dice().bytes(length);
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let heard = http::reply(&mut stream, LONG_PATIENCE).await;
        attacker.heard(&heard.map_or_else(|answer| answer, |reply| reply.answer()));
    }
    let mut pipe = tcp::through(attacker.address, Door::Tls, ground, &[]).await?;
    let bytes = attacker.dice().bytes(2_000);
    let _ = pipe.write_all(&bytes).await;
    let _ = pipe.shutdown().await;
    let heard = http::reply(&mut *pipe, LONG_PATIENCE).await;
    attacker.heard(&heard.map_or_else(|answer| answer, |reply| reply.answer()));
    Ok(())
}
