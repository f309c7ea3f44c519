//! A session without IO: frames, commands and the time come in, frames and events go
//! out. It outlives connections; nothing in it can fail except by what a peer sends.

mod answers;
mod control;
mod own;
mod people;
mod pictures;
mod private;
mod pump;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use rill_protocol::{
    Code, Frame, RoomId, U53, codec,
    message::{
        Attach, LaneClass, LaneReady, MessageChanges, MessageFiles, Pong, Resume, Typing, View, Welcome, resume::Cursor,
    },
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    backoff::Jitter,
    command::Command,
    lane::{Handles, Violation},
    liveness::Liveness,
    outbox::{Outbox, Outcome, Pending},
    requests::{Purpose, Requests},
    room::Verdict,
    rooms::Rooms,
};
use crate::{EntryKind, Error, Event, Failure, limits};
use rill_protocol::limits::{RESUME_CURSORS_MAX, RESUME_TAIL_ENTRIES};

/// What the driver is to do, in this order.
#[derive(Debug)]
pub(crate) enum Output {
    /// Write to the control stream.
    Control(Bytes),
    /// Write to the history stream, opening one if there is none.
    History(Bytes),
    Datagram(Bytes),
    OpenLane(LaneClass),
    /// A post was answered for good: it need not be kept any more.
    Settled(Pending, Outcome<Failure>),
    /// The round trip was measured.
    RoundTrip(Duration),
    /// Nothing on this connection helps any more.
    GiveUp(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Offline,
    /// `Attach` was sent, the list of rooms is not complete.
    Attaching,
    Online,
}

/// One of the two lanes.
#[derive(Debug, Default)]
struct Lane {
    handles: Handles,
    /// When a lost one is opened again.
    reopen_at: Option<Instant>,
    /// It replaces one that died: its rooms are resumed when the server says that the
    /// dead one moves no cursor any more.
    replaces: bool,
    losses: u32,
}

/// The session; see [`super`].
#[derive(Debug)]
pub(crate) struct Machine {
    phase: Phase,
    rooms: Rooms,
    lanes: [Lane; 2],
    view: Option<RoomId>,
    outbox: Outbox,
    requests: Requests,
    /// The files of the page of history that is to come.
    page_files: Option<MessageFiles>,
    /// What is said anew on each connection.
    people: people::Wishes,
    page_changes: Option<MessageChanges>,
    /// Rooms whose `Resume` the server asked to repeat later.
    resume_later: Vec<(Instant, RoomId)>,
    liveness: Option<Liveness>,
    go_away: Option<Duration>,
    jitter: Jitter,
    own: own::Own,
    chats: private::Chats,
    out: VecDeque<Output>,
    events: VecDeque<Event>,
}

impl Machine {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Offline,
            rooms: Rooms::default(),
            lanes: Default::default(),
            view: None,
            outbox: Outbox::default(),
            requests: Requests::default(),
            page_files: None,
            people: people::Wishes::default(),
            page_changes: None,
            resume_later: Vec::new(),
            liveness: None,
            go_away: None,
            jitter: Jitter::new(seed),
            own: own::Own::default(),
            chats: private::Chats::default(),
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub(crate) fn next_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// What the application has not been given yet, oldest first.
    pub(crate) fn events(&mut self) -> &mut VecDeque<Event> {
        &mut self.events
    }

    /// Whether entries may be read: the application keeps up.
    pub(crate) fn wants_entries(&self) -> bool {
        self.events.len() < limits::EVENTS_PENDING_MAX
    }

    /// Whether handles may ask for more.
    pub(crate) fn accepts_commands(&mut self) -> bool {
        self.requests.accepts()
    }

    pub(crate) fn is_online(&self) -> bool {
        self.phase == Phase::Online
    }

    /// The pause that the server asked for before it went away.
    pub(crate) fn take_go_away(&mut self) -> Option<Duration> {
        self.go_away.take()
    }

    /// `Welcome` came: the session starts on this connection.
    pub(crate) fn connected(&mut self, welcome: &Welcome, now: Instant) {
        let millis = |value: u32| Duration::from_millis(u64::from(value));
        let Welcome { limits, .. } = welcome;
        self.phase = Phase::Attaching;
        self.liveness = Some(Liveness::new(millis(limits.ping_interval_ms), millis(limits.dead_after_ms), now));
        let (user_epoch, user_seq) = self.rooms.cursor();
        let request = self.requests.begin(Purpose::Attach);
        self.control(&Attach { request, user_epoch, user_seq: U53::saturating(user_seq) });
    }

    /// The connection is gone. What must survive it waits for the next.
    pub(crate) fn disconnected(&mut self) {
        self.phase = Phase::Offline;
        self.liveness = None;
        self.lanes = Default::default();
        self.resume_later.clear();
        self.page_files = None;
        self.out.retain(|output| matches!(output, Output::Settled(..)));
        self.rooms.disconnected();
        self.chats.disconnected();
        self.outbox.disconnected();
        self.requests.disconnected();
    }

    /// The session is over: whoever waits is told why.
    pub(crate) fn end(&mut self, why: &Error) {
        for pending in self.outbox.drain() {
            if let Some(receipt) = pending.receipt {
                receipt.send(Err(why.clone())).ok();
            }
        }
        for ask in self.requests.drain() {
            ask.answer.send(Err(why.clone())).ok();
        }
    }

    /// Any bytes came.
    pub(crate) fn heard(&mut self, now: Instant) {
        if let Some(liveness) = &mut self.liveness {
            liveness.heard(now);
        }
    }

    /// Whether the peer was silent for too long.
    pub(crate) fn is_dead(&self, now: Instant) -> bool {
        self.liveness.as_ref().is_some_and(|liveness| liveness.is_dead(now))
    }

    /// What a handle wants.
    pub(crate) fn command(&mut self, command: Command) {
        match command {
            Command::Post(pending) => self.outbox.push(pending),
            Command::Ask(ask) => self.requests.push(ask),
            // Without a connection the next one is from the new address anyway. With one, whether the
            // server still hears is found out at once: QUIC says nothing of itself to a listener.
            Command::Rebind => {
                if let Some(liveness) = &mut self.liveness {
                    liveness.ask_at_once();
                }
            }
            Command::Watch(users) => self.watch(users),
            Command::Idle(is_idle) => self.set_idle(is_idle),
            Command::Typing { room, is_typing } => self.typing(room, is_typing),
            Command::View(room) => {
                self.view = room;
                if self.is_online() {
                    self.send_view();
                }
            }
        }
    }

    /// A frame of a lane.
    pub(crate) fn lane_frame(&mut self, class: LaneClass, frame: &Frame) -> Result<(), Violation> {
        if frame.decode_if::<LaneReady>().transpose()?.is_some() && std::mem::take(&mut self.lane(class).replaces) {
            self.resume_lane(class);
        }
        let Some(entry) = self.lane(class).handles.read(frame)? else { return Ok(()) };
        let room = entry.room;
        // A room that was left meanwhile: nobody asks for its entries any more.
        let Some(tail) = self.rooms.tail(room) else { return Ok(()) };
        // What is missing in front of it never comes.
        if entry.kind == EntryKind::RoomDeleted {
            self.events.push_back(Event::Entry(entry));
            self.lose(room);
            return Ok(());
        }
        let verdict = tail.offer(entry, &mut self.events);
        self.chats.moved(room);
        self.judge(room, verdict);
        Ok(())
    }

    /// A lane ended: another one takes its place.
    pub(crate) fn lane_lost(&mut self, class: LaneClass, now: Instant) {
        let lane = self.lane(class);
        let losses = lane.losses;
        *lane = Lane { losses: losses + 1, ..Lane::default() };
        let pause = if losses == 0 { Duration::ZERO } else { self.jitter.pause(limits::RETRY_PAUSE, losses) };
        self.lane(class).reopen_at = Some(now + pause);
    }

    /// The history stream ended: what it did not answer is asked again.
    pub(crate) fn history_lost(&mut self) {
        self.page_files = None;
        self.requests.history_lost();
    }

    /// A datagram.
    pub(crate) fn datagram(&mut self, datagram: Bytes, now: Instant) {
        // What may be lost may also be nonsense.
        let Ok(frame) = Frame::from_datagram(datagram) else { return };
        if let Some(Ok(pong)) = frame.decode_if::<Pong>() {
            self.pong(&pong, now);
        } else if let Some(Ok(typing)) = frame.decode_if::<Typing>() {
            self.others_type(typing);
        }
    }

    fn pong(&mut self, pong: &Pong, now: Instant) {
        if let Some(trip) = self.liveness.as_mut().and_then(|liveness| liveness.pong(pong.nonce, now)) {
            self.out.push_back(Output::RoundTrip(trip));
        }
    }

    fn lane(&mut self, class: LaneClass) -> &mut Lane {
        &mut self.lanes[usize::from(class == LaneClass::Others)]
    }

    fn control<T: rill_protocol::kind::Body>(&mut self, body: &T) {
        self.out.push_back(Output::Control(codec::frame(body)));
    }

    fn send_view(&mut self) {
        let room = self.view.filter(|room| self.rooms.contains(*room));
        let have = room.and_then(|room| self.rooms.tail(room)).map_or(0, |tail| tail.cursor().1);
        self.control(&View { room, have_seq: U53::saturating(have) });
    }

    /// Asks for rooms from their cursors, the room in view first.
    fn resume(&mut self, mut rooms: Vec<RoomId>) {
        if let Some(at) = self.view.and_then(|view| rooms.iter().position(|room| *room == view)) {
            rooms.swap(0, at);
        }
        for chunk in rooms.chunks(RESUME_CURSORS_MAX) {
            let request = self.requests.begin(Purpose::Resume(chunk.to_vec()));
            let mut cursors = Vec::with_capacity(chunk.len());
            for room in chunk {
                let Some(tail) = self.rooms.tail(*room) else { continue };
                let (epoch, seq) = tail.cursor();
                tail.resume_sent(request);
                let tail = RESUME_TAIL_ENTRIES as u32;
                cursors.push(Cursor { room: *room, epoch, seq: U53::saturating(seq), tail });
            }
            self.control(&Resume { request, cursors });
        }
    }

    /// Asks again for what a dead lane may have had under way.
    fn resume_lane(&mut self, class: LaneClass) {
        if class == LaneClass::InView && self.view.is_some() {
            self.send_view();
        }
        // Of every room: one that has left the lane just before may have lost entries there.
        self.resume(self.rooms.ids());
    }

    fn judge(&mut self, room: RoomId, verdict: Verdict) {
        match verdict {
            Verdict::Fine => {}
            Verdict::NeedsResume if self.is_online() => self.resume(vec![room]),
            // Attaching resumes every room anyway.
            Verdict::NeedsResume => {}
            Verdict::Gone => self.lose(room),
        }
    }

    /// A room is gone, and the user's own log has not said so.
    fn lose(&mut self, room: RoomId) {
        self.rooms.remove(room, &mut self.events);
        self.rooms.own_log_is_behind();
        self.own_loses(room);
        self.chats.remove(room);
    }

    fn give_up(&mut self, code: Code, detail: &str) {
        self.out.push_back(Output::GiveUp(Failure { code: code.number(), detail: detail.to_owned() }));
    }
}
