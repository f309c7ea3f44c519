//! What a device hears of chats of two, and of messages that are removed.

use rill_protocol::{
    Code, Epoch, Frame, Kind, RoomId, U53, UserId,
    message::{Delivered, DeliveredSeq, Receipts, TellDelivered},
};

use super::{Connection, Device, Purpose};
use crate::{
    talks::{self, Moment},
    world::World,
};

/// One of so many entries of a chat is told to have arrived.
const ARRIVALS_SELDOM: u64 = 3;

/// Whether somebody has blocked another since before a connection of theirs began. Nodes that were
/// not told show what they knew.
pub(super) fn hides_from_start(world: &World, pair: (UserId, UserId), began: Moment) -> bool {
    world.shared.is_none() && world.witness.talks.lock().is_blocked_since(pair).is_some_and(|since| since < began)
}

impl Device {
    /// Chats of others are nobody's to know.
    pub(super) fn may_know(&self, room: RoomId) -> bool {
        self.world.chat(room).is_none_or(|chat| chat.other(self.person.id).is_some())
    }

    /// The one with whom a chat is, if it is one of the device's own.
    fn other(&self, room: RoomId) -> Option<UserId> {
        self.world.chat(room).and_then(|chat| chat.other(self.person.id))
    }

    /// Whether nothing is wrong with such an answer about a chat.
    pub(super) fn may_be_refused(&self, purpose: Option<&Purpose>, code: Code) -> bool {
        let (room, posts) = match purpose {
            Some(Purpose::Post(room, id) | Purpose::Repeat(room, id)) => (room, vec![*id]),
            Some(Purpose::Batch(room, ids)) => (room, ids.clone()),
            Some(Purpose::Page(room, _) | Purpose::Change(room, _)) => (room, Vec::new()),
            _ => return false,
        };
        let Some(chat) = self.world.chat(*room) else { return false };
        if code == Code::RoomClosed && chat.other(self.person.id).is_some() {
            let talks = self.world.witness.talks.lock();
            return posts.iter().all(|id| !talks.was_open_throughout((*room, self.person.id, *id)));
        }
        // There is none yet, or it is none of theirs.
        code == Code::NoSuchRoom
    }

    /// The next entry of a lane, which may say that another one was removed.
    pub(super) async fn heard_talk(
        &mut self,
        lane: usize,
        (room, epoch, seq): (RoomId, Epoch, u64),
        frame: &Frame,
        removed: Option<u64>,
    ) {
        let other = self.other(room);
        let Some(connection) = &mut self.connection else { return };
        connection.removed[lane].extend(removed.map(|target| (room, epoch, target)));
        if matches!(frame.known(), Some(Kind::EntryPosted | Kind::EntryFile)) {
            let is_late = connection.removed[lane].contains(&(room, epoch, seq));
            if is_late || talks::was_removed_at_start(&self.world, (room, seq), connection.began) {
                self.world.witness.violated(format!("{} gets {seq} of {room}, which was removed", self.name));
            }
        }
        if other.is_some() && self.dice.one_in(ARRIVALS_SELDOM) {
            self.tell_arrived(room, seq).await;
        }
    }

    async fn tell_arrived(&mut self, room: RoomId, seq: u64) {
        let Some(Connection { control, .. }) = &mut self.connection else { return };
        let rooms = vec![DeliveredSeq { room, seq: U53::saturating(seq) }];
        control.send(&TellDelivered { rooms }).await;
    }

    /// Up to where chats have arrived at the others, which those do not tell whom they block.
    pub(super) fn delivered(&mut self, frame: &Frame) {
        let Ok(Delivered { rooms }) = frame.decode() else { return self.broken(frame) };
        for DeliveredSeq { room, seq } in rooms {
            let (Some(other), Some(connection)) = (self.other(room), &mut self.connection) else {
                return self.broken(frame);
            };
            // Of two the larger one holds.
            let latest = connection.delivered.entry(room).or_default();
            *latest = seq.get().max(*latest);
            if hides_from_start(&self.world, (other, self.person.id), connection.began) {
                self.world.witness.violated(format!("{} is told what has arrived at who blocks them", self.name));
            }
        }
    }

    /// How far others have read.
    pub(super) fn receipts(&mut self, frame: &Frame) {
        let Ok(Receipts { room, receipts }) = frame.decode() else { return self.broken(frame) };
        let Some(began) = self.connection.as_ref().map(|connection| connection.began) else { return };
        if !self.may_know(room) {
            return self.broken(frame);
        }
        let hides = |user| hides_from_start(&self.world, (user, self.person.id), began);
        if receipts.iter().any(|receipt| hides(receipt.user)) {
            self.world.witness.violated(format!("{} is told how far somebody has read who blocks them", self.name));
        }
    }
}
