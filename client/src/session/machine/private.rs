//! Chats of two: what has arrived here of them is told to the server, the latest of each and at
//! most every so often; what has arrived at the other one the server tells.

use rill_protocol::{
    Epoch, RoomId, U53,
    limits::{DELIVERED_INTERVAL_MS, DELIVERED_ROOMS_MAX},
    message::{Delivered, DeliveredSeq, RoomDetail, RoomKind, TellDelivered},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::Machine;
use crate::Event;

/// Which rooms are chats of two, and what was told of them.
#[derive(Debug, Default)]
pub(super) struct Chats {
    /// What was told on this connection.
    told: BTreeMap<RoomId, (Epoch, u64)>,
    /// Of which there may be more to tell.
    behind: BTreeSet<RoomId>,
    told_at: Option<Instant>,
}

impl Chats {
    /// A room has moved on.
    pub(super) fn moved(&mut self, room: RoomId) {
        if self.told.contains_key(&room) {
            self.behind.insert(room);
        }
    }

    pub(super) fn remove(&mut self, room: RoomId) {
        self.told.remove(&room);
        self.behind.remove(&room);
    }

    /// What was on its way may be lost: all of it is told again.
    pub(super) fn disconnected(&mut self) {
        self.told.values_mut().for_each(|told| *told = Default::default());
        self.behind.clear();
    }

    /// When there is something to tell.
    pub(super) fn due(&self) -> Option<Instant> {
        let told_at = self.told_at.filter(|_| !self.behind.is_empty())?;
        Some(told_at + Duration::from_millis(DELIVERED_INTERVAL_MS))
    }
}

impl Machine {
    /// What rooms are.
    pub(super) fn room_details(&mut self, rooms: Vec<RoomDetail>) {
        for detail in rooms.iter().filter(|detail| detail.kind == RoomKind::Private) {
            self.chats.told.entry(detail.room).or_default();
            self.chats.behind.insert(detail.room);
        }
        self.events.push_back(Event::RoomDetails(rooms));
    }

    /// Tells what has arrived, if that is due.
    pub(super) fn tell_delivered(&mut self, now: Instant) {
        if self.chats.behind.is_empty() || self.chats.due().is_some_and(|due| now < due) {
            return;
        }
        let mut rooms = Vec::new();
        while rooms.len() < DELIVERED_ROOMS_MAX
            && let Some(room) = self.chats.behind.pop_first()
        {
            let (Some(tail), Some(told)) = (self.rooms.tail(room), self.chats.told.get_mut(&room)) else { continue };
            let (epoch, seq) = tail.cursor();
            if seq > 0 && (epoch, seq) != *told {
                *told = (epoch, seq);
                rooms.push(DeliveredSeq { room, seq: U53::saturating(seq) });
            }
        }
        if !rooms.is_empty() {
            self.chats.told_at = Some(now);
            self.control(&TellDelivered { rooms });
        }
    }

    /// What has arrived at the other ones. What the application has not taken yet is replaced.
    pub(super) fn delivered(&mut self, Delivered { rooms }: Delivered) {
        let waiting = self.events.iter_mut().find_map(|event| match event {
            Event::Delivered(waiting) => Some(waiting),
            _ => None,
        });
        let Some(waiting) = waiting else { return self.events.push_back(Event::Delivered(rooms)) };
        for DeliveredSeq { room, seq } in rooms {
            match waiting.iter_mut().find(|known| known.room == room) {
                Some(known) => known.seq = known.seq.max(seq),
                None => waiting.push(DeliveredSeq { room, seq }),
            }
        }
    }
}
