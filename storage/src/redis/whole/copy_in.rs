//! A store of a data directory copied into Redis.
//!
//! It is the same store there: the same secret, epochs and rows. Until every room and user
//! has been compared, what lies in Redis is marked as half a copy, which no server takes for
//! a store; the mark says what is copied and how far it is, and the next try goes on there.
//! With [`crate::redis::ArchiveOptions`] old parts of logs go to the blobs at once.

mod source;

use redis::cmd;
use rill_protocol::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use tokio::runtime;

use source::Source;

use super::{
    access::{Met, Whole},
    outbox::Outbox,
    walk::{self, RoomRows},
};
use crate::{
    StoreError,
    aggregates::{self, Slot},
    embedded::{
        Checked, Copied, CopyProgress, CopyStep, any_record, closed::Closed, closed_check, keys, named,
        read::Read as _, stored, view::View,
    },
    limits::SEGMENT_ENTRIES,
    model::ContentId,
    record::{self, KeyRing},
    redis::{
        RedisOptions,
        archive::content::{self, Segment},
        community::{self, COPIED, Community, Found, meta_key},
    },
    table::Table,
};

/// What is copied where.
pub struct CopyIn {
    /// A data directory that no server uses.
    pub from: PathBuf,
    pub options: RedisOptions,
    /// Client ids that are older than they count are left behind.
    pub now_ms: u64,
}

/// The mark of half a copy.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Copying {
    community: Community,
    /// Of the ends of all logs: a store that has gone on since is another.
    ends: String,
}

/// How far it is.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Cursor {
    behind: Option<Behind>,
    rows: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Behind {
    Room(RoomId),
    User(UserId),
    Name([u8; 32]),
    Content([u8; 16]),
    /// A content that is not stored any more, of which something is due.
    Spent([u8; 16]),
    Emoji,
    Desk,
}

/// Copies a store that nobody uses. Blocks, on a thread that is none of the runtime's.
///
/// # Errors
/// The store is in use or damaged, Redis is not fit or holds something else, or the two
/// differ in the end. What was copied stays, and the same call goes on with it.
pub fn copy_in(
    wish: CopyIn,
    runtime: &runtime::Handle,
    progress: &mut dyn FnMut(CopyProgress),
) -> Result<Copied, StoreError> {
    let CopyIn { from, options, now_ms } = wish;
    let closed = Closed::open(&from)?;
    must_be_whole(&closed)?;
    let source =
        Source { view: View::of(&KeyRing, &*closed.engine), keys_from_day: aggregates::expired_before(now_ms) };
    let copying = Copying { community: Community::of(&closed.secret), ends: source.ends()? };
    let (whole, cursor) = begin(Met::at(options, runtime)?, &copying, closed.secret)?;
    source.copy(&whole, cursor, now_ms, progress)?;
    let copied = source.compare(&whole, progress)?;
    whole.settle()?;
    let sealed = community::seal(closed.secret)?;
    let (mut connection, copying) = (whole.connection.clone(), text(&copying)?);
    let ended = community::end_copy(&mut connection, &whole.options.prefix, &copying, &sealed);
    if !whole.wait("EVAL", ended)? {
        return Err(whole.unfit("somebody else has changed what is copied; remove its keys and copy again"));
    }
    whole.settle()?;
    closed.close()?;
    Ok(copied)
}

fn text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Engine(error.to_string()))
}

/// A log that has lost its end gets a new epoch at the next start, from what lies beside the
/// store and is not copied.
fn must_be_whole(closed: &Closed) -> Result<(), StoreError> {
    let mut checked = Checked::default();
    closed_check::heads(closed, &mut checked)?;
    match checked.findings.first() {
        None => Ok(()),
        Some(finding) => Err(StoreError::Open {
            path: closed.path.clone(),
            detail: format!(
                "{finding}; start the server on it once, so that its logs go on in new epochs, then copy it"
            ),
        }),
    }
}

fn begin(met: Met, copying: &Copying, secret: [u8; 32]) -> Result<(Whole, Cursor), StoreError> {
    let prefix = met.options.prefix.clone();
    let cursor = match &met.found {
        Found::Empty => {
            let cursor = Cursor::default();
            let whole = met.whole(secret);
            whole.must_be_empty()?;
            let (mut connection, copying) = (whole.connection.clone(), text(copying)?);
            if !whole.wait("EVAL", community::begin_copy(&mut connection, &prefix, &copying))? {
                return Err(whole.unfit(format!("somebody else has begun something under {prefix}")));
            }
            return Ok((whole, cursor));
        }
        Found::Half(half) => match serde_json::from_str::<Copying>(&half.copying) {
            Ok(found) if found == *copying => {
                half.copied.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
            }
            Ok(found) if found.community == copying.community => {
                return Err(met.unfit(format!(
                    "the store has gone on since its copy into {prefix} was begun: remove the keys under {prefix} and \
                     copy again"
                )));
            }
            _ => {
                return Err(met.unfit(format!(
                    "a copy of another community into {prefix} was begun: use another redis.prefix, or remove its keys"
                )));
            }
        },
        Found::Store { secret } if Community::of(secret) == copying.community => {
            return Err(met.unfit(format!("this community is already under {prefix}")));
        }
        Found::Store { .. } => {
            return Err(met.unfit(format!("another community is under {prefix}: use another redis.prefix")));
        }
        Found::Unfit(why) => return Err(met.unfit(why)),
    };
    Ok((met.whole(secret), cursor))
}

impl Whole {
    /// As far as can be told without a look at every key.
    fn must_be_empty(&self) -> Result<(), StoreError> {
        for list in ["roster", "directory", "unlisted", "pending", "expiring", "collecting", "contents"] {
            let key = self.core.layout.global(list);
            let is_there = self.ask(&key, cmd("EXISTS").arg(&key))? == redis::Value::Int(1);
            if is_there {
                return Err(self.unfit(format!(
                    "the key {}{list} is left of another store: remove the keys under this prefix, or use another",
                    self.options.prefix
                )));
            }
        }
        Ok(())
    }
}

impl Source<'_> {
    fn copy(
        &self,
        whole: &Whole,
        cursor: Cursor,
        now_ms: u64,
        progress: &mut dyn FnMut(CopyProgress),
    ) -> Result<(), StoreError> {
        let mut copy = Copy { source: self, whole, outbox: Outbox::new(whole, now_ms), cursor, progress };
        let done = cursor.behind;
        let is_done = |behind: Behind| done.is_some_and(|done| behind <= done);
        self.rooms(|room| if is_done(Behind::Room(room)) { Ok(()) } else { copy.room(room) })?;
        self.users(|user| if is_done(Behind::User(user)) { Ok(()) } else { copy.user(user) })?;
        self.names(|name, key, value| {
            if is_done(Behind::Name(name.0)) {
                return Ok(());
            }
            copy.put(Slot::Name(name), key, value)?;
            copy.behind(Slot::Name(name), Behind::Name(name.0))
        })?;
        self.contents(|behind, id| if is_done(behind) { Ok(()) } else { copy.content(behind, id) })?;
        if !is_done(Behind::Emoji) {
            copy.emoji()?;
        }
        if !is_done(Behind::Desk) {
            copy.desk()?;
        }
        copy.note()
    }
}

/// What is being copied.
struct Copy<'a> {
    source: &'a Source<'a>,
    whole: &'a Whole,
    outbox: Outbox<'a>,
    cursor: Cursor,
    progress: &'a mut dyn FnMut(CopyProgress),
}

impl Copy<'_> {
    fn put(&mut self, slot: Slot, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        any_record::check(&KeyRing, key, value).map_err(|error| named::naming(key, error))?;
        self.outbox.put(slot, key, value)?;
        self.cursor.rows += 1;
        (self.progress)(CopyProgress { step: CopyStep::Copying, rows: self.cursor.rows });
        Ok(())
    }

    fn room(&mut self, room: RoomId) -> Result<(), StoreError> {
        let (slot, view) = (Slot::Room(room), &self.source.view);
        let after = self.archive(room)?;
        let mut is_pending = false;
        let wanted = RoomRows { room, after, keys_from_day: self.source.keys_from_day };
        walk::room(view, wanted, &mut |key, value| {
            is_pending |= key.first() == Some(&(Table::Pending as u8));
            self.put(slot, key, value)
        })?;
        if let Some(place) = view.get(&keys::place(room))? {
            self.outbox.list("directory", place.created_ms, &room.0);
        } else {
            self.outbox.list("unlisted", 0, &room.0);
        }
        if is_pending {
            self.outbox.list("pending", 0, &room.0);
        }
        self.behind(slot, Behind::Room(room))
    }

    /// Moves the old part of a log to the blobs; returns up to where.
    fn archive(&mut self, room: RoomId) -> Result<u64, StoreError> {
        let Some(archive) = self.whole.core.archive.clone() else { return Ok(0) };
        let Some(keep_entries) = archive.options.keep_entries else { return Ok(0) };
        let (slot, view) = (Slot::Room(room), &self.source.view);
        let head = view.need(&keys::room_head(room))?;
        if head.is_deleted {
            return Ok(0);
        }
        let mut through = 0;
        while head.seq >= through + SEGMENT_ENTRIES + keep_entries {
            let segment = Segment::gather(view, room, through + 1)?;
            let name = content::name(&self.source_secret(), room, &segment);
            self.whole.runtime.block_on(archive.options.blobs.put(&name, &segment.content))?;
            let (key, row) = (
                keys::segment(room, segment.first),
                stored::Segment { blob: name.0, bytes: segment.content.len() as u64 },
            );
            self.put(slot, &key.bytes, &record::seal(&KeyRing, key.table, &key.bytes, &row)?)?;
            through += SEGMENT_ENTRIES;
            self.cursor.rows += SEGMENT_ENTRIES - 1;
        }
        if through > 0 {
            let key = keys::archived(room);
            self.outbox.put(
                slot,
                &key.bytes,
                &record::seal(&KeyRing, key.table, &key.bytes, &stored::Archived { through })?,
            )?;
        }
        Ok(through)
    }

    fn source_secret(&self) -> [u8; 32] {
        self.whole.store.secret
    }

    fn user(&mut self, user: UserId) -> Result<(), StoreError> {
        let (slot, view) = (Slot::User(user), &self.source.view);
        let (mut is_account, mut expires) = (false, false);
        walk::user(view, user, &mut |key, value| {
            let table = any_record::table(key);
            is_account |= table == Some(Table::User);
            expires |= matches!(table, Some(Table::Ticket | Table::Invitation | Table::Transfer));
            self.put(slot, key, value)
        })?;
        if is_account {
            self.outbox.list("roster", 0, &user.0);
        }
        if expires {
            self.outbox.list("expiring", 0, &user.0);
        }
        self.behind(slot, Behind::User(user))
    }

    fn content(&mut self, behind: Behind, id: ContentId) -> Result<(), StoreError> {
        let (slot, view) = (Slot::Content(id), &self.source.view);
        let mut is_due = false;
        walk::content(view, id, &mut |key, value| {
            is_due |= any_record::table(key) == Some(Table::ContentDue);
            self.put(slot, key, value)
        })?;
        self.outbox.list("contents", 0, &id.0);
        if is_due {
            self.outbox.list("collecting", 0, &id.0);
        }
        self.behind(slot, behind)
    }

    fn emoji(&mut self) -> Result<(), StoreError> {
        let view = &self.source.view;
        walk::emoji(view, &mut |key, value| self.put(Slot::Emoji, key, value))?;
        self.behind(Slot::Emoji, Behind::Emoji)
    }

    fn desk(&mut self) -> Result<(), StoreError> {
        let view = &self.source.view;
        walk::desk(view, &mut |key, value| self.put(Slot::Desk, key, value))?;
        self.behind(Slot::Desk, Behind::Desk)
    }

    /// A slot has all its rows. How far it is, is noted when all is sent.
    fn behind(&mut self, slot: Slot, behind: Behind) -> Result<(), StoreError> {
        self.outbox.end(slot);
        self.cursor.behind = Some(behind);
        if self.outbox.is_due() { self.note() } else { Ok(()) }
    }

    fn note(&mut self) -> Result<(), StoreError> {
        self.outbox.send()?;
        let key = meta_key(&self.whole.options.prefix).into_bytes();
        self.whole.ask(&key, cmd("HSET").arg(&key).arg(COPIED).arg(text(&self.cursor)?)).map(drop)
    }
}
