//! Whom somebody wants to hear nothing of. Nothing tells the blocked: what they ask for is
//! refused as if it could not be had, the other one seems to be away, and the chat of the two is
//! closed.
//!
//! A block is several calls. The row of whoever blocks is the truth and is written first; what
//! follows from it can be repeated, and is when they connect the next time. Whoever blocks no
//! more takes back what followed first, under a row that says to follow it again; what another device
//! of theirs, which was about to block, writes behind that is taken back when the other one connects.

use rill_protocol::UserId;
use rill_storage::port::Blocked;

use super::{DomainError, World, rooms::private};
use crate::limits::BLOCKERS_MENDED_MAX;

/// See the module.
pub struct Blocks {
    world: World,
}

impl Blocks {
    pub(super) fn new(world: World) -> Self {
        Self { world }
    }

    /// Blocks somebody, or does so no more. Both are repeatable.
    pub async fn set(&self, user: UserId, other: UserId, is_blocked: bool) -> Result<(), DomainError> {
        if user == other {
            return Err(DomainError::Oneself);
        }
        let World { store, clock, .. } = &self.world;
        if !is_blocked {
            store.people.told(user, other, false).await?;
            private::reopen(store, user, other).await?;
            store.people.set_blocked_by(other, user, None).await?;
            store.people.unblock(user, other).await?;
            // Another device may have blocked them meanwhile, or have been about to.
            self.show(user, other, clock.now_ms()).await?;
            return Ok(private::settle(store, user, other).await?);
        }
        if store.users.profile(other).await?.is_none() {
            return Err(DomainError::NoSuchPerson);
        }
        let now_ms = clock.now_ms();
        match store.people.block(user, other, now_ms).await? {
            Blocked::Done => {}
            Blocked::TooMany => return Err(DomainError::TooManyBlocks),
            Blocked::NoSuchUser => return Err(DomainError::NoSuchPerson),
        }
        self.follow(user, other, now_ms).await
    }

    /// What follows from a block.
    async fn follow(&self, user: UserId, other: UserId, at_ms: u64) -> Result<(), DomainError> {
        let store = &self.world.store;
        private::settle(store, user, other).await?;
        self.show(user, other, at_ms).await?;
        Ok(store.people.told(user, other, true).await?)
    }

    /// What the other one is shown, as the block says. Of several who do this at once the last to write
    /// sees what is true.
    async fn show(&self, user: UserId, other: UserId, at_ms: u64) -> Result<(), DomainError> {
        let people = &self.world.store.people;
        loop {
            let is_blocked = people.blocks(user, other).await?;
            people.set_blocked_by(other, user, is_blocked.then_some(at_ms)).await?;
            if people.blocks(user, other).await? == is_blocked {
                return Ok(());
            }
        }
    }

    /// Makes the second calls that a crash cut off: those of the user's own blocks, and those of others
    /// who blocked the user and do so no more. Of these some, where there are very many: they come back.
    pub async fn mend(&self, user: UserId) -> Result<(), DomainError> {
        let World { store, clock, memory, .. } = &self.world;
        for other in store.people.untold(user).await? {
            self.follow(user, other, clock.now_ms()).await?;
        }
        for by in memory.blockers(user).await?.iter().take(BLOCKERS_MENDED_MAX) {
            if !store.people.blocks(*by, user).await? {
                self.show(*by, user, clock.now_ms()).await?;
            }
        }
        Ok(())
    }

    /// Whom somebody blocks.
    pub async fn of(&self, user: UserId) -> Result<Vec<UserId>, DomainError> {
        Ok(self.world.store.people.blocked(user).await?)
    }
}
