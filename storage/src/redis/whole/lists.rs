//! Whom and what there is: the rooms of the directory, those that are in no list, those that
//! wait for their place, the accounts, the contents of files, the custom emoji, and the administrators' desk. Pages of lists, one behind the other, in an order that stays.

use redis::{Value, cmd};
use rill_protocol::{RoomId, UserId};
use serde::{Deserialize, Serialize};

use super::access::Whole;
use crate::{StoreError, limits::READ_ROWS_MAX, model::ContentId, redis::wants};

/// Behind what one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum At {
    #[default]
    Beginning,
    Directory(RoomId),
    Pending(Option<RoomId>),
    Roster(Option<UserId>),
    End,
    Contents(Option<[u8; 16]>),
    Emoji,
    Unlisted(Option<RoomId>),
    Desk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// With its time, if it has its place in the directory.
    Room(RoomId, Option<u64>),
    User(UserId),
    Content(ContentId),
    /// All of the custom ones.
    Emoji,
    Desk,
}

impl Whole {
    /// Walks everything behind a place.
    pub(super) fn items(
        &self,
        mut at: At,
        mut visit: impl FnMut(At, Item) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        loop {
            let page = match at {
                At::Beginning => self.directory(None)?,
                At::Directory(after) => self.directory(Some(after))?,
                At::Unlisted(after) => self.unlisted(after)?,
                At::Pending(after) => self.pending(after)?,
                At::Roster(after) => self.roster(after)?,
                At::Contents(after) => self.contents(after)?,
                At::Emoji => vec![(At::Desk, Some(Item::Emoji))],
                At::Desk => vec![(At::End, Some(Item::Desk))],
                At::End => return Ok(()),
            };
            let Some((last, _)) = page.last() else {
                at = match at {
                    At::Beginning | At::Directory(_) => At::Unlisted(None),
                    At::Unlisted(_) => At::Pending(None),
                    At::Pending(_) => At::Roster(None),
                    At::Roster(_) => At::Contents(None),
                    At::Contents(_) => At::Emoji,
                    At::Emoji | At::Desk | At::End => At::End,
                };
                continue;
            };
            let last = *last;
            for (behind, item) in page {
                if let Some(item) = item {
                    visit(behind, item)?;
                }
            }
            at = last;
        }
    }

    fn directory(&self, after: Option<RoomId>) -> Result<Vec<(At, Option<Item>)>, StoreError> {
        let rooms = self.runtime.block_on(self.store.directory.page(after, READ_ROWS_MAX))?;
        let item = |room| Ok((At::Directory(room), Some(Item::Room(room, self.place(room)?))));
        rooms.into_iter().map(item).collect()
    }

    fn unlisted(&self, after: Option<RoomId>) -> Result<Vec<(At, Option<Item>)>, StoreError> {
        let rooms = self.listed("unlisted", after.map(|room| room.0))?;
        let item = |id| {
            let room = RoomId(id);
            // On its way from one list to the other it is in both.
            let is_new = self.place(room)?.is_none();
            Ok((At::Unlisted(Some(room)), is_new.then_some(Item::Room(room, None))))
        };
        rooms.into_iter().map(item).collect()
    }

    fn pending(&self, after: Option<RoomId>) -> Result<Vec<(At, Option<Item>)>, StoreError> {
        let rooms = self.listed("pending", after.map(|room| room.0))?;
        let item = |id| {
            let room = RoomId(id);
            let is_new = self.place(room)?.is_none() && self.score("unlisted", &room.0)?.is_none();
            Ok((At::Pending(Some(room)), is_new.then_some(Item::Room(room, None))))
        };
        rooms.into_iter().map(item).collect()
    }

    fn roster(&self, after: Option<UserId>) -> Result<Vec<(At, Option<Item>)>, StoreError> {
        let users = self.listed("roster", after.map(|user| user.0))?.into_iter().map(UserId);
        Ok(users.map(|user| (At::Roster(Some(user)), Some(Item::User(user)))).collect())
    }

    fn contents(&self, after: Option<[u8; 16]>) -> Result<Vec<(At, Option<Item>)>, StoreError> {
        let contents = self.listed("contents", after)?.into_iter();
        Ok(contents.map(|id| (At::Contents(Some(id)), Some(Item::Content(ContentId(id))))).collect())
    }

    fn listed(&self, list: &str, after: Option<[u8; 16]>) -> Result<Vec<[u8; 16]>, StoreError> {
        let key = self.core.layout.global(list);
        self.runtime.block_on(self.core.listed(&key, after, READ_ROWS_MAX))
    }

    /// When a room was made, by the directory.
    pub(super) fn place(&self, room: RoomId) -> Result<Option<u64>, StoreError> {
        Ok(self.score("directory", &room.0)?.map(|score| score as u64))
    }

    pub(super) fn score(&self, list: &str, id: &[u8]) -> Result<Option<f64>, StoreError> {
        let key = self.core.layout.global(list);
        match self.ask(&key, cmd("ZSCORE").arg(&key).arg(id))? {
            Value::Nil => Ok(None),
            score => redis::from_redis_value(score).map(Some).map_err(|_| wants::unexpected()),
        }
    }
}
