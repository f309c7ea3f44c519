//! The lists that span slots: keys of their own, beside no slot's truth.
//!
//! `roster` has every account's id, `directory` every room that is listed, with its time, and
//! `unlisted` every other. `pending`,
//! `expiring` and `collecting` only say where to look, as `contents` says what there is: a slot
//! is put in before it has something due or to be swept, and may stay when it has nothing any
//! more. To take it out is two steps, out of the
//! list and then a version of the slot: whoever put something in between is seen by the
//! second, and whoever comes later knows of it by the version.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use redis::{Value, cmd};
use rill_protocol::{RoomId, UserId};
use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{
    commit::Empty, core::Core, layout::Layout, memory::Known, queue::job, substrate::Redis, version::Version, wants,
};
use crate::{
    StoreError,
    aggregates::{self, Slot},
    embedded::{keys, read::Read},
    engine::{Direction, Overlay},
    limits::{LIST_READS_MAX, READ_ROWS_MAX, STEPPING_DOWN_MS, SWEEP_ROWS_MAX},
    model::{Pending, User},
    port::{Directory, Roster},
    table::Table,
};

/// Slots that have something due or to be swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Pending,
    Expiring,
    /// Contents that a collector has to look at.
    Collecting,
    /// All of them.
    Contents,
}

impl List {
    /// The lists that a batch's rows belong into, which for slots of one kind are the same.
    fn of(writes: &Overlay) -> &'static [Self] {
        let tables = writes.iter().filter(|(_, value)| value.is_some()).filter_map(|(key, _)| key.first());
        let mut lists = tables.filter_map(|number| match Table::of(*number)? {
            Table::Pending => Some(&[Self::Pending][..]),
            Table::Ticket | Table::Invitation | Table::Transfer => Some(&[Self::Expiring][..]),
            Table::Content | Table::ContentDue => Some(&[Self::Contents, Self::Collecting][..]),
            _ => None,
        });
        lists.next().unwrap_or_default()
    }

    fn key(self, layout: &Layout) -> Vec<u8> {
        layout.global(match self {
            Self::Pending => "pending",
            Self::Expiring => "expiring",
            Self::Collecting => "collecting",
            Self::Contents => "contents",
        })
    }
}

fn id(slot: Slot) -> Vec<u8> {
    match slot {
        Slot::Room(room) => room.0.to_vec(),
        Slot::User(user) => user.0.to_vec(),
        Slot::Name(name) => name.0.to_vec(),
        Slot::Content(content) => content.0.to_vec(),
        // In no list: there is one of each.
        Slot::Emoji | Slot::Desk => Vec::new(),
    }
}

fn ids(values: Value) -> Result<Vec<[u8; 16]>, StoreError> {
    let values = wants::list(values)?.into_iter().map(wants::bytes);
    values.map(|id| id?.and_then(|id| id.try_into().ok()).ok_or_else(wants::unexpected)).collect()
}

impl Core {
    /// Puts a slot into its list, before a batch that makes it belong there.
    pub(super) async fn list_if_due(
        &self,
        known: &Known,
        version: &Version,
        writes: &Overlay,
    ) -> Result<(), StoreError> {
        let lists = List::of(writes);
        if lists.is_empty() || known.remembered.is_listed(version) {
            return Ok(());
        }
        for list in lists {
            self.list(*list, known.slot).await?;
        }
        known.remembered.note_listed(Some(version));
        Ok(())
    }

    async fn list(&self, list: List, slot: Slot) -> Result<(), StoreError> {
        let key = list.key(&self.layout);
        self.command("listing", &key, cmd("ZADD").arg(&key).arg(0).arg(id(slot))).await.map(drop)
    }

    /// Takes a slot out of a list, if nothing is left that belongs there.
    pub(super) async fn unlist(self: &Arc<Self>, list: List, slot: Slot) -> Result<(), StoreError> {
        let known = self.slots.known(slot);
        known.remembered.note_listed(None);
        let key = list.key(&self.layout);
        self.command("listing", &key, cmd("ZREM").arg(&key).arg(id(slot))).await?;
        let (job, answer) = job(None, move |tx| {
            Ok(match slot {
                Slot::Room(room) => !aggregates::pending(tx, &keys::pending_of(room), 1)?.is_empty(),
                Slot::User(user) => {
                    let (tickets, invitations) = (keys::tickets(user), keys::invitations(user));
                    !tx.collect(&keys::transfers(user), Direction::Forward, 1, |_, _| Ok(()))?.is_empty()
                        || !tx.collect(&tickets, Direction::Forward, 1, |_, _| Ok(()))?.is_empty()
                        || !tx.collect(&invitations, Direction::Forward, 1, |_, _| Ok(()))?.is_empty()
                }
                Slot::Name(_) | Slot::Emoji | Slot::Desk => false,
                Slot::Content(content) => {
                    let is_stored = list == List::Contents && tx.contains(&keys::content(content))?;
                    is_stored || tx.contains(&keys::content_due(content))?
                }
            })
        });
        self.commands.queued.fetch_add(1, Relaxed);
        self.commit(&known, &mut vec![job], Empty::Counted).await;
        match answer.await.unwrap_or(Err(StoreError::Closed)) {
            Ok(false) => Ok(()),
            Ok(true) => self.list(list, slot).await,
            Err(error) => {
                // Nobody knows: better once too often.
                self.list(list, slot).await?;
                Err(error)
            }
        }
    }

    /// Ids of a list in their order, behind one of them.
    pub(super) async fn listed(
        &self,
        key: &[u8],
        after: Option<[u8; 16]>,
        limit: usize,
    ) -> Result<Vec<[u8; 16]>, StoreError> {
        let from = after.map_or_else(|| b"-".to_vec(), |after| [&b"("[..], &after].concat());
        let mut command = cmd("ZRANGEBYLEX");
        command.arg(key).arg(from).arg("+").arg("LIMIT").arg(0).arg(limit);
        ids(self.command("reading a list", key, &command).await?)
    }

    pub(super) async fn listed_in(&self, list: List, after: Option<[u8; 16]>) -> Result<Vec<[u8; 16]>, StoreError> {
        self.listed(&list.key(&self.layout), after, SWEEP_ROWS_MAX).await
    }

    /// What is due, room by room. Rooms with nothing leave the list.
    pub(super) async fn pending(self: &Arc<Self>, limit: usize) -> Result<Vec<Pending>, StoreError> {
        let (mut due, mut after) = (Vec::new(), None);
        while due.len() < limit {
            let rooms = self.listed_in(List::Pending, after).await?;
            let Some(last) = rooms.last() else { break };
            after = Some(*last);
            let of_rooms = stream::iter(rooms.into_iter().map(RoomId).map(|room| async move {
                let read =
                    self.read(Slot::Room(room), |view| aggregates::pending(view, &keys::pending_of(room), limit));
                Ok::<_, StoreError>((room, read.await?))
            }));
            let mut of_rooms = of_rooms.buffered(LIST_READS_MAX);
            while let Some((room, found)) = of_rooms.try_next().await? {
                if found.is_empty() {
                    self.unlist(List::Pending, Slot::Room(room)).await?;
                }
                due.extend(found);
            }
        }
        due.truncate(limit);
        Ok(due)
    }
}

#[async_trait]
impl Roster for Redis {
    async fn add(&self, user: UserId) -> Result<(), StoreError> {
        self.core.ensure_open()?;
        let key = self.core.layout.global("roster");
        self.core.command("listing", &key, cmd("ZADD").arg(&key).arg(0).arg(&user.0)).await.map(drop)
    }

    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>, StoreError> {
        self.core.ensure_open()?;
        let limit = limit.min(READ_ROWS_MAX);
        let key = self.core.layout.global("roster");
        let (mut users, mut after) = (Vec::with_capacity(limit), after.map(|after| after.0));
        while users.len() < limit {
            let page = self.core.listed(&key, after, limit - users.len()).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            let found = stream::iter(page.into_iter().map(UserId).map(|id| {
                self.core.read(Slot::User(id), move |view| {
                    let Some(record) = view.get(&keys::user(id))? else { return Ok(None) };
                    Ok(Some(aggregates::user(id, view.need(&keys::user_head(id))?.epoch, record)))
                })
            }));
            let found: Vec<Option<User>> = found.buffered(LIST_READS_MAX).try_collect().await?;
            users.extend(found.into_iter().flatten());
        }
        Ok(users)
    }

    async fn step_down(&self, user: UserId, now_ms: u64) -> Result<Vec<UserId>, StoreError> {
        self.core.ensure_open()?;
        let key = self.core.layout.global("stepping_down");
        let since_ms = now_ms.saturating_sub(STEPPING_DOWN_MS);
        let numbers = [now_ms, since_ms, STEPPING_DOWN_MS].map(|number| number.to_string().into_bytes());
        let words: Vec<_> = std::iter::once(user.0.to_vec()).chain(numbers).collect();
        let announce = &self.core.scripts.announce;
        let answered = self.core.writing_script("announcing", announce, &[key], &words).await?;
        Ok(ids(answered.value)?.into_iter().map(UserId).collect())
    }

    async fn stepped_down(&self, user: UserId) -> Result<(), StoreError> {
        self.core.ensure_open()?;
        let key = self.core.layout.global("stepping_down");
        self.core.command("announcing", &key, cmd("ZREM").arg(&key).arg(&user.0)).await.map(drop)
    }
}

#[async_trait]
impl Directory for Redis {
    async fn announce(&self, room: RoomId, created_ms: u64) -> Result<(), StoreError> {
        self.core.ensure_open()?;
        let key = self.core.layout.global("directory");
        let mut command = cmd("ZADD");
        command.arg(&key).arg("NX").arg(created_ms).arg(&room.0);
        self.core.command("listing", &key, &command).await?;
        // Behind it: whatever is cut short, the room is in one of both.
        let key = self.core.layout.global("unlisted");
        self.core.command("listing", &key, cmd("ZREM").arg(&key).arg(&room.0)).await.map(drop)
    }

    async fn withdraw(&self, room: RoomId) -> Result<(), StoreError> {
        self.core.ensure_open()?;
        let key = self.core.layout.global("unlisted");
        self.core.command("listing", &key, cmd("ZADD").arg(&key).arg(0).arg(&room.0)).await?;
        let key = self.core.layout.global("directory");
        self.core.command("listing", &key, cmd("ZREM").arg(&key).arg(&room.0)).await.map(drop)
    }

    async fn page(&self, after: Option<RoomId>, limit: usize) -> Result<Vec<RoomId>, StoreError> {
        self.core.ensure_open()?;
        let limit = limit.min(READ_ROWS_MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let key = self.core.layout.global("directory");
        let words = [after.map_or_else(Vec::new, |after| after.0.to_vec()), limit.to_string().into_bytes()];
        let answered = self.core.script("reading a list", &self.core.scripts.page, &[key], &words).await?;
        Ok(ids(answered.value)?.into_iter().map(RoomId).collect())
    }
}
