//! First packets of QUIC handshakes that are never gone on with, each from an address of
//! its own: past a number of them the server asks for a Retry, which costs it nothing, and
//! honest clients still get in.

use rill_client::TransportKind;
use rill_protocol::version::ALPN;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::net::UdpSocket;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, wire::quic};

/// First packets of one round.
const BURST: usize = 10;
const PATIENCE: Duration = Duration::from_millis(100);

pub(super) const ATTACK: Attack = Attack {
    name: "quic_initials",
    what: "First packets of QUIC handshakes that are never gone on with, each from an address of its own",
    account: false,
    drops: true,
    every_ms: 250,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let failed = |error: std::io::Error| Answer::Wrong(format!("no socket: {error}"));
    // A client that speaks to a socket of ours, which keeps what it says.
    let mute = UdpSocket::bind(SocketAddr::new(attacker.address, 0)).await.map_err(failed)?;
    let address = mute.local_addr().map_err(failed)?;
    let config = quic::config(&[ALPN]).map_err(|error| Answer::Wrong(error.to_string()))?;
    let mut initial = vec![0; 2_048];
    for _ in 0..BURST {
        let connecting = attacker.endpoint().await?.connect_with(config.clone(), address, "localhost");
        let length = mute.recv(&mut initial).await.map_err(failed)?;
        drop(connecting);
        let octets: [u8; 3] = attacker.dice().array();
        let from = Ipv4Addr::new(127, 64 | octets[0], octets[1], octets[2].max(1));
        let socket = UdpSocket::bind(SocketAddr::new(from.into(), 0)).await.map_err(failed)?;
        socket.send_to(&initial[..length], attacker.ground.quic).await.map_err(failed)?;
        let mut answer = [0; 2_048];
        // The long header's type 3 is Retry (RFC 9000, section 17.2.5).
        let heard = match attacker.within(PATIENCE, socket.recv(&mut answer)).await {
            Some(Ok(_)) if answer[0] & 0xF0 == 0xF0 => Answer::Transport("quic retry".to_owned()),
            Some(Ok(_)) => Answer::Transport("quic handshake".to_owned()),
            _ => Answer::Silent,
        };
        attacker.heard(&heard);
    }
    Ok(())
}
