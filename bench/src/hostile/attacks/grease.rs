//! Values that mean nothing (RFC 9000, section 18.1; RFC 9114, section 7.2.8): one-way
//! streams of reserved kinds and reserved capsules. They are passed over, and the session
//! goes on.

use rill_client::TransportKind;
use std::{sync::Arc, time::Duration};
use web_transport_proto::VarInt;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    wire::{Session, Wire},
};

const PATIENCE: Duration = Duration::from_secs(1);

pub(super) const ATTACK: Attack = Attack {
    name: "grease",
    what: "Values that mean nothing (RFC 9000, section 18.1; RFC 9114, section 7.2.8)",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, TransportKind::WebTransport).await?;
    let Wire::WebTransport(browser) = &session.wire else { return Ok(()) };
    for n in 0..4u64 {
        let reserved = 0x21 + 0x1F * (n * 1_000 + attacker.dice().below(1_000) as u64);
        let mut bytes = Vec::new();
        VarInt::from_u64(reserved).unwrap_or(VarInt::MAX).encode(&mut bytes);
        bytes.extend_from_slice(b"\x05grease");
        let opened = attacker.within(PATIENCE, browser.quic.open_uni()).await;
        if let Some(Ok(mut stream)) = opened {
            let _ = stream.write_all(&bytes).await;
        }
        let mut capsule = Vec::new();
        VarInt::from_u64(reserved).unwrap_or(VarInt::MAX).encode(&mut capsule);
        capsule.extend_from_slice(b"\x03abc");
        let _ = browser.capsules.lock().await.send_data(capsule.into()).await;
    }
    attacker.heard(&session.is_served(&attacker).await);
    Ok(())
}
