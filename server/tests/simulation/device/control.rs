//! The control stream: from Welcome to the list of rooms, and answers.

use rill_protocol::{
    Frame, Kind, RoomId, U53,
    message::{
        Attach, Attached, Direction, Done, Failed, GetMessages, GoAway, History, LaneClass, MessageKind, MessagePage,
        Presence, PresenceState, ReadState, ReadStates, RoomAdded, RoomAnswer, RoomDetails, RoomRemoved, UserHead,
        WatchPresence, Welcome,
    },
    mux::Class,
};
use std::collections::{BTreeSet, btree_map::Entry};
use tokio::time::Instant;

use super::{Connection, Device, Phase, Purpose, Tail, stream::Stream, talks::hides_from_start};
use crate::{
    talks,
    witness::{MEMBER_CHANGE, ROOM_CHANGE, Seen, Shown, kind},
};
use rill_storage::model::Fact;

impl Device {
    /// A request number, and the connection that the request goes to.
    pub(super) fn request(&mut self, purpose: Purpose) -> Option<(&mut Connection, u32)> {
        let connection = self.connection.as_mut()?;
        connection.requests += 1;
        let request = connection.requests;
        connection.purposes.insert(request, purpose);
        Some((connection, request))
    }

    /// What an answer answers; each is answered once.
    pub(super) fn purpose(&mut self, request: u32) -> Option<Purpose> {
        self.connection.as_mut()?.purposes.remove(&request)
    }

    /// The server said what it must not say.
    pub(super) fn broken(&self, frame: &Frame) {
        let kind = frame.known().map(Kind::name);
        self.world.witness.violated(format!("{} hears a {kind:?} that does not belong there", self.name));
    }

    pub(super) async fn heard_control(&mut self, frame: &Frame) {
        let Some(connection) = &mut self.connection else { return };
        connection.heard_at = Instant::now();
        let phase = connection.phase;
        match (frame.known(), phase) {
            (Some(Kind::Welcome), Phase::Greeting) => self.welcomed(frame).await,
            (Some(Kind::Attached), Phase::Attaching) => {
                let Ok(Attached { request, user_epoch, snapshot }) = frame.decode() else { return self.broken(frame) };
                if !matches!(self.purpose(request), Some(Purpose::Attach)) {
                    return self.broken(frame);
                }
                if snapshot || user_epoch != self.user_cursor.0 {
                    self.user_cursor = (user_epoch, 0);
                }
                self.named = snapshot.then(BTreeSet::new);
            }
            (Some(Kind::RoomAdded), Phase::Attaching | Phase::Online) => self.room_added(frame, phase).await,
            (Some(Kind::RoomRemoved), Phase::Attaching | Phase::Online) => {
                let Ok(RoomRemoved { room, .. }) = frame.decode() else { return self.broken(frame) };
                self.world.tell(format_args!("{} is not in {room} any more", self.name));
                self.tails.remove(&room);
            }
            (Some(Kind::UserHead), Phase::Attaching | Phase::Online) => self.user_head(frame, phase).await,
            (Some(Kind::GoAway), _) => {
                let Ok(GoAway { reconnect_after_ms }) = frame.decode() else { return self.broken(frame) };
                self.world.tell(format_args!("{} is asked to come again after {reconnect_after_ms} ms", self.name));
            }
            (Some(Kind::Pong), _) => {}
            (Some(Kind::Failed), Phase::Attaching | Phase::Online) => {
                let Ok(Failed { request, code, detail }) = frame.decode() else { return self.broken(frame) };
                self.world.tell(format_args!("{} is refused, {code}", self.name));
                self.refused(request, code, &detail).await;
            }
            (Some(Kind::Accepted), Phase::Online) => self.accepted(frame),
            (Some(Kind::AcceptedBatch), Phase::Online) => self.accepted_batch(frame),
            (Some(Kind::RoomAnswer), Phase::Online) => match frame.decode::<RoomAnswer>() {
                Ok(answer) => self.changed(frame, answer.request),
                Err(_) => self.broken(frame),
            },
            (Some(Kind::Done), Phase::Online) => match frame.decode::<Done>() {
                Ok(answer) => self.changed(frame, answer.request),
                Err(_) => self.broken(frame),
            },
            (Some(Kind::Resumed), Phase::Online) => self.resumed(frame).await,
            (Some(Kind::RoomDetails), Phase::Attaching | Phase::Online) => {
                let rooms = frame.decode::<RoomDetails>().map(|details| details.rooms);
                if !rooms.is_ok_and(|rooms| rooms.iter().all(|detail| self.may_know(detail.room))) {
                    self.broken(frame);
                }
            }
            // Whoever is asked in comes by chance, as everybody does.
            (Some(Kind::InvitedToRoom | Kind::InvitationGone), Phase::Attaching | Phase::Online)
                if self.world.has_groups => {}
            (Some(Kind::Presence), Phase::Online) => self.presence(frame),
            // When somebody was there last.
            (Some(Kind::PresenceDetails), Phase::Online) => {}
            (Some(Kind::UserAvatars | Kind::RoomAvatars | Kind::EmojiVersion), Phase::Attaching | Phase::Online) => {
                self.heard_of_pictures(frame);
            }
            (Some(Kind::ReadStates), Phase::Online) => self.read_states(frame),
            (Some(Kind::Receipts), Phase::Online) => self.receipts(frame),
            (Some(Kind::Delivered), Phase::Online) if self.world.has_talks() => self.delivered(frame),
            // Whom the user blocks.
            (Some(Kind::ProfileAnswer), Phase::Attaching | Phase::Online) if self.world.has_talks() => {}
            _ => self.broken(frame),
        }
    }

    /// No count goes past another.
    fn read_states(&mut self, frame: &Frame) {
        let Ok(ReadStates { states }) = frame.decode() else { return self.broken(frame) };
        let agrees = |state: &ReadState| state.mark <= state.as_of && state.mentions <= state.unread;
        if !states.iter().all(agrees) {
            self.broken(frame);
        }
    }

    async fn welcomed(&mut self, frame: &Frame) {
        let Ok(Welcome { ticket, user, .. }) = frame.decode() else { return self.broken(frame) };
        if user != self.person.id {
            return self.broken(frame);
        }
        self.ticket = Some(ticket);
        let (user_epoch, user_seq) = (self.user_cursor.0, U53::saturating(self.user_cursor.1));
        let Some((connection, request)) = self.request(Purpose::Attach) else { return };
        connection.phase = Phase::Attaching;
        connection.control.send(&Attach { request, user_epoch, user_seq }).await;
    }

    async fn room_added(&mut self, frame: &Frame, phase: Phase) {
        let Ok(RoomAdded { room, .. }) = frame.decode() else { return self.broken(frame) };
        if !self.may_know(room.id) {
            return self.broken(frame);
        }
        if let Some(named) = &mut self.named {
            named.insert(room.id);
        }
        self.world.tell(format_args!("{} is in {}", self.name, room.id));
        if let Entry::Vacant(place) = self.tails.entry(room.id) {
            place.insert(Tail::default());
            if self.view == Some(room.id) {
                self.send_view().await;
            }
            self.resume(vec![room.id]).await;
        } else if phase == Phase::Online {
            // They left and are back: an answer that is on its way may be from between.
            self.resume(vec![room.id]).await;
        }
    }

    async fn user_head(&mut self, frame: &Frame, phase: Phase) {
        let Ok(UserHead { seq }) = frame.decode() else { return self.broken(frame) };
        if seq.get() < self.user_cursor.1 {
            self.world.witness.violated(format!("the own log of {} goes back to {}", self.name, seq.get()));
        }
        self.user_cursor.1 = seq.get();
        if let Some(named) = self.named.take() {
            self.tails.retain(|room, _| named.contains(room));
        }
        if phase == Phase::Attaching {
            if let Some(connection) = &mut self.connection {
                connection.phase = Phase::Online;
            }
            // Whatever stood beside it is left.
            self.abandoned.retain(|(_, connection)| connection.phase != Phase::Online);
            self.world.tell(format_args!("{} is online", self.name));
            let users = self.world.users.iter().map(|user| user.id).collect();
            if let Some((connection, request)) = self.request(Purpose::Watch) {
                connection.control.send(&WatchPresence { request, users }).await;
            }
            self.open_lane(LaneClass::InView).await;
            self.open_lane(LaneClass::Others).await;
            self.send_view().await;
            let rooms = self.tails.keys().copied().collect();
            self.resume(rooms).await;
        }
    }

    fn presence(&mut self, frame: &Frame) {
        let Ok(Presence { slots }) = frame.decode() else { return self.broken(frame) };
        let Some(connection) = &mut self.connection else { return };
        let (user, began) = (self.person.id, connection.began);
        for slot in slots {
            if slot.state == PresenceState::Online && hides_from_start(&self.world, (slot.user, user), began) {
                self.world.witness.violated(format!("{} sees somebody who blocks them", self.name));
            }
            let shown = (slot.version.get(), slot.state == PresenceState::Online);
            let (before, _) = connection.presence.insert(slot.user, shown).unwrap_or_default();
            if slot.version.get() < before {
                self.world.witness.violated(format!("presence goes back from {before} to {}", slot.version.get()));
            }
        }
    }

    pub(super) async fn ask_page(&mut self, room: RoomId, seq: u64) {
        if !self.is_online() {
            return;
        }
        let direction = if self.dice.one_in(2) { Direction::Before } else { Direction::After };
        let asked = self.world.witness.talks.lock().now();
        let Some((connection, request)) = self.request(Purpose::Page(room, asked)) else { return };
        if connection.history.is_none() {
            let Some(mut stream) = Stream::open(&connection.client, Class::History) else { return };
            stream.send(&History {}).await;
            connection.history = Some(stream);
        }
        if let Some(history) = &mut connection.history {
            history.send(&GetMessages { request, room, direction, seq: U53::saturating(seq), limit: 20 }).await;
        }
    }

    pub(super) fn heard_history(&mut self, frame: &Frame) {
        if let Some(connection) = &mut self.connection {
            connection.heard_at = Instant::now();
        }
        if let Some(Ok(Failed { request, .. })) = frame.decode_if::<Failed>() {
            self.purpose(request);
            return;
        }
        // The page of the messages follows.
        if matches!(frame.known(), Some(Kind::MessageFiles | Kind::MessageChanges)) {
            return;
        }
        let Some(Ok(page)) = frame.decode_if::<MessagePage>() else { return self.broken(frame) };
        let Some(Purpose::Page(room, asked)) = self.purpose(page.request) else { return self.broken(frame) };
        for message in page.messages {
            let shown = Shown {
                kind: match message.kind {
                    MessageKind::File => kind(Fact::File),
                    MessageKind::RoomChange => ROOM_CHANGE,
                    MessageKind::MemberChange => MEMBER_CHANGE,
                    other => u32::from(other),
                },
                at_ms: message.at_ms.get(),
                author: message.author,
                client_id: message.client_id,
                text: &message.text,
            };
            let is_erased = message.kind == MessageKind::Erased;
            if is_erased && !self.world.has_talks() || message.edits > 0 || is_erased && !message.text.is_empty() {
                self.world.witness.violated("a message was changed that nobody changed");
            }
            let seen = if is_erased { Seen::Erased } else { Seen::Entry(shown.print()) };
            self.world.witness.saw(self.person.id, room, page.epoch, message.seq.get(), seen);
            talks::showed(&self.world, (room, message.seq.get()), seen, asked);
        }
    }

    pub(super) fn history_lost(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.history = None;
            connection.purposes.retain(|_, purpose| !matches!(purpose, Purpose::Page(..)));
        }
    }
}
