//! What administrators do is written down: who, what, on whom, when, and what came of it.
//!
//! An act is written down before it is done and once more behind it, and only then answered. So
//! what a crash cut off stands there as begun. Nobody changes or removes what is written. It holds
//! ids, and names as they were.

use rill_protocol::{RoomId, UserId};
use rill_storage::model::{Act, ActOutcome, AuditEntry, NewAct};

use super::{
    DomainError, World,
    accounts::{Actor, Part},
};

/// Entries of one page at most.
const PAGE_MAX: usize = 200;

/// An act before it is done.
#[derive(Clone, Debug)]
pub struct Draft {
    pub act: Act,
    pub user: Option<UserId>,
    /// A room, and a message of it.
    pub message: Option<(RoomId, u64)>,
    /// A room as such.
    pub room: Option<RoomId>,
    /// What somebody or something was called, or what was given.
    pub detail: String,
}

impl Draft {
    /// About a user, who is called so now.
    pub fn on(act: Act, user: UserId, name: &str) -> Self {
        Self { act, user: Some(user), message: None, room: None, detail: name.to_owned() }
    }

    /// About nobody in particular.
    pub fn of(act: Act, detail: impl Into<String>) -> Self {
        Self { act, user: None, message: None, room: None, detail: detail.into() }
    }
}

/// See the module.
pub struct Audit {
    world: World,
}

/// An entry with the names of now.
#[derive(Clone, Debug)]
pub struct AuditView {
    pub entry: AuditEntry,
    /// Nothing for the operator of the machine.
    pub by_name: Option<String>,
    pub user_name: Option<String>,
}

impl Audit {
    pub(super) fn new(world: World) -> Self {
        Self { world }
    }

    /// Does what an administrator wants, and writes it down.
    pub async fn noted<T, E: From<DomainError>>(
        &self,
        actor: &Actor,
        draft: Draft,
        act: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        noted(&self.world, actor, draft, act, |_| None).await
    }

    /// The newest entries before one, newest first.
    pub async fn page(&self, before: Option<u64>, limit: usize) -> Result<Part<AuditView>, DomainError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let mut found = self.world.store.audit.page(before.unwrap_or(u64::MAX), limit + 1).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let mut items = Vec::with_capacity(found.len());
        for entry in found {
            let by_name = name(&self.world, Some(entry.act.by)).await?;
            let user_name = name(&self.world, entry.act.user).await?;
            items.push(AuditView { entry, by_name, user_name });
        }
        Ok(Part { items, more })
    }
}

/// What somebody is called now.
pub(super) async fn name(world: &World, user: Option<UserId>) -> Result<Option<String>, DomainError> {
    let Some(user) = user else { return Ok(None) };
    Ok(world.memory.profile(user).await?.map(|profile| profile.name.clone()))
}

/// The same for who knows by what came of it on whom it was.
pub(super) async fn noted<T, E: From<DomainError>>(
    world: &World,
    actor: &Actor,
    Draft { act, user, message, room, detail }: Draft,
    work: impl Future<Output = Result<T, E>>,
    on: impl FnOnce(&T) -> Option<UserId>,
) -> Result<T, E> {
    let audit = &world.store.audit;
    let (room, number) = (room.or(message.map(|(room, _)| room)), message.map(|(_, seq)| seq));
    let new = NewAct { by: actor.id(), at_ms: world.clock.now_ms(), act, user, room, number, detail };
    let seq = audit.begin(new).await.map_err(DomainError::from)?;
    let done = work.await;
    let (outcome, user) = match &done {
        Ok(made) => (ActOutcome::Done, on(made)),
        Err(_) => (ActOutcome::Failed, None),
    };
    match (audit.end(seq, outcome, user).await.map_err(DomainError::from), done) {
        // Why it failed says more.
        (_, Err(why)) => Err(why),
        (Err(error), Ok(_)) => Err(error.into()),
        (Ok(()), Ok(made)) => Ok(made),
    }
}
