//! HTTP/3 requests and streams of other sessions on a connection that has a WebTransport
//! session: each is reset with a code of HTTP/3, and the session goes on.

use quinn::{ReadError, ReadToEndError};
use rill_client::TransportKind;
use std::sync::Arc;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::{Attacker, PATIENCE},
    wire::{Session, Wire},
};

pub(super) const ATTACK: Attack = Attack {
    name: "requests_after_connect",
    what: "HTTP/3 requests and streams of other sessions on a connection that has a WebTransport session",
    account: true,
    drops: false,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, TransportKind::WebTransport).await?;
    let Wire::WebTransport(browser) = &session.wire else { return Ok(()) };
    // A HEADERS frame; a stream of session 400; a frame of a reserved kind.
    for first in [&[0x01, 0x02, 0, 0][..], &[0x40, 0x41, 0x41, 0x90, b'x'], &[0x21, 0x00]] {
        let Ok((mut send, mut recv)) = browser.quic.open_bi().await else { continue };
        let _ = send.write_all(first).await;
        let heard = match attacker.within(PATIENCE, recv.read_to_end(100)).await {
            Some(Err(ReadToEndError::Read(ReadError::Reset(code)))) => Answer::of_stream(code, true),
            Some(other) => Answer::Wrong(format!("{other:?} to another stream")),
            None => Answer::Silent,
        };
        attacker.heard(&heard);
    }
    attacker.heard(&session.is_served(&attacker).await);
    Ok(())
}
