//! How far people have read, and who may know.

use futures_util::future::try_join_all;
use rill_protocol::{RoomId, UserId, limits};
use rill_storage::{
    model::{NewMark, Reading, Receipt, UserFact, UserKey},
    planted::{self, Bug},
    port::MarkRefused,
};

use std::collections::BTreeSet;

use super::{
    DomainError, World,
    messages::{absent, member, shut},
    own,
};

/// A part of a room's receipts, and behind whom the next begins.
pub struct Receipts {
    pub receipts: Vec<Receipt>,
    pub next: Option<UserId>,
}

/// See the module.
pub struct Marks {
    world: World,
}

impl Marks {
    pub(super) fn new(world: World) -> Self {
        Self { world }
    }

    /// Moves a user's mark; how it stands then.
    pub async fn set(&self, user: UserId, room: RoomId, mark: NewMark) -> Result<Reading, DomainError> {
        match self.world.store.marks.set(room, user, mark).await? {
            Ok(reading) => Ok(reading),
            Err(MarkRefused::NoSuchRoom) => Err(absent(&self.world.store, room).await?),
            Err(MarkRefused::NotAMember) => Err(shut(&self.world.store, user, room).await?),
            Err(MarkRefused::NoSuchEntry { head }) => Err(DomainError::NoSuchMark(head)),
        }
    }

    /// How a user stands in a room; `None` for who is no member.
    pub async fn reading(&self, user: UserId, room: RoomId) -> Result<Option<Reading>, DomainError> {
        Ok(self.world.store.marks.reading(room, user).await?)
    }

    /// Whether a room is so small that everybody in it is told how far the others have read.
    pub async fn are_pushed(&self, room: RoomId) -> Result<bool, DomainError> {
        let found = self.world.memory.room(room).await?;
        Ok(found.is_some_and(|room| room.members as usize <= limits::RECEIPTS_PUSHED_MEMBERS_MAX))
    }

    /// A part of a room's receipts, for members.
    pub async fn receipts(
        &self,
        user: UserId,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Receipts, DomainError> {
        let World { store, memory, .. } = &self.world;
        member(store, user, room).await?;
        let members = memory.room(room).await?.map_or(0, |room| room.members as usize);
        if members > limits::RECEIPTS_MEMBERS_MAX {
            return Err(DomainError::RoomTooLarge(limits::RECEIPTS_MEMBERS_MAX));
        }
        let limit = limit.clamp(1, limits::RECEIPT_PAGE_MAX);
        let found = store.marks.receipts(room, after, limit + 1).await?;
        let next = found.get(limit).and_then(|_| found.get(limit - 1)).map(|last| last.user);
        let others = found.into_iter().take(limit).filter(|receipt| receipt.user != user).collect();
        let receipts = self.shown_to(user, others).await?;
        Ok(Receipts { receipts, next })
    }

    /// Up to where these members have read, for members; without who hides it.
    pub async fn receipts_of(
        &self,
        user: UserId,
        room: RoomId,
        of: &BTreeSet<UserId>,
    ) -> Result<Vec<Receipt>, DomainError> {
        let store = &self.world.store;
        member(store, user, room).await?;
        let found = try_join_all(of.iter().map(|other| store.marks.receipt(room, *other))).await?;
        self.shown_to(user, found.into_iter().flatten().collect()).await
    }

    /// A private chat has arrived at a device of one of the two. What is none of theirs is let be.
    pub async fn arrive(&self, user: UserId, room: RoomId, seq: u64) -> Result<(), DomainError> {
        let World { store, memory, .. } = &self.world;
        let found = memory.room(room).await?;
        if found.and_then(|room| room.kind.other(user)).is_none() {
            return Ok(());
        }
        // Most is known already, and a look costs less than a command.
        if store.marks.arrival(room, user).await?.is_none_or(|known| known < seq) {
            store.marks.arrive(room, user, seq).await?;
        }
        Ok(())
    }

    /// Up to where a private chat of a user has arrived at the other one, if the user may know.
    pub async fn arrival(&self, user: UserId, room: RoomId) -> Result<Option<u64>, DomainError> {
        let World { store, memory, .. } = &self.world;
        let Some(other) = memory.room(room).await?.and_then(|room| room.kind.other(user)) else { return Ok(None) };
        if store.people.blocks(other, user).await? && !planted::is(Bug::ReceiptsToldToBlocked) {
            return Ok(None);
        }
        Ok(store.marks.arrival(room, other).await?.filter(|seq| *seq > 0))
    }

    /// Without those of who hides theirs, or wants to hear nothing of the one who asks.
    async fn shown_to(&self, user: UserId, receipts: Vec<Receipt>) -> Result<Vec<Receipt>, DomainError> {
        let asked = receipts.iter().map(|receipt| self.are_hidden(user, receipt.user));
        let hidden = try_join_all(asked).await?;
        Ok(receipts.into_iter().zip(hidden).filter(|(_, is_hidden)| !is_hidden).map(|(receipt, _)| receipt).collect())
    }

    async fn are_hidden(&self, user: UserId, of: UserId) -> Result<bool, DomainError> {
        let store = &self.world.store;
        if store.people.blocks(of, user).await? && !planted::is(Bug::ReceiptsToldToBlocked) {
            return Ok(true);
        }
        let found = store.user_log.get(of, UserKey::Setting(own::RECEIPTS_HIDDEN)).await?;
        Ok(
            matches!(found, Some(UserFact::Setting { number, value }) if own::receipts_hidden(number, &value) == Some(true)),
        )
    }
}
