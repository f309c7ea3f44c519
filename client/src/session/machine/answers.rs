//! Answers to requests: done, to be repeated, or refused for good.

use rill_protocol::{
    Action, ClientId, Code, Epoch, RoomId,
    message::{Accepted, PlacedPost},
};
use std::time::Instant;

use super::{
    super::{
        command::{Answer, Ask},
        requests::Purpose,
    },
    Machine, Output,
};
use crate::{Failure, Posted, limits};

impl Machine {
    /// The rooms of a `Resume`, if `request` is one.
    pub(super) fn resumed_rooms(&mut self, request: u32) -> Option<Vec<RoomId>> {
        match self.requests.finish(request)? {
            Purpose::Resume(rooms) => Some(rooms),
            _ => None,
        }
    }

    pub(super) fn accepted(&mut self, accepted: &Accepted) {
        let Accepted { request, epoch, seq, at_ms, replay } = *accepted;
        self.placed(request, epoch, &[PlacedPost { seq, at_ms, replay }]);
    }

    /// A post or a batch is in its log.
    pub(super) fn placed(&mut self, request: u32, epoch: Epoch, places: &[PlacedPost]) {
        let Some(Purpose::Post(room)) = self.requests.finish(request) else { return };
        let Some(post) = self.outbox.under_way(room) else { return };
        if post.count() != places.len() {
            return self.give_up(Code::Malformed, "a batch was answered as if it were another");
        }
        let posted = |(client_id, place): (ClientId, &PlacedPost)| Posted {
            room,
            client_id,
            epoch,
            seq: place.seq.get(),
            at_ms: place.at_ms.get(),
            replay: place.replay,
        };
        let posted = post.client_ids().zip(places).map(posted).collect();
        if let Some(pending) = self.outbox.take_head(room) {
            self.out.push_back(Output::Settled(pending, Ok(posted)));
        }
    }

    pub(super) fn answered(&mut self, request: u32, answer: Answer) {
        if let Some(Purpose::Ask(ask)) = self.requests.finish(request) {
            ask.answer.send(Ok(answer)).ok();
        }
    }

    pub(super) fn failed(&mut self, request: u32, code: u32, detail: String, now: Instant) {
        let failure = Failure { code, detail };
        let again = matches!(failure.action(), Action::Retry | Action::Resume);
        match self.requests.finish(request) {
            Some(Purpose::Attach) => self.out.push_back(Output::GiveUp(failure)),
            Some(Purpose::Resume(rooms)) if again => {
                let at = now + self.jitter.pause(limits::RETRY_PAUSE, 2);
                self.resume_later.extend(rooms.into_iter().map(|room| (at, room)));
            }
            Some(Purpose::Resume(_)) => self.out.push_back(Output::GiveUp(failure)),
            Some(Purpose::Post(room)) if again => {
                let pause = self.jitter.pause(limits::RETRY_PAUSE, self.outbox.tries(room));
                self.outbox.delay(room, now + pause);
            }
            Some(Purpose::Post(room)) => {
                if let Some(pending) = self.outbox.take_head(room) {
                    self.out.push_back(Output::Settled(pending, Err(failure)));
                }
            }
            Some(Purpose::Ask(ask)) if again => {
                let pause = self.jitter.pause(limits::RETRY_PAUSE, ask.tries);
                self.requests.delay(Ask { tries: ask.tries + 1, ..ask }, now + pause);
            }
            Some(Purpose::Ask(ask)) => {
                ask.answer.send(Err(failure.into())).ok();
            }
            Some(Purpose::Wish) => tracing::debug!(request, %failure, "the server refused a wish"),
            // A frame without a number was refused: a `View` of a room that was just left.
            None => tracing::debug!(request, %failure, "the server refused a frame"),
        }
    }
}
