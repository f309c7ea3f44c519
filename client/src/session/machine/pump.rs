//! What is due: posts and requests whose turn it is, pings, lanes to open again.

use rill_protocol::{
    codec::datagram,
    message::{LaneClass, Ping},
};
use std::time::Instant;

use super::{super::requests::Purpose, Machine, Output};

const LANES: [LaneClass; 2] = [LaneClass::InView, LaneClass::Others];

impl Machine {
    /// Moves what is due to the outputs.
    pub(crate) fn pump(&mut self, now: Instant) {
        self.note_waiting(now);
        if let Some(nonce) = self.liveness.as_mut().and_then(|liveness| liveness.ping(now)) {
            // The datagram measures the way alone; the frame also keeps the session alive
            // where datagrams are lost. The first answer counts.
            self.out.push_back(Output::Datagram(datagram(&Ping { nonce })));
            self.control(&Ping { nonce });
        }
        if !self.is_online() {
            return;
        }
        for class in LANES {
            if self.lane(class).reopen_at.is_some_and(|at| at <= now) {
                self.reopen(class);
            }
        }
        if self.resume_later.iter().any(|(at, _)| *at <= now) {
            let due = self.resume_later.extract_if(.., |(at, _)| *at <= now).map(|(_, room)| room).collect();
            self.resume(due);
        }
        self.tell_delivered(now);
        self.outbox.wake(now);
        self.requests.wake(now);
        while self.requests.has_room()
            && let Some(ask) = self.requests.next_waiting()
        {
            let request = ask.request.clone();
            let is_history = request.is_history();
            let bytes = request.encode(self.requests.begin(Purpose::Ask(ask)));
            self.out.push_back(if is_history { Output::History(bytes) } else { Output::Control(bytes) });
        }
        while self.requests.has_room()
            && let Some(post) = self.outbox.send_next()
        {
            let request = self.requests.begin(Purpose::Post(post.room));
            self.out.push_back(Output::Control(post.encode(request)));
        }
        self.note_waiting(now);
    }

    fn note_waiting(&mut self, now: Instant) {
        let is_waiting = self.requests.are_under_way();
        if let Some(liveness) = &mut self.liveness {
            liveness.waiting(is_waiting, now);
        }
    }

    fn reopen(&mut self, class: LaneClass) {
        let lane = self.lane(class);
        lane.reopen_at = None;
        lane.replaces = true;
        self.out.push_back(Output::OpenLane(class));
    }

    /// When [`Self::pump`] has something to do next, if nothing comes before.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let lanes = self.lanes.iter().filter_map(|lane| lane.reopen_at);
        let rooms = self.resume_later.iter().map(|(at, _)| *at);
        let others = [
            self.liveness.as_ref().map(|liveness| liveness.next_due()),
            self.outbox.next_due(),
            self.requests.next_due(),
            self.chats.due(),
        ];
        lanes.chain(rooms).chain(others.into_iter().flatten()).min()
    }
}
