//! Lanes: entries as they come, and resuming.

use futures_util::FutureExt as _;
use rill_protocol::{
    Epoch, Frame, Kind, RoomId, U53,
    limits::RESUME_TAIL_ENTRIES,
    message::{
        Cursor, EntryAvatar, EntryCreated, EntryDeleted, EntryErased, EntryFile, EntryFileSettled, EntryHeader,
        EntryHidden, EntryJoined, EntryLeft, EntryMemberChange, EntryPosted, EntryRoomChange, Lane, LaneClass, Outcome,
        Resume, Resumed, RoomHandle, View,
    },
    mux::Class,
};
use tokio::time::Instant;

use super::{Device, Over, Purpose, stream::Stream};
use crate::witness::{DELETED, MEMBER_CHANGE, ROOM_CHANGE, Seen, Shown};

fn index(class: LaneClass) -> usize {
    usize::from(class == LaneClass::Others)
}

/// An entry of any kind.
fn entry(frame: &Frame) -> Option<(EntryHeader, Seen)> {
    let shown = |kind: u32, header: EntryHeader, text: &str| {
        let EntryHeader { at_ms, author, client_id, .. } = header;
        let print = Shown { kind, at_ms: at_ms.get(), author, client_id, text }.print();
        Some((header, Seen::Entry(print)))
    };
    match frame.known()? {
        Kind::EntryPosted => {
            let EntryPosted { header, text } = frame.decode().ok()?;
            shown(0, header, &text)
        }
        Kind::EntryCreated => {
            let EntryCreated { header, name } = frame.decode().ok()?;
            shown(1, header, &name)
        }
        Kind::EntryJoined => shown(2, frame.decode::<EntryJoined>().ok()?.header, ""),
        Kind::EntryLeft => shown(3, frame.decode::<EntryLeft>().ok()?.header, ""),
        Kind::EntryFile => {
            let EntryFile { header, text, .. } = frame.decode().ok()?;
            shown(4, header, &text)
        }
        Kind::EntryFileSettled => shown(5, frame.decode::<EntryFileSettled>().ok()?.header, ""),
        Kind::EntryAvatar => shown(6, frame.decode::<EntryAvatar>().ok()?.header, ""),
        Kind::EntryRoomChange => {
            let EntryRoomChange { header, change } = frame.decode().ok()?;
            shown(ROOM_CHANGE, header, &change.text)
        }
        Kind::EntryMemberChange => {
            let EntryMemberChange { header, change } = frame.decode().ok()?;
            shown(MEMBER_CHANGE, header, &change.name)
        }
        Kind::EntryDeleted => shown(DELETED, frame.decode::<EntryDeleted>().ok()?.header, ""),
        Kind::EntryErased => Some((frame.decode::<EntryErased>().ok()?.header, Seen::Erased)),
        Kind::EntryHidden => Some((frame.decode::<EntryHidden>().ok()?.header, Seen::Hidden)),
        _ => None,
    }
}

impl Device {
    pub(super) async fn open_lane(&mut self, class: LaneClass) {
        let Some(connection) = &mut self.connection else { return };
        let mux = if class == LaneClass::InView { Class::LaneInView } else { Class::LaneOthers };
        let Some(mut lane) = Stream::open(&connection.client, mux) else { return };
        lane.send(&Lane { class }).await;
        let at = index(class);
        connection.handles[at].clear();
        connection.removed[at].clear();
        connection.replaces[at] = connection.lanes[at].replace(lane).is_some();
    }

    /// Its stream ended and the connection lives, as far as is known.
    pub(super) async fn lane_lost(&mut self, class: LaneClass, over: Over) {
        let Some(connection) = &mut self.connection else { return };
        if over == Over::Broken || connection.client.closed().now_or_never().is_some() {
            return self.lost(over);
        }
        self.world.tell(format_args!("{} loses a lane, {over:?}", self.name));
        self.open_lane(class).await;
    }

    pub(super) async fn send_view(&mut self) {
        if !self.is_online() {
            return;
        }
        let tail = self.view.and_then(|room| Some((room, self.tails.get(&room)?.have())));
        let Some(connection) = &mut self.connection else { return };
        let (room, have_seq) = (tail.map(|(room, _)| room), U53::saturating(tail.map_or(0, |(_, have)| have)));
        connection.control.send(&View { room, have_seq }).await;
    }

    pub(super) async fn resume(&mut self, mut rooms: Vec<RoomId>) {
        rooms.retain(|room| self.tails.contains_key(room));
        if !self.is_online() || rooms.is_empty() {
            return;
        }
        if let Some(at) = self.view.and_then(|view| rooms.iter().position(|room| *room == view)) {
            rooms.swap(0, at);
        }
        // Now and then less than there is.
        let tail = if self.dice.one_in(3) { 3 } else { RESUME_TAIL_ENTRIES as u32 };
        let purpose = Purpose::Resume(rooms.clone());
        let Some((_, request)) = self.request(purpose) else { return };
        let mut cursors = Vec::new();
        for room in rooms {
            if let Some(known) = self.tails.get_mut(&room) {
                known.resume_sent(request);
                cursors.push(Cursor { room, epoch: known.epoch, seq: U53::saturating(known.have()), tail });
            }
        }
        if let Some(connection) = &mut self.connection {
            connection.control.send(&Resume { request, cursors }).await;
        }
    }

    pub(super) async fn resumed(&mut self, frame: &Frame) {
        let Ok(Resumed { request, unchanged, rooms: outcomes }) = frame.decode() else { return self.broken(frame) };
        let Some(Purpose::Resume(rooms)) = self.purpose(request) else { return self.broken(frame) };
        if unchanged as usize + outcomes.len() != rooms.len() {
            return self.broken(frame);
        }
        let mut again = Vec::new();
        for room in rooms {
            let outcome = outcomes.iter().find(|outcome| outcome.room == room);
            if let Some(outcome) = outcome {
                let (base, head) = (outcome.base.get(), outcome.head.get());
                self.world.tell(format_args!("{} resumes {room}: {:?} {base} {head}", self.name, outcome.outcome));
            }
            let Some(tail) = self.tails.get_mut(&room) else { continue };
            if outcome.is_some_and(|outcome| outcome.outcome == Outcome::Gone) {
                // The user's own log says when to come back. Put back to before it spoke of this, it
                // would say nothing of what the client knows already: the next time it says all.
                if tail.is_resumed_by(request) {
                    self.tails.remove(&room);
                    self.user_cursor.0 = Epoch::default();
                }
                continue;
            }
            match tail.resumed(request, outcome) {
                Ok(true) => again.push(room),
                Ok(false) => {}
                Err(what) => self.world.witness.violated(format!("{}: {what}", self.name)),
            }
        }
        self.resume(again).await;
    }

    pub(super) async fn heard_lane(&mut self, class: LaneClass, frame: &Frame) {
        let Some(connection) = &mut self.connection else { return };
        connection.heard_at = Instant::now();
        let at = index(class);
        match frame.known() {
            Some(Kind::LaneReady) if std::mem::take(&mut connection.replaces[at]) => {
                // What the lane before it had under way may be lost, of any room.
                self.send_view().await;
                let rooms = self.tails.keys().copied().collect();
                return self.resume(rooms).await;
            }
            Some(Kind::LaneReady) => return,
            Some(Kind::RoomHandle) => {
                let Ok(RoomHandle { handle, room, epoch }) = frame.decode() else { return self.broken(frame) };
                connection.handles[at].insert(handle, (room, epoch));
                return;
            }
            _ => {}
        }
        let Some((header, seen)) = entry(frame) else { return self.broken(frame) };
        let Some((room, epoch)) = connection.handles[at].get(&header.room).copied() else { return self.broken(frame) };
        let seq = header.seq.get();
        self.world.tell(format_args!("{} gets {room} {seq} {seen:?}", self.name));
        self.world.witness.saw(self.person.id, room, epoch, seq, seen);
        let removed = frame.decode_if::<EntryDeleted>().and_then(|entry| Some(entry.ok()?.target.get()));
        self.heard_talk(at, (room, epoch, seq), frame, removed).await;
        if let Some(tail) = self.tails.get_mut(&room)
            && tail.offer(epoch, seq, (seen, removed))
        {
            self.resume(vec![room]).await;
        }
    }
}
