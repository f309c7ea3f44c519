//! Chats of two: opened, and what has arrived at their devices.

use bytes::Bytes;
use rill_protocol::{
    RoomId, codec,
    limits::DELIVERED_ROOMS_MAX,
    message::{Delivered, DeliveredSeq, OpenPrivateChat, RoomDetail, TellDelivered},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Session, dispatch::Request, groups, rooms::room_answer};
use crate::{
    domain::DomainError,
    limits::{ARRIVALS_DISTANCE_MS, ARRIVALS_WAITING_MAX},
    wire::{group, number},
};

pub(super) async fn open(session: Arc<Session>, body: OpenPrivateChat) -> Bytes {
    let (rooms, user) = (&session.services.domain.rooms, session.identity.user);
    room_answer(user, body.request, rooms.open_private(user, body.user).await)
}

/// What has arrived at this device and is not noted yet: the latest of each room.
#[derive(Default)]
pub(super) struct Arrivals {
    waiting: BTreeMap<RoomId, u64>,
    /// Somebody looks after it.
    is_looked_after: bool,
}

impl Arrivals {
    /// Whether somebody is to look after it from now on. What there is no place for is let be: the
    /// client says it again when it connects again.
    fn add(&mut self, rooms: &[DeliveredSeq]) -> bool {
        for DeliveredSeq { room, seq } in rooms.iter().take(DELIVERED_ROOMS_MAX) {
            if self.waiting.len() < ARRIVALS_WAITING_MAX || self.waiting.contains_key(room) {
                let latest = self.waiting.entry(*room).or_default();
                *latest = (*latest).max(seq.get());
            }
        }
        !self.waiting.is_empty() && !std::mem::replace(&mut self.is_looked_after, true)
    }

    /// All of it; whoever finds nothing looks after it no more.
    fn take(&mut self) -> BTreeMap<RoomId, u64> {
        self.is_looked_after = !self.waiting.is_empty();
        std::mem::take(&mut self.waiting)
    }
}

/// Notes what has arrived, at most every so often; answers nothing. Each room costs as much as a
/// request.
pub(super) fn tell_delivered(session: &Arc<Session>, body: &TellDelivered) -> Option<Request> {
    let is_allowed = session.may_also(body.rooms.len().min(DELIVERED_ROOMS_MAX)).is_ok();
    if !is_allowed || !session.arrivals.lock().add(&body.rooms) {
        return None;
    }
    let session = session.clone();
    Some(Box::pin(async move {
        let (marks, user) = (&session.services.domain.marks, session.identity.user);
        loop {
            let arrived = session.arrivals.lock().take();
            if arrived.is_empty() {
                return Bytes::new();
            }
            for (room, seq) in arrived {
                if let Err(error) = marks.arrive(user, room, seq).await {
                    tracing::debug!(%error, "what has arrived cannot be noted");
                }
            }
            tokio::time::sleep(Duration::from_millis(ARRIVALS_DISTANCE_MS)).await;
        }
    }))
}

/// At most as many as a `Resume` has cursors; nothing where there are none.
pub(super) fn of_these(rooms: Vec<DeliveredSeq>) -> Bytes {
    if rooms.is_empty() { Bytes::new() } else { codec::frame(&Delivered { rooms }) }
}

/// Up to where a chat has arrived at the other one.
pub(super) async fn delivered(session: &Session, room: RoomId) -> Result<Option<DeliveredSeq>, DomainError> {
    let seq = session.services.domain.marks.arrival(session.identity.user, room).await?;
    Ok(seq.map(|seq| DeliveredSeq { room, seq: number(seq) }))
}

/// What a chat is now that it was closed or opened.
pub(super) async fn detail(session: &Session, room: RoomId) -> Result<Bytes, DomainError> {
    let (user, store) = (session.identity.user, &session.services.store);
    let sight = store.rooms.room_for(user, room).await?;
    let detail: Option<RoomDetail> = sight.and_then(|sight| {
        let role = sight.part.role_of(&sight.membership?);
        role.map(|role| group::room_detail(user, &sight.part, Some(role)))
    });
    Ok(groups::of_these(detail.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_each_room_waits_and_one_looks_after_it() {
        let mut arrivals = Arrivals::default();
        let of = |first: u8, seq| DeliveredSeq { room: RoomId([first; 16]), seq: number(seq) };
        assert!(!arrivals.add(&[]));
        assert!(arrivals.add(&[of(1, 7), of(2, 1)]));
        assert!(!arrivals.add(&[of(1, 5), of(2, 9)]));
        assert!(arrivals.take().into_iter().eq([(RoomId([1; 16]), 7), (RoomId([2; 16]), 9)]));
        assert!(!arrivals.add(&[of(1, 8)]), "it is still looked after");
        assert_eq!(arrivals.take().len(), 1);
        assert!(arrivals.take().is_empty());
        for from in 0..4u8 {
            let many: Vec<_> = (0..=DELIVERED_ROOMS_MAX as u8).map(|at| of(at.wrapping_add(from * 64), 1)).collect();
            assert_eq!(arrivals.add(&many), from == 0);
        }
        assert_eq!(arrivals.take().len(), ARRIVALS_WAITING_MAX);
    }
}
