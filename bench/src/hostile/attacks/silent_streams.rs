//! Streams that never finish their first frame, or bring a byte of it every few seconds:
//! reset with timeout after ten seconds, while the session goes on.

use rill_client::TransportKind;
use rill_protocol::{Code, mux::Class};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, wire::Session};
use std::time::Duration;

const DRIP: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const ATTACK: Attack = Attack {
    name: "silent_streams",
    what: "Streams that never finish their first frame, or bring a byte of it every few seconds",
    account: true,
    drops: true,
    every_ms: 2000,
    at_once: 8,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let session = Session::attached(&attacker, kind).await?;
    let mut silent = session.wire.open(Class::LaneOthers).await?;
    let mut slow = session.wire.open(Class::History).await?;
    // A frame of 100 bytes that does not come.
    silent.write(vec![100]).await?;
    let drip = async {
        while slow.write(vec![100]).await.is_ok() && attacker.pause(DRIP).await {}
        slow.refusal().await
    };
    let both = async { tokio::join!(silent.refusal(), drip) };
    match attacker.within(PATIENCE, both).await {
        Some((silent, slow)) => {
            for answer in [silent, slow] {
                attacker.heard(&answer.expected(&[Code::Timeout]));
            }
        }
        None => attacker.heard(&Answer::Silent),
    }
    Ok(())
}
