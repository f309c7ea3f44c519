//! Links by which whoever has their text comes into a room. The text names the room and holds a
//! secret, of which the store keeps a keyed digest.

use rill_protocol::{ClientId, RoomId, UserId};
use rill_storage::{
    limits::ROOM_LINK_USES_MAX,
    model::{Change, Digest, LinkId, Membership, RoomLink},
};
use std::{fmt, ops::RangeInclusive, str::FromStr};

use super::{
    RoomView, Rooms,
    rules::{self, Act},
};
use crate::domain::{DomainError, World};

const LIFE_S: RangeInclusive<u64> = 60..=365 * 24 * 60 * 60;
const SECRET_BYTES: usize = 16;

/// What opens a room: `ROOM.SECRET`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkText {
    room: RoomId,
    secret: [u8; SECRET_BYTES],
}

impl fmt::Display for LinkText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.room, RoomId(self.secret))
    }
}

impl FromStr for LinkText {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let (room, secret) = text.trim().split_once('.').ok_or(DomainError::BadRoomLink)?;
        let (room, secret) = (room.parse(), secret.parse::<RoomId>());
        let (Ok(room), Ok(RoomId(secret))) = (room, secret) else { return Err(DomainError::BadRoomLink) };
        Ok(Self { room, secret })
    }
}

/// What a link is good for.
#[derive(Clone, Copy, Debug)]
pub struct LinkTerms {
    pub uses: u32,
    pub life_s: u64,
}

/// A link as those see it who run its room.
#[derive(Clone, Debug)]
pub struct LinkView {
    pub id: String,
    pub by_name: String,
    pub link: RoomLink,
}

impl Rooms {
    /// Makes a link. A retry under the client id gets the same text.
    pub async fn make_link(
        &self,
        user: UserId,
        client_id: ClientId,
        room: RoomId,
        terms: LinkTerms,
    ) -> Result<(LinkText, LinkView), DomainError> {
        self.must_be_a_group(user, room).await?;
        if !(1..=ROOM_LINK_USES_MAX).contains(&terms.uses) || !LIFE_S.contains(&terms.life_s) {
            return Err(DomainError::BadTerms {
                uses_max: ROOM_LINK_USES_MAX,
                life_s_min: *LIFE_S.start(),
                life_s_max: *LIFE_S.end(),
            });
        }
        let World { store, clock, .. } = &self.world;
        let mut secret = [0; SECRET_BYTES];
        let seed = store.digest("room-link-secret", &[&room.0, &user.0, &client_id.0]);
        secret.copy_from_slice(&seed.0[..SECRET_BYTES]);
        let text = LinkText { room, secret };
        let now_ms = clock.now_ms();
        let link = RoomLink {
            secret: self.link_digest(text),
            creator: user,
            created_ms: now_ms,
            expires_ms: now_ms + terms.life_s * 1_000,
            uses_max: terms.uses,
            uses: 0,
        };
        // The clock moves between two tries of one request: the terms tell them apart.
        let digest = store.digest("make-link", &[&terms.uses.to_be_bytes(), &terms.life_s.to_be_bytes()]);
        let change = Change::MakeLink { link: link.clone(), rule: rules::rule(Act::MakeLink) };
        self.change_as(user, client_id, room, (change, digest)).await?;
        let made = store.doors.link(room, link.secret).await?.unwrap_or(link);
        Ok((text, self.link_view(made).await?))
    }

    /// The links of a room that are open, for those who run it.
    pub async fn links(&self, user: UserId, room: RoomId) -> Result<Vec<LinkView>, DomainError> {
        self.must_run(user, room).await?;
        let now_ms = self.world.clock.now_ms();
        let mut views = Vec::new();
        for link in self.world.store.doors.links(room).await?.into_iter().filter(|link| link.is_open(now_ms)) {
            views.push(self.link_view(link).await?);
        }
        views.sort_by_key(|view| std::cmp::Reverse(view.link.created_ms));
        Ok(views)
    }

    /// Takes a link back.
    pub async fn revoke_link(
        &self,
        user: UserId,
        client_id: ClientId,
        room: RoomId,
        id: &str,
    ) -> Result<(), DomainError> {
        self.must_be_a_group(user, room).await?;
        let RoomId(id) = id.parse().map_err(|_| DomainError::BadRoomLink)?;
        let rule = rules::rule(Act::TakeBack);
        self.change(user, client_id, room, Change::RevokeLink { link: LinkId(id), rule }).await
    }

    /// The room that a link leads to, for whoever has its text; for who is in there also when it leads
    /// nobody else there any more.
    pub async fn look(&self, user: UserId, text: &str) -> Result<RoomView, DomainError> {
        let (text, World { store, clock, .. }) = (text.parse::<LinkText>()?, &self.world);
        let link = store.doors.link(text.room, self.link_digest(text)).await?;
        let is_open = link.is_some_and(|link| link.is_open(clock.now_ms()));
        let sight = store.rooms.room_for(user, text.room).await?.ok_or(DomainError::BadRoomLink)?;
        if !is_open && !sight.membership.as_ref().is_some_and(Membership::is_active) {
            return Err(DomainError::BadRoomLink);
        }
        self.seen_by(sight.membership.as_ref(), &sight.part).await
    }

    /// Goes where a link leads; who is there already does not use it up.
    pub async fn join_by_link(&self, user: UserId, client_id: ClientId, text: &str) -> Result<RoomView, DomainError> {
        let text = text.parse::<LinkText>()?;
        match self.enter(user, client_id, text.room, Change::JoinByLink(self.link_digest(text))).await {
            Err(DomainError::NoSuchRoom | DomainError::RoomDeleted) => Err(DomainError::BadRoomLink),
            other => other,
        }
    }

    async fn link_view(&self, link: RoomLink) -> Result<LinkView, DomainError> {
        let id = RoomId(link.id().0).to_string();
        Ok(LinkView { id, by_name: self.people.name_or_empty(link.creator).await?, link })
    }

    fn link_digest(&self, text: LinkText) -> Digest {
        self.world.store.digest("room-link", &[&text.room.0, &text.secret])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_link_is_read_as_it_is_written() {
        let text = LinkText { room: RoomId([1; 16]), secret: [9; 16] };
        assert!(format!(" {text}\n").parse::<LinkText>().unwrap() == text);
        for odd in ["", ".", "a.b", &RoomId([1; 16]).to_string(), &format!("{text}.x")] {
            assert!(matches!(odd.parse::<LinkText>(), Err(DomainError::BadRoomLink)), "{odd}");
        }
    }
}
