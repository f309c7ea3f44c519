//! What people say of the moment, to whoever watches them.

use bytes::Bytes;
use rill_protocol::{
    UserId, codec, limits,
    message::{Availability, PresenceDetail, PresenceDetails},
};
use rill_storage::model::Profile;
use std::{collections::BTreeMap, sync::Arc};

use super::Session;
use crate::wire::number;

/// What a session was told.
#[derive(Default)]
pub(super) struct Told {
    details: BTreeMap<UserId, PresenceDetail>,
    /// Some was forgotten: who is not known may have been told of.
    has_forgotten: bool,
}

/// What there is to show of somebody who says nothing.
fn nothing(user: UserId) -> PresenceDetail {
    PresenceDetail {
        user,
        availability: Availability::Available,
        emoji: String::new(),
        text: String::new(),
        until_ms: number(0),
        seen_ms: number(0),
    }
}

/// What a session is shown of somebody.
fn detail(session: &Session, user: UserId, profile: &Profile) -> PresenceDetail {
    if session.inbox.hides(user) {
        return nothing(user);
    }
    let status = profile.status.at(session.services.clock.now_ms());
    let availability = match status.do_not_disturb {
        true => Availability::DoNotDisturb,
        false if session.services.hub.presence.is_idle(user) => Availability::Idle,
        false => Availability::Available,
    };
    let seen_ms = profile.seen_ms.filter(|_| !profile.card.hides_seen).unwrap_or_default();
    PresenceDetail {
        user,
        availability,
        emoji: status.emoji,
        text: status.text,
        until_ms: number(status.until_ms.unwrap_or_default()),
        seen_ms: number(seen_ms),
    }
}

impl Told {
    /// What is something else than was told.
    pub(super) fn frame(&mut self, session: &Session, profiles: &[(UserId, Arc<Profile>)]) -> Option<Bytes> {
        if self.details.len() > 2 * limits::PRESENCE_WATCH_MAX {
            self.details.clear();
            self.has_forgotten = true;
        }
        let mut people = Vec::new();
        // What the user says themselves their devices know as their own.
        for (user, profile) in profiles.iter().filter(|(user, _)| *user != session.identity.user) {
            let now = detail(session, *user, profile);
            let is_news = match self.details.get(user) {
                Some(told) => *told != now,
                None => self.has_forgotten || now != nothing(*user),
            };
            if is_news {
                self.details.insert(*user, now.clone());
                people.push(now);
            }
        }
        (!people.is_empty()).then(|| codec::frame(&PresenceDetails { people }))
    }
}
