//! A way between an attacker and the QUIC port that can be cut without a word.

use std::net::SocketAddr;
use tokio::{net::UdpSocket, task::JoinSet};

use super::{answer::Answer, attacker::Attacker};

const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Carries datagrams both ways until it is dropped.
pub(crate) struct Relay {
    /// Where the client sends to.
    pub(crate) address: SocketAddr,
    _task: JoinSet<()>,
}

impl Relay {
    pub(crate) async fn start(attacker: &Attacker) -> Result<Self, Answer> {
        let bind = || UdpSocket::bind(SocketAddr::new(attacker.address, 0));
        let failed = |error: std::io::Error| Answer::Wrong(format!("no socket: {error}"));
        let (near, far) = (bind().await.map_err(failed)?, bind().await.map_err(failed)?);
        far.connect(attacker.ground.quic).await.map_err(failed)?;
        let address = near.local_addr().map_err(failed)?;
        let mut task = JoinSet::new();
        task.spawn(carry(near, far));
        Ok(Self { address, _task: task })
    }
}

async fn carry(near: UdpSocket, far: UdpSocket) {
    let (mut there, mut back) = (vec![0; DATAGRAM_BYTES_MAX], vec![0; DATAGRAM_BYTES_MAX]);
    let mut client = None;
    loop {
        // A datagram that cannot be sent is lost, as datagrams may be.
        tokio::select! {
            Ok((length, from)) = near.recv_from(&mut there) => {
                client = Some(from);
                let _ = far.send(&there[..length]).await;
            }
            Ok(length) = far.recv(&mut back) => {
                if let Some(client) = client {
                    let _ = near.send_to(&back[..length], client).await;
                }
            }
            else => return,
        }
    }
}
