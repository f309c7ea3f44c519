//! Who writes, both ways. A session says so at most once a second, to members of small rooms; it
//! hears of members of rooms that it follows, while it may, and of nobody who wants to hear
//! nothing of its user.

use rill_protocol::{RoomId, codec, limits::TYPING_MEMBERS_MAX, message::Typing};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

use super::Session;
use crate::{domain::DomainError, limits::TYPING_DISTANCE_MS, transport::Connection};

/// What a session has said last.
#[derive(Default)]
pub(super) struct Said {
    last: Option<(RoomId, bool, Instant)>,
}

impl Said {
    /// Whether it is to be told: it is news, and the last word is some time ago. That somebody
    /// has stopped is told at once, if it was told that they had begun.
    fn passes(&mut self, typing: &Typing, now: Instant) -> bool {
        let passes = match self.last {
            None => typing.is_typing,
            Some((room, was_typing, at)) => match typing.is_typing {
                true => now >= at + Duration::from_millis(TYPING_DISTANCE_MS),
                false => was_typing && room == typing.room,
            },
        };
        if passes {
            // The pause is counted from a beginning, so that a stop does not shorten it.
            let at = self.last.filter(|_| !typing.is_typing).map_or(now, |(.., at)| at);
            self.last = Some((typing.room, typing.is_typing, at));
        }
        passes
    }
}

/// Whether a session may take part in who writes in a room.
async fn takes_part(session: &Session, room: RoomId) -> Result<bool, DomainError> {
    session.services.domain.rooms.shows_typing(session.identity.user, room, TYPING_MEMBERS_MAX).await
}

/// Somebody says that they write, or have stopped.
pub(super) async fn said(session: &Session, typing: Typing) {
    if !session.said_typing.lock().passes(&typing, Instant::now()) {
        return;
    }
    if matches!(takes_part(session, typing.room).await, Ok(true)) {
        let user = session.identity.user;
        session.services.hub.typing(typing.room, user, typing.is_typing);
        if let Some(cluster) = &session.services.cluster {
            cluster.typing(typing.room, user, typing.is_typing);
        }
    }
}

/// Tells what there is to tell.
pub(super) async fn tell<C: Connection>(session: &Arc<Session>, connection: &C) {
    for (room, user, is_typing) in session.inbox.take_typing() {
        if !session.inbox.hides(user) && matches!(takes_part(session, room).await, Ok(true)) {
            connection.send_datagram(codec::datagram(&Typing { room, user, is_typing }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::UserId;

    #[tokio::test(start_paused = true)]
    async fn a_session_says_it_once_in_a_while_and_stops_at_once() {
        let mut said = Said::default();
        let word = |room: u8, is_typing| Typing { room: RoomId([room; 16]), user: UserId::default(), is_typing };
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        for (room, is_typing, ms, expected) in [
            (1, false, 0, false),
            (1, true, 0, true),
            (1, true, 500, false),
            (2, true, 500, false),
            (2, false, 600, false),
            (1, false, 600, true),
            (1, false, 700, false),
            (1, true, 800, false),
            (2, true, TYPING_DISTANCE_MS, true),
            (2, true, 2 * TYPING_DISTANCE_MS, true),
        ] {
            assert_eq!(said.passes(&word(room, is_typing), at(ms)), expected, "{room} {is_typing} {ms}");
        }
    }
}
