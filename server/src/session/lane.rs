//! A lane's writer: dirty rooms, each from its own cursor, in batches. What one write
//! carries is bounded, and the next begins when the transport has taken it. So a client
//! that stops reading costs its cursors and its transport's window; nobody waits for it,
//! and after a while its connection ends with a code that says resume.

use bytes::Bytes;
use rill_protocol::{
    Code, codec, limits,
    message::{LaneClass, LaneReady, RoomHandle},
};
use rill_storage::{
    StoreError,
    model::{Fact, Membership},
    planted::{self, Bug},
    port::log::Sight,
};
use std::{ops::ControlFlow, sync::Arc, time::Duration};

use super::{Services, Session};
use crate::{
    domain::visible::visible,
    hub::{
        LaneIndex, LiveRoom,
        inbox::{LanePass, Turn},
        room::Drained,
    },
    transport::{Priority, SendStream},
    wire::entry,
};

/// Entries read from the store in one go.
const STORE_ENTRIES_MAX: usize = 128;

/// What one room adds to a write.
struct Part {
    turn: Turn,
    cursor: u64,
    more: bool,
    /// The user's own departure was the last entry.
    left: bool,
}

/// Writes the lane until its stream or its session ends, or another takes its place.
pub(super) async fn run<S: SendStream>(session: &Arc<Session>, pass: LanePass, mut send: S) {
    let (class, priority) = match pass.lane {
        LaneIndex::InView => (LaneClass::InView, Priority::LaneInView),
        LaneIndex::Others => (LaneClass::Others, Priority::LaneOthers),
    };
    send.set_priority(priority);
    let inbox = &session.inbox;
    if write(session, &mut send, vec![codec::frame(&LaneReady { class })]).await.is_break() {
        return;
    }
    loop {
        let mut chunks = Vec::new();
        let parts = match collect(session, pass, &mut chunks).await {
            Ok(parts) => parts,
            Err(error) => {
                return unreadable(&mut send, &error);
            }
        };
        if parts.is_empty() {
            if !inbox.lane_woken(pass).await {
                return;
            }
            continue;
        }
        if !chunks.is_empty() {
            // Logs are dense.
            let entries: u64 = parts.iter().map(|part| part.cursor - part.turn.cursor).sum();
            if write(session, &mut send, chunks).await.is_break() {
                return;
            }
            session.services.metrics.delivered(entries);
        }
        for part in parts {
            if !part.left {
                inbox.finish_turn(pass, &part.turn, part.cursor, part.more);
            } else if let Err(error) = Box::pin(depart(session, pass, part)).await {
                return unreadable(&mut send, &error);
            }
        }
    }
}

/// The client opens another lane, after a pause.
fn unreadable<S: SendStream>(send: &mut S, error: &StoreError) {
    match error {
        // Said once, by whoever looks after the way there.
        StoreError::Unreachable(_) => tracing::debug!(%error, "a lane cannot be read"),
        _ => tracing::error!(%error, "a lane cannot be read"),
    }
    send.reset(Code::StoreFailed);
}

/// Breaks where the lane ends: the client opens another one and resumes its rooms, or is
/// stuck and connects again.
async fn write<S: SendStream>(session: &Session, send: &mut S, chunks: Vec<Bytes>) -> ControlFlow<()> {
    // In a place of its own, which an idle lane does not keep.
    let writing = Box::pin(send.write(chunks));
    match tokio::time::timeout(Duration::from_millis(limits::STUCK_AFTER_MS), writing).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) => ControlFlow::Break(()),
        Err(_) => {
            session.registration.end(Code::TooSlow);
            ControlFlow::Break(())
        }
    }
}

/// Behind the user's own departure: the room is not followed further, unless the user is
/// back already. Then the log stays dense, and what was said meanwhile is hidden.
async fn depart(session: &Arc<Session>, pass: LanePass, part: Part) -> Result<(), StoreError> {
    let Services { hub, store, .. } = &*session.services;
    let Part { mut turn, cursor, .. } = part;
    let membership = match hub.room_of(turn.handle) {
        Some(live) => store.rooms.membership(live.id, session.identity.user).await?,
        None => None,
    };
    match membership.filter(Membership::is_active).and_then(|membership| membership.ranges.last().copied()) {
        Some(range) => {
            turn.visible_from = range.from;
            session.inbox.finish_turn(pass, &turn, cursor, true);
        }
        None => hub.unfollow(&session.inbox, &turn),
    }
    Ok(())
}

async fn collect(session: &Arc<Session>, pass: LanePass, chunks: &mut Vec<Bytes>) -> Result<Vec<Part>, StoreError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut budget = limits::LANE_IN_FLIGHT_BYTES_MAX;
    while budget > 0 {
        let Some(mut turn) = session.inbox.take_turn(pass) else { break };
        match parts.iter().rfind(|part| part.turn.handle == turn.handle) {
            Some(part) if part.left => continue,
            // It grew again before the write.
            Some(part) => turn.go_on(&part.turn, part.cursor),
            None => {}
        }
        let Some(live) = session.services.hub.room_of(turn.handle) else { continue };
        let before = chunks.len();
        let part = read(session, &live, turn, budget, chunks).await?;
        if chunks.len() > before && turn.announce {
            let handle = RoomHandle { handle: turn.handle, room: live.id, epoch: live.epoch() };
            chunks.insert(before, codec::frame(&handle));
        }
        let added: usize = chunks[before..].iter().map(Bytes::len).sum();
        budget = budget.saturating_sub(added);
        if chunks.len() > before || part.left || part.more {
            parts.push(part);
        }
    }
    Ok(parts)
}

async fn read(
    session: &Arc<Session>,
    live: &LiveRoom,
    turn: Turn,
    budget: usize,
    chunks: &mut Vec<Bytes>,
) -> Result<Part, StoreError> {
    if let Some((seq, frame)) = live.deleted() {
        chunks.push(frame);
        return Ok(Part { cursor: seq.max(turn.cursor), more: false, left: true, turn });
    }
    if turn.cursor + 1 >= turn.visible_from {
        match live.drain((turn.cursor, turn.visible_from), session.identity.user, budget, chunks) {
            Drained::UpToDate => return Ok(Part { cursor: turn.cursor, more: false, left: false, turn }),
            Drained::Frames { cursor, more, left } => return Ok(Part { cursor, more, left, turn }),
            Drained::Behind => {}
        }
    }
    // In a place of its own: idle lanes are many, and few of them read the store.
    Box::pin(read_store(session, live, turn, budget, chunks)).await
}

async fn read_store(
    session: &Arc<Session>,
    live: &LiveRoom,
    turn: Turn,
    budget: usize,
    chunks: &mut Vec<Bytes>,
) -> Result<Part, StoreError> {
    let store = &session.services.store;
    let (room, user) = (live.id, session.identity.user);
    let gone = |turn: Turn| Ok(Part { cursor: turn.cursor, more: false, left: true, turn });
    // Of one moment: what is shown is never decided upon what somebody was before.
    let sight = store.log.tail_for(user, room, turn.cursor, STORE_ENTRIES_MAX, budget).await?;
    let Some(Sight { membership, part: (head, entries) }) = sight else { return gone(turn) };
    // Of a room that is deleted there is this and nothing else, whoever asks.
    if let [last] = &entries[..]
        && last.fact == Fact::RoomDeleted
    {
        chunks.push(entry::encode(turn.handle, last));
        return Ok(Part { cursor: last.seq, more: false, left: true, turn });
    }
    let Some(membership) = membership else { return gone(turn) };
    if head.epoch != live.epoch() {
        // They are not of the log whose handle the client has: it is told of the other.
        session.services.hub.doubt(room);
        return Ok(Part { cursor: turn.cursor, more: false, left: false, turn });
    }
    // Stores that read in place never wait: the others get their turn between two reads.
    tokio::task::yield_now().await;
    let mut cursor = turn.cursor;
    let departures_from = departures_from(&membership, turn.visible_from);
    for entry in &entries {
        let seen = visible(&membership, entry.seq, entry.target_seq()) || planted::is(Bug::HiddenLeaked);
        chunks.push(if seen { entry::encode(turn.handle, entry) } else { entry::hidden(turn.handle, entry.seq) });
        cursor = entry.seq;
        if entry.fact.leaver(entry.author) == Some(user) && entry.seq >= departures_from {
            return Ok(Part { cursor, more: false, left: true, turn });
        }
    }
    // Whether the store holds more is known only by asking again, which costs nothing
    // when the ring answers.
    Ok(Part { cursor, more: !entries.is_empty(), left: false, turn })
}

/// From where on a departure of the user ends the drain. An older one, known when the cursor
/// was started, ends nothing. But a cursor that was started by somebody who knew nothing of
/// the membership does not know of any: there one within it ends the drain.
fn departures_from(membership: &Membership, visible_from: u64) -> u64 {
    membership.ranges.last().map_or(visible_from, |range| visible_from.min(range.from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_storage::model::VisibleRange;

    #[test]
    fn a_departure_that_the_membership_does_not_know_of_ends_the_drain() {
        let membership = |ranges: &[(u64, Option<u64>)]| Membership {
            user: Default::default(),
            ranges: ranges.iter().map(|(from, until)| VisibleRange { from: *from, until: *until }).collect(),
            joined_ms: 0,
            mark_seq: 0,
            is_admin: false,
        };
        // As it was when the cursor was started; back since; and of a cursor that was
        // started by somebody who knew nothing of it, when the log went on in another epoch.
        assert_eq!(departures_from(&membership(&[(5, None)]), 5), 5);
        assert_eq!(departures_from(&membership(&[(5, Some(9)), (20, None)]), 5), 5);
        assert_eq!(departures_from(&membership(&[(5, Some(9)), (20, None)]), u64::MAX), 20);
        assert_eq!(departures_from(&membership(&[]), 7), 7);
    }
}
