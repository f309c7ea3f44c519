//! What people say of themselves, and whom they want to hear nothing of.

use async_trait::async_trait;
use rill_protocol::UserId;

use super::{Ports, Slot, Substrate};
use crate::{
    StoreError,
    embedded::{keys, read::Read, stored},
    engine::Direction,
    limits::{BLOCKS_PER_USER_MAX, READ_ROWS_MAX},
    model::{Avatar, Card, Profile, Status},
    port::{Blocked, People},
};

/// What is shown of a user, from its rows.
pub(super) fn profile(
    user: stored::User,
    avatar: Avatar,
    card: Option<stored::UserCard>,
    status: Option<stored::UserStatus>,
    seen: Option<stored::UserSeen>,
) -> Profile {
    let card_version = card.as_ref().map_or(0, |row| row.version);
    let card = card.map_or_else(Card::default, |row| {
        let stored::UserCard { name, language, time_zone, is_unlisted, hides_seen, .. } = row;
        Card { name, language, time_zone, is_unlisted, hides_seen }
    });
    let status = status.map_or_else(Status::default, |row| {
        let stored::UserStatus { do_not_disturb, emoji, text, until_ms } = row;
        Status { do_not_disturb, emoji, text, until_ms }
    });
    Profile {
        name: if card.name.is_empty() { user.name.clone() } else { card.name.clone() },
        username: user.name,
        is_disabled: user.disabled_ms.is_some(),
        avatar,
        card_version,
        card,
        status,
        seen_ms: seen.map(|row| row.at_ms),
    }
}

#[async_trait]
impl<S: Substrate> People for Ports<S> {
    async fn set_card(&self, user: UserId, card: Card, at_ms: u64) -> Result<bool, StoreError> {
        self.write(Slot::User(user), move |tx| {
            let (account, now) = (tx.contains(&keys::user(user)), tx.get(&keys::user_card(user)));
            let (is_there, now) = (account?, now?);
            if !is_there {
                return Ok(false);
            }
            let version = at_ms.max(now.map_or(0, |row| row.version) + 1);
            let Card { name, language, time_zone, is_unlisted, hides_seen } = card.clone();
            let row = stored::UserCard { version, name, language, time_zone, is_unlisted, hides_seen };
            tx.put(keys::user_card(user), &row)?;
            Ok(true)
        })
        .await
    }

    async fn set_status(&self, user: UserId, status: Status) -> Result<bool, StoreError> {
        self.write(Slot::User(user), move |tx| {
            if !tx.contains(&keys::user(user))? {
                return Ok(false);
            }
            let Status { do_not_disturb, emoji, text, until_ms } = status.clone();
            tx.put(keys::user_status(user), &stored::UserStatus { do_not_disturb, emoji, text, until_ms })?;
            Ok(true)
        })
        .await
    }

    async fn seen(&self, user: UserId, at_ms: u64) -> Result<(), StoreError> {
        self.write(Slot::User(user), move |tx| {
            let (account, before) = (tx.contains(&keys::user(user)), tx.get(&keys::user_seen(user)));
            if !account? || before?.is_some_and(|row| row.at_ms >= at_ms) {
                return Ok(());
            }
            tx.put(keys::user_seen(user), &stored::UserSeen { at_ms })
        })
        .await
    }

    async fn block(&self, user: UserId, other: UserId, at_ms: u64) -> Result<Blocked, StoreError> {
        self.write(Slot::User(user), move |tx| {
            let (account, known) = (tx.contains(&keys::user(user)), tx.contains(&keys::block(user, other)));
            if !account? {
                return Ok(Blocked::NoSuchUser);
            }
            if known? {
                return Ok(Blocked::Done);
            }
            let blocks = tx.collect(&keys::blocks(user), Direction::Forward, BLOCKS_PER_USER_MAX, |_, _| Ok(()))?;
            if blocks.len() >= BLOCKS_PER_USER_MAX {
                return Ok(Blocked::TooMany);
            }
            tx.put(keys::block(user, other), &stored::Block { at_ms, is_told: false })?;
            Ok(Blocked::Done)
        })
        .await
    }

    async fn unblock(&self, user: UserId, other: UserId) -> Result<(), StoreError> {
        self.write(Slot::User(user), move |tx| tx.delete(keys::block(user, other))).await
    }

    async fn blocks(&self, user: UserId, other: UserId) -> Result<bool, StoreError> {
        self.read(Slot::User(user), |view| view.contains(&keys::block(user, other))).await
    }

    async fn blocked(&self, user: UserId) -> Result<Vec<UserId>, StoreError> {
        self.read(Slot::User(user), |view| {
            view.collect(&keys::blocks(user), Direction::Forward, BLOCKS_PER_USER_MAX, |key, _| {
                key.user()?;
                key.user()
            })
        })
        .await
    }

    async fn untold(&self, user: UserId) -> Result<Vec<UserId>, StoreError> {
        self.read(Slot::User(user), |view| {
            let rows = view.collect(&keys::blocks(user), Direction::Forward, BLOCKS_PER_USER_MAX, |key, row| {
                key.user()?;
                Ok((key.user()?, row.is_told))
            })?;
            Ok(rows.into_iter().filter(|(_, is_told)| !is_told).map(|(other, _)| other).collect())
        })
        .await
    }

    async fn told(&self, user: UserId, other: UserId, is_told: bool) -> Result<(), StoreError> {
        self.write(Slot::User(user), move |tx| {
            let Some(row) = tx.get(&keys::block(user, other))? else { return Ok(()) };
            tx.put(keys::block(user, other), &stored::Block { is_told, ..row })
        })
        .await
    }

    async fn set_blocked_by(&self, user: UserId, other: UserId, at_ms: Option<u64>) -> Result<(), StoreError> {
        self.write(Slot::User(user), move |tx| match at_ms {
            Some(at_ms) if !tx.contains(&keys::blocked_by(user, other))? => {
                tx.put(keys::blocked_by(user, other), &stored::BlockedBy { at_ms })
            }
            Some(_) => Ok(()),
            None => tx.delete(keys::blocked_by(user, other)),
        })
        .await
    }

    async fn blocked_by(&self, user: UserId, after: Option<UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        self.read(Slot::User(user), |view| {
            let mut span = keys::blocked_bys(user);
            if let Some(after) = after {
                span = span.behind(&[&user.0, &after.0]);
            }
            view.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, _| {
                key.user()?;
                key.user()
            })
        })
        .await
    }
}
