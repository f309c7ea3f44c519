//! The store that is copied: what there is of it, and whether the same is there.

use rill_protocol::{Epoch, RoomId, UserId};

use super::Behind;
use crate::{
    StoreError,
    embedded::{Copied, CopyProgress, CopyStep, keys, read::Read as _, stored, view::View},
    model::{ContentId, NameKey},
    redis::whole::{
        access::Whole,
        digest::{Digest, Digesting},
        walk::{self, RoomRows},
    },
    table::Table,
};

/// The store that is copied.
pub(super) struct Source<'a> {
    pub(super) view: View<'a>,
    pub(super) keys_from_day: u32,
}

impl Source<'_> {
    pub(super) fn rooms(&self, mut visit: impl FnMut(RoomId) -> Result<(), StoreError>) -> Result<(), StoreError> {
        walk::pages(&self.view, &keys::room_heads(), |rows| {
            rows.iter().try_for_each(|(key, _)| visit(keys::Parts::new(Table::RoomHead, key).room()?))
        })
    }

    pub(super) fn users(&self, mut visit: impl FnMut(UserId) -> Result<(), StoreError>) -> Result<(), StoreError> {
        walk::pages(&self.view, &keys::user_heads(), |rows| {
            rows.iter().try_for_each(|(key, _)| visit(keys::Parts::new(Table::UserHead, key).user()?))
        })
    }

    pub(super) fn names(
        &self,
        mut visit: impl FnMut(NameKey, &[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        walk::pages(&self.view, &keys::Span::<stored::Name>::of(Table::Name, &[]), |rows| {
            rows.iter()
                .try_for_each(|(key, value)| visit(NameKey(keys::Parts::new(Table::Name, key).take()?), key, value))
        })
    }

    /// First those that are stored, then those of which something is due alone.
    pub(super) fn contents(
        &self,
        mut visit: impl FnMut(Behind, ContentId) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        walk::pages(&self.view, &keys::contents(), |rows| {
            rows.iter().try_for_each(|(key, _)| {
                let id = keys::Parts::new(Table::Content, key).content()?;
                visit(Behind::Content(id.0), id)
            })
        })?;
        walk::pages(&self.view, &keys::contents_due(), |rows| {
            rows.iter().try_for_each(|(key, _)| {
                let id = keys::Parts::new(Table::ContentDue, key).content()?;
                if self.view.contains(&keys::content(id))? { Ok(()) } else { visit(Behind::Spent(id.0), id) }
            })
        })
    }

    /// One number for where all logs end.
    pub(super) fn ends(&self) -> Result<String, StoreError> {
        let mut hasher = blake3::Hasher::new();
        let mut add = |(id, epoch, seq): ([u8; 16], Epoch, u64)| {
            hasher.update(&id).update(&epoch.0).update(&seq.to_le_bytes());
        };
        self.rooms(|room| {
            let head = self.view.need(&keys::room_head(room))?;
            add((room.0, head.epoch, head.seq));
            Ok(())
        })?;
        self.users(|user| {
            let head = self.view.need(&keys::user_head(user))?;
            add((user.0, head.epoch, head.seq));
            Ok(())
        })?;
        Ok(hasher.finalize().to_hex()[..32].to_owned())
    }

    fn room(&self, view: &View<'_>, room: RoomId) -> Result<Digest, StoreError> {
        let mut digesting = Digesting::default();
        let wanted = RoomRows { room, after: 0, keys_from_day: self.keys_from_day };
        walk::room(view, wanted, &mut |key, value| digesting.add(key, value))?;
        Ok(digesting.finish())
    }

    fn user(view: &View<'_>, user: UserId) -> Result<Digest, StoreError> {
        let mut digesting = Digesting::default();
        walk::user(view, user, &mut |key, value| digesting.add(key, value))?;
        Ok(digesting.finish())
    }

    fn content(view: &View<'_>, id: ContentId) -> Result<Digest, StoreError> {
        let mut digesting = Digesting::default();
        walk::content(view, id, &mut |key, value| digesting.add(key, value))?;
        Ok(digesting.finish())
    }

    fn emoji(view: &View<'_>) -> Result<Digest, StoreError> {
        let mut digesting = Digesting::default();
        walk::emoji(view, &mut |key, value| digesting.add(key, value))?;
        Ok(digesting.finish())
    }

    /// Every room, user, name and content, and the emoji, as it is here and there.
    pub(super) fn compare(&self, whole: &Whole, progress: &mut dyn FnMut(CopyProgress)) -> Result<Copied, StoreError> {
        let mut copied = Copied { rows: 0, bytes: 0 };
        let differs = |what: String| {
            whole.unfit(format!("the copy differs from the store in {what}: remove its keys and copy again"))
        };
        let mut same = |what: String, here: Digest, there: Result<Digest, StoreError>| {
            match there {
                Ok(there) if there == here => {}
                Ok(_) | Err(StoreError::Damaged { .. }) => return Err(differs(what)),
                Err(other) => return Err(other),
            }
            copied.rows += here.rows;
            copied.bytes += here.bytes;
            progress(CopyProgress { step: CopyStep::Verifying, rows: copied.rows });
            Ok(())
        };
        self.rooms(|room| {
            let there = self.room(&whole.view(), room);
            same(format!("room {room}"), self.room(&self.view, room)?, there)?;
            let place = self.view.get(&keys::place(room))?.map(|place| place.created_ms);
            if whole.place(room)? == place { Ok(()) } else { Err(differs(format!("the place of room {room}"))) }
        })?;
        self.users(|user| {
            same(format!("user {user}"), Self::user(&self.view, user)?, Self::user(&whole.view(), user))
        })?;
        self.contents(|_, id| {
            same(format!("content {id}"), Self::content(&self.view, id)?, Self::content(&whole.view(), id))
        })?;
        same("the custom emoji".into(), Self::emoji(&self.view)?, Self::emoji(&whole.view()))?;
        self.names(|name, key, value| {
            let digest = |value: &[u8]| {
                let mut digesting = Digesting::default();
                digesting.add(key, value)?;
                Ok(digesting.finish())
            };
            let there = whole.view().get_sealed(&keys::name(name).bytes)?.unwrap_or_default();
            same("a name".into(), digest(value)?, digest(&there))
        })?;
        Ok(copied)
    }
}
