//! Streams opened and given up as fast as they come, and more at once than allowed: held to
//! the number that was told, or to the user's rate, and the session goes on or ends with
//! rate_limited.

use rill_client::TransportKind;
use rill_protocol::{Code, mux::Class};
use std::{sync::Arc, time::Duration};

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, wire::Session};

const STREAMS: usize = 400;
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two bursts of fifty.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) const ATTACK: Attack = Attack {
    name: "stream_floods",
    what: "Streams opened and given up as fast as they come, and more at once than allowed",
    account: true,
    drops: false,
    every_ms: 1000,
    at_once: 1,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    for number in 0..STREAMS {
        let Some(opened) = attacker.within(PATIENCE, session.wire.open(Class::History)).await else { break };
        match opened {
            Ok(mut stream) => {
                let _ = stream.write(vec![1]).await;
                stream.reset(Code::Normal.number());
                attacker.sent(1);
            }
            Err(Answer::Transport(_)) => {}
            Err(answer) => {
                let heard = if answer == Answer::Cut { session.wire.verdict(&attacker).await } else { answer };
                attacker.heard(&heard.expected(&[Code::RateLimited]));
                return Ok(());
            }
        }
        if number % 50 == 0 {
            attacker.pause(PAUSE).await;
        }
    }
    attacker.heard(&session.is_served(&attacker).await);
    Ok(())
}
