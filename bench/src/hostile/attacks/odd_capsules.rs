//! Capsules that claim a gigabyte, that close with a reason of no UTF-8, that come in
//! thousands, and bytes that are none: the connection ends with a code of HTTP/3, and what
//! was gathered was bounded.

use bytes::Bytes;
use rill_client::TransportKind;
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::{Attacker, PATIENCE},
    wire::webtransport::Browser,
};

const MORE_PIECES: usize = 12;
pub(super) const ATTACK: Attack = Attack {
    name: "odd_capsules",
    what: "Capsules that claim a gigabyte, that close with a reason of no UTF-8, that come in thousands, and bytes that are none",
    account: false,
    drops: false,
    every_ms: 2000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let thousands = b"\x17\x03abc".repeat(20_000);
    for bytes in [
        // A close that claims 2^30 - 1 bytes; an unknown one that does.
        &b"\x68\x43\xBF\xFF\xFF\xFF"[..],
        b"\x17\xBF\xFF\xFF\xFF",
        // A close whose reason is no UTF-8, and one that is too short for its code.
        b"\x68\x43\x05\x00\x00\x00\x02\xFF",
        b"\x68\x43\x01\x00",
        &thousands,
    ] {
        let browser = Browser::session(&attacker).await?;
        let mut sending = browser.capsules.lock().await;
        let _ = sending.send_data(Bytes::copy_from_slice(bytes)).await;
        // More of a capsule that does not end.
        for _ in 0..MORE_PIECES {
            if sending.send_data(vec![0; 8 * 1024].into()).await.is_err() {
                break;
            }
        }
        attacker.heard(&attacker.within(PATIENCE, browser.ended()).await.unwrap_or(Answer::Silent));
    }
    Ok(())
}
