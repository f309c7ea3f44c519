//! Messages that go, and what administrators are told of.

use bytes::Bytes;
use rill_protocol::{
    RoomId, U53, UserId,
    codec::frame,
    message::{RemoveMessage, Report, ReportedMessage},
};

use crate::{Client, Error, client::wrong_answer, random, session::Answer, session::Request};

/// A request of this kind; its number is given when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ModerationRequest {
    Remove(RemoveMessage),
    Report(Report),
}

impl ModerationRequest {
    pub(crate) fn encode(self, request: u32) -> Bytes {
        match self {
            Self::Remove(body) => frame(&RemoveMessage { request, ..body }),
            Self::Report(body) => frame(&Report { request, ..body }),
        }
    }
}

impl Client {
    /// Removes a message for good: one's own, or any of a room that one runs. What is removed
    /// already is no error.
    pub async fn remove_message(&self, room: RoomId, seq: u64) -> Result<(), Error> {
        let seq = U53::saturating(seq);
        let body = RemoveMessage { request: 0, client_id: random::client_id(), room, seq };
        self.ask_moderation(ModerationRequest::Remove(body)).await
    }

    /// Tells the server's administrators of somebody, or of a message of theirs.
    pub async fn report(&self, user: UserId, message: Option<(RoomId, u64)>, reason: &str) -> Result<(), Error> {
        let message = message.map(|(room, seq)| ReportedMessage { room, seq: U53::saturating(seq) });
        let reason = reason.to_owned();
        let body = Report { request: 0, client_id: random::client_id(), user, message, reason };
        self.ask_moderation(ModerationRequest::Report(body)).await
    }

    async fn ask_moderation(&self, request: ModerationRequest) -> Result<(), Error> {
        match self.ask(Request::Moderation(request)).await? {
            Answer::Done => Ok(()),
            _ => Err(wrong_answer()),
        }
    }
}
