//! Subscribing from cursors.

use bytes::Bytes;
use rill_protocol::{
    Code, Epoch, codec, limits,
    message::{
        Cursor, DeliveredSeq, Outcome, ReadState, Resume, Resumed, ResumedRoom, RoomAvatar, RoomDetail, RoomKind, View,
    },
};
use rill_storage::{
    model::{End, Head},
    port::log::Sight,
};
use std::sync::Arc;
use tokio::task::coop::consume_budget;

use super::{Session, dispatch::failed, groups, marks, pictures, private};
use crate::{
    domain::DomainError,
    hub::inbox::Start,
    wire::{avatar, group, number},
};

/// Rooms that one session follows: those of its user, and those that were left and whose
/// departure waits to be written.
const FOLLOWED_MAX: usize = 2 * limits::ROOMS_PER_USER_MAX;

/// What a cursor comes to against the head of its log: the new cursor if it stays
/// where it is, or the base it restarts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Unchanged,
    Complete,
    Limited { base: u64 },
    EpochChanged { base: u64 },
}

fn judge(epoch: Epoch, seq: u64, tail: u32, head: &Head) -> Verdict {
    let base = head.seq.saturating_sub(u64::from(tail).min(limits::RESUME_TAIL_ENTRIES));
    if epoch == Epoch::default() {
        Verdict::Limited { base }
    } else if epoch != head.epoch || seq > head.seq {
        Verdict::EpochChanged { base }
    } else if seq == head.seq {
        Verdict::Unchanged
    } else if head.seq - seq <= limits::RESUME_ENTRIES_MAX {
        Verdict::Complete
    } else {
        Verdict::Limited { base }
    }
}

/// Judges each cursor and follows its room.
pub(super) async fn resume(session: Arc<Session>, body: Resume) -> Bytes {
    if body.cursors.len() > limits::RESUME_CURSORS_MAX {
        return failed(body.request, Code::TooMany);
    }
    // One after the other, as they were sent: a client goes by the answer to its last.
    let _turn = session.resuming.lock().await;
    let mut unchanged = 0;
    let (mut rooms, mut avatars, mut details) = (Vec::new(), Vec::new(), Vec::new());
    let (mut states, mut delivered) = (Vec::new(), Vec::new());
    for cursor in body.cursors {
        match one(&session, &cursor).await {
            Ok(Found { room, looks, state, arrival }) => {
                states.extend(state);
                delivered.extend(arrival);
                let is_stepped_over = room.as_ref().is_some_and(is_stepped_over);
                if let Some((avatar, detail)) = looks {
                    avatars.extend(avatar.filter(|_| is_stepped_over));
                    // That a private chat is closed or not its log does not say.
                    details.extend(Some(detail).filter(|of| is_stepped_over || of.kind == RoomKind::Private));
                }
                match room {
                    None => unchanged += 1,
                    Some(room) => rooms.push(room),
                }
            }
            Err(error) => return failed(body.request, error),
        }
        // A store that reads in place never waits: a long list lets others have their turn.
        consume_budget().await;
    }
    let resumed = codec::frame(&Resumed { request: body.request, unchanged, rooms });
    let beside = pictures::before(groups::of_these(details), pictures::of_these(avatars));
    let beside = pictures::before(private::of_these(delivered), beside);
    pictures::before(marks::of_these(states), pictures::before(beside, resumed))
}

/// The log goes on somewhere else: what changed the room was perhaps stepped over.
fn is_stepped_over(room: &ResumedRoom) -> bool {
    matches!(room.outcome, Outcome::Limited | Outcome::EpochChanged)
}

/// What is to be said of a cursor.
struct Found {
    /// Nothing where the cursor is at the end of its log.
    room: Option<ResumedRoom>,
    /// What the room is at that end, and its avatar where it ever had one.
    looks: Option<(Option<RoomAvatar>, RoomDetail)>,
    /// If there is anything unread.
    state: Option<ReadState>,
    /// Of a private chat.
    arrival: Option<DeliveredSeq>,
}

async fn one(session: &Arc<Session>, cursor: &Cursor) -> Result<Found, DomainError> {
    let services = &session.services;
    let room = cursor.room;
    let gone = ResumedRoom { room, outcome: Outcome::Gone, epoch: Epoch::default(), base: number(0), head: number(0) };
    let gone = || Found { room: Some(gone.clone()), looks: None, state: None, arrival: None };
    let live = services.hub.room(room).map(|live| live.handle);
    // Of one moment: a member has no departure of this membership up to the head, hence none
    // in front of the cursor, and a drain meets every later one.
    let sight = services.store.log.end_for(session.identity.user, room).await?;
    let Some(Sight { membership: Some(membership), part: End { head, room: found, reading, arrival } }) = sight else {
        return Ok(gone());
    };
    if !membership.is_active() {
        return Ok(gone());
    }
    let verdict = judge(cursor.epoch, cursor.seq.get(), cursor.tail, &head);
    let (outcome, base) = match verdict {
        Verdict::Unchanged => (None, cursor.seq.get()),
        Verdict::Complete => (Some(Outcome::Complete), cursor.seq.get()),
        Verdict::Limited { base } => (Some(Outcome::Limited), base),
        Verdict::EpochChanged { base } => (Some(Outcome::EpochChanged), base),
    };
    if session.inbox.followed() >= FOLLOWED_MAX && !live.is_some_and(|handle| session.inbox.follows(handle)) {
        return Err(DomainError::TooManyRooms(FOLLOWED_MAX));
    }
    let visible_from = membership.ranges.last().map_or(u64::MAX, |range| range.from);
    let start = Start { cursor: base, visible_from };
    let handle = services.hub.follow(&session.inbox, room, head.epoch, head.seq, start);
    if live != Some(handle)
        && let Some(head) = services.store.log.head(room).await?
    {
        services.hub.grown(&session.inbox, handle, head.seq);
    }
    let other = found.kind.other(session.identity.user);
    if other.is_some() && arrival.unwrap_or_default() < head.seq {
        // More may have arrived before the room was followed.
        session.inbox.show_chat(room, false);
    }
    let arrival = arrival.filter(|seq| *seq > 0 && !other.is_some_and(|other| session.inbox.hides(other)));
    let detail = group::room_detail(session.identity.user, &found, found.role_of(&membership));
    let avatar = (found.avatar.version > 0).then(|| RoomAvatar { room, avatar: avatar::avatar(&found.avatar) });
    let (epoch, base, head) = (head.epoch, number(base), number(head.seq));
    Ok(Found {
        room: outcome.map(|outcome| ResumedRoom { room, outcome, epoch, base, head }),
        looks: Some((avatar, detail)),
        arrival: arrival.map(|seq| DeliveredSeq { room, seq: number(seq) }),
        state: reading.filter(|reading| reading.unread > 0).map(|reading| marks::state(room, &reading)),
    })
}

/// Puts a room in view, also one whose `Resume` is still under way.
pub(super) fn view(session: &Session, body: &View) {
    let handle = body.room.and_then(|room| session.services.hub.room(room)).map(|live| live.handle);
    session.inbox.view(body.room, handle, body.have_seq.get());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let (epoch, other, nothing) = (Epoch([1; 16]), Epoch([2; 16]), Epoch::default());
        let head = Head { epoch, seq: 1_000, at_ms: 0, posts: 0 };
        let check = |epoch, seq, tail, expected| assert_eq!(judge(epoch, seq, tail, &head), expected);
        check(epoch, 1_000, 50, Verdict::Unchanged);
        check(epoch, 999, 50, Verdict::Complete);
        check(epoch, 500, 50, Verdict::Complete);
        check(epoch, 499, 50, Verdict::Limited { base: 950 });
        check(epoch, 499, 9_999, Verdict::Limited { base: 950 });
        check(epoch, 499, 1, Verdict::Limited { base: 999 });
        check(epoch, 1_001, 50, Verdict::EpochChanged { base: 950 });
        check(other, 1_000, 50, Verdict::EpochChanged { base: 950 });
        check(nothing, 0, 0, Verdict::Limited { base: 1_000 });
        check(nothing, 7, 50, Verdict::Limited { base: 950 });
    }
}
