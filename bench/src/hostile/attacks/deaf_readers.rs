//! Readers that ask for everything and read nothing, neither answers nor lanes: what the
//! server holds for them is bounded, and after forty seconds they are gone.

use rill_client::TransportKind;
use rill_protocol::{
    ClientId, U53,
    message::{Direction, GetMessages, History, JoinRoom, Lane, LaneClass, RoomAnswer, View},
    mux::Class,
};
use std::sync::Arc;

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, wire::Session};
use std::time::Duration;

const STREAMS: usize = 8;
/// Pages asked for on each.
const PAGES: u32 = 50;
const WRITE_PATIENCE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(50);

pub(super) const ATTACK: Attack = Attack {
    name: "deaf_readers",
    what: "Readers that ask for everything and read nothing, neither answers nor lanes",
    account: true,
    drops: true,
    every_ms: 4000,
    at_once: 6,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let mut session = Session::attached(&attacker, kind).await?;
    let (request, room) = (session.request(), attacker.ground.room);
    let client_id = ClientId(attacker.dice().array());
    session.control.send(&JoinRoom { request, client_id, room }).await?;
    session.expect::<RoomAnswer>(&attacker).await?;
    let mut lane = session.wire.open(Class::LaneInView).await?;
    lane.send(&Lane { class: LaneClass::InView }).await?;
    session.control.send(&View { room: Some(room), have_seq: U53::default() }).await?;
    let mut deaf = Vec::new();
    for _ in 0..STREAMS {
        let mut history = session.wire.open(Class::History).await?;
        history.send(&History {}).await?;
        for request in 0..PAGES {
            let seq = U53::saturating(u64::MAX);
            let get = GetMessages { request, room, direction: Direction::Before, seq, limit: 100 };
            // A server that stops reading has its reason.
            if attacker.within(WRITE_PATIENCE, history.send(&get)).await.is_none() {
                break;
            }
        }
        deaf.push(history);
    }
    attacker.sent(u64::from(PAGES) * STREAMS as u64);
    let ended = attacker.within(PATIENCE, session.wire.ended()).await.unwrap_or(Answer::Silent);
    attacker.heard(&ended);
    drop((deaf, lane));
    Ok(())
}
