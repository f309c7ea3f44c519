//! Whether a store in Redis is what it should be: what the check of a data directory looks
//! at, and what there is besides: the parts of logs in the blobs, the orders beside the
//! tables, the lists that say where to look, the names.
//!
//! Servers may go on meanwhile. What is found of a room or user counts if its version is the
//! same before and behind; one that changes all the time is counted and not judged.

use redis::{Value, cmd};
use rill_protocol::{RoomId, UserId};
use std::sync::Arc;
use tokio::runtime;

use super::{
    access::{Met, Whole},
    lists::{At, Item},
    names::{self, ClaimedNames},
    walk::{self, RoomRows},
};
use crate::{
    StoreError,
    aggregates::Slot,
    blobs::BlobName,
    embedded::{
        Checked, any_record,
        check::{check_content, check_emoji, check_room, check_user},
        keys, named,
        read::Read as _,
        stored,
        view::Durable,
    },
    limits::{CHECK_TRIES_MAX, SEGMENT_ENTRIES},
    model::ContentId,
    record::KeyRing,
    redis::{
        RedisOptions,
        archive::{Archive, content},
    },
    table::Table,
};

/// What a check came upon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedInRedis {
    pub checked: Checked,
    /// Parts of logs in the blobs.
    pub segments: u64,
    /// Rooms and users that were changed whenever they were looked at.
    pub unjudged: u64,
}

/// Reads everything and changes nothing. Blocks, on a thread that is none of the runtime's.
///
/// # Errors
/// Redis or the blobs cannot be read at all, or there is no community.
pub fn check(
    options: RedisOptions,
    runtime: &runtime::Handle,
    names: ClaimedNames<'_>,
    progress: &mut dyn FnMut(&Checked),
) -> Result<CheckedInRedis, StoreError> {
    let whole = Met::at(options, runtime)?.community()?;
    let durable = Durable::new(Arc::new(whole.far.clone()));
    let checking = Checking { whole: &whole, durable, names };
    let mut all = CheckedInRedis::default();
    whole.items(At::Beginning, |_, item| {
        checking.settled(item, &mut all)?;
        progress(&all.checked);
        Ok(())
    })?;
    Ok(all)
}

struct Checking<'a> {
    whole: &'a Whole,
    durable: Durable,
    names: ClaimedNames<'a>,
}

impl Checking<'_> {
    /// One room or user, again if it was changed.
    fn settled(&self, item: Item, all: &mut CheckedInRedis) -> Result<(), StoreError> {
        let slot = match item {
            Item::Room(room, _) => Slot::Room(room),
            Item::User(user) => Slot::User(user),
            Item::Content(content) => Slot::Content(content),
            Item::Emoji => Slot::Emoji,
            Item::Desk => Slot::Desk,
        };
        for _ in 0..CHECK_TRIES_MAX {
            let before = self.version(slot)?;
            let mut found = CheckedInRedis::default();
            match item {
                Item::Room(room, _) => self.room(room, &mut found)?,
                Item::User(user) => self.user(user, &mut found)?,
                Item::Content(content) => self.content(content, &mut found)?,
                Item::Emoji => self.emoji(&mut found)?,
                Item::Desk => self.desk(&mut found)?,
            }
            if self.version(slot)? == before {
                all.segments += found.segments;
                all.checked.add(found.checked);
                return Ok(());
            }
        }
        all.unjudged += 1;
        Ok(())
    }

    fn version(&self, slot: Slot) -> Result<Value, StoreError> {
        let key = self.whole.core.layout.rows(slot);
        self.whole.ask(&key, cmd("HGET").arg(&key).arg("version"))
    }

    fn room(&self, room: RoomId, found: &mut CheckedInRedis) -> Result<(), StoreError> {
        let of = format!("room {room}");
        let checked = &mut found.checked;
        checked.rooms += 1;
        let view = self.whole.view();
        if !view.contains(&keys::room(room))? && !view.contains(&keys::room_head(room))? {
            checked.find("room", format!("{of} is in the directory and nowhere else"));
            return Ok(());
        }
        // What lies in the blobs comes first: the log cannot be read without it.
        if !self.segments(room, found)? {
            return Ok(());
        }
        let checked = &mut found.checked;
        let mut is_pending = false;
        let wanted = RoomRows { room, after: 0, keys_from_day: 0 };
        let walked = walk::room(&view, wanted, &mut |key, value| {
            is_pending |= key.first() == Some(&(Table::Pending as u8));
            open(checked, key, value);
            Ok(())
        });
        let before = checked.findings_total;
        check_room(&self.durable, room, checked)?;
        damage(checked, walked, before)?;
        for table in [Table::Message, Table::AttachedFile, Table::Member, Table::Pending] {
            self.order((Slot::Room(room), &format!("room {room}")), (table, &room.0), checked)?;
        }
        if is_pending && self.whole.score("pending", &room.0)?.is_none() {
            checked.find("pending", format!("{of} has something due and is not in the list of those that have"));
        }
        Ok(())
    }

    fn user(&self, user: UserId, found: &mut CheckedInRedis) -> Result<(), StoreError> {
        let checked = &mut found.checked;
        let view = self.whole.view();
        // One that was registered up to here only.
        let Some(account) = view.get_sealed(&keys::user(user).bytes)? else { return Ok(()) };
        checked.users += 1;
        let mut expires = false;
        let walked = walk::user(&view, user, &mut |key, value| {
            let table = any_record::table(key);
            expires |= matches!(table, Some(Table::Ticket | Table::Invitation | Table::Transfer));
            open(checked, key, value);
            Ok(())
        });
        let before = checked.findings_total;
        check_user(&self.durable, user, checked)?;
        damage(checked, walked, before)?;
        if expires && self.whole.score("expiring", &user.0)?.is_none() {
            checked.find("ticket", format!("user {user} has what expires and is not in the list of those that have"));
        }
        let key = keys::user(user);
        // Found above, if it does not open.
        let Ok(account) = crate::record::open::<stored::User>(&KeyRing, key.table, &key.bytes, &account) else {
            return Ok(());
        };
        let keys = (self.names)(&self.whole.store, Some(&account.name));
        let first = keys.first().copied();
        let claimed = match names::claimed(&view, keys) {
            Err(StoreError::Damaged { table, detail }) => {
                checked.find(table, format!("user {user}: {detail}"));
                return Ok(());
            }
            claimed => claimed?,
        };
        checked.rows += claimed.iter().filter(|name| name.claim.holder == user).count() as u64;
        if !claimed.iter().any(|name| Some(name.key) == first && name.claim.holder == user) {
            checked.find("name", format!("user {user} is not who their name leads to"));
        }
        Ok(())
    }

    fn content(&self, id: ContentId, found: &mut CheckedInRedis) -> Result<(), StoreError> {
        let (checked, view) = (&mut found.checked, self.whole.view());
        let (mut rows, mut is_due) = (0, false);
        let walked = walk::content(&view, id, &mut |key, value| {
            rows += 1;
            is_due |= any_record::table(key) == Some(Table::ContentDue);
            open(checked, key, value);
            Ok(())
        });
        // One that is gone may stay in the list.
        checked.contents += u64::from(rows > 0);
        let before = checked.findings_total;
        check_content(&self.durable, id, checked)?;
        damage(checked, walked, before)?;
        for table in [Table::Reference, Table::PendingReference] {
            self.order((Slot::Content(id), &format!("content {id}")), (table, &id.0), checked)?;
        }
        if is_due && self.whole.score("collecting", &id.0)?.is_none() {
            checked.find(
                "content_due",
                format!("content {id} has something due and is not in the list of those that have"),
            );
        }
        Ok(())
    }

    fn desk(&self, found: &mut CheckedInRedis) -> Result<(), StoreError> {
        let checked = &mut found.checked;
        walk::desk(&self.whole.view(), &mut |key, value| {
            open(checked, key, value);
            Ok(())
        })
    }

    fn emoji(&self, found: &mut CheckedInRedis) -> Result<(), StoreError> {
        let checked = &mut found.checked;
        walk::emoji(&self.whole.view(), &mut |key, value| {
            open(checked, key, value);
            Ok(())
        })?;
        check_emoji(&self.durable, checked)
    }

    /// A table and the order beside it have the same rows.
    fn order(
        &self,
        (slot, of): (Slot, &str),
        (table, id): (Table, &[u8; 16]),
        checked: &mut Checked,
    ) -> Result<(), StoreError> {
        let (bed, _) = self.whole.core.layout.bed(slot, &[&[table as u8], &id[..]].concat())?;
        let beside = bed.beside();
        let rows = self.whole.ask(&bed.key, cmd("HLEN").arg(&bed.key))?;
        let order = self.whole.ask(&beside, cmd("ZCARD").arg(&beside))?;
        if rows != order {
            checked.find(table.name(), format!("{of}: its rows and the order beside them are not the same"));
        }
        Ok(())
    }

    /// The parts of a log in the blobs; whether they can be read.
    fn segments(&self, room: RoomId, found: &mut CheckedInRedis) -> Result<bool, StoreError> {
        let view = self.whole.view();
        let through = match view.get(&keys::archived(room)) {
            Err(StoreError::Damaged { table, detail }) => {
                found.checked.find(table, format!("room {room}: {detail}"));
                return Ok(false);
            }
            row => row?.map_or(0, |row| row.through),
        };
        if through == 0 {
            return Ok(true);
        }
        let Some(archive) = self.whole.core.archive.clone() else {
            return Err(StoreError::Blobs(
                "parts of rooms' histories lie in blobs: say where with blobs.folder or blobs.s3_bucket".into(),
            ));
        };
        found.checked.rows += 1;
        let mut is_whole = true;
        // Of a room that is deleted what was in front of this is erased.
        let erased = view.get(&keys::erasure(room))?.map_or(0, |row| row.through);
        for first in (erased / SEGMENT_ENTRIES * SEGMENT_ENTRIES + 1..=through).step_by(SEGMENT_ENTRIES as usize) {
            found.segments += 1;
            found.checked.rows += 1;
            if let Err(why) = self.segment(&archive, room, first)? {
                is_whole = false;
                let last = first + SEGMENT_ENTRIES - 1;
                found.checked.find("segment", format!("room {room}, entries {first} to {last}: {why}"));
            }
        }
        Ok(is_whole)
    }

    /// Whether a blob is what its row says, by its name, which is made of all that is in it.
    fn segment(&self, archive: &Archive, room: RoomId, first: u64) -> Result<Result<(), String>, StoreError> {
        let row = match self.whole.view().get(&keys::segment(room, first)) {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(Err("nothing says where they lie".into())),
            Err(StoreError::Damaged { detail, .. }) => return Ok(Err(detail)),
            Err(other) => return Err(other),
        };
        let name = BlobName(row.blob);
        let blob = match self.whole.runtime.block_on(archive.options.blobs.get(&name)) {
            Ok(Some(blob)) => blob,
            Ok(None) => return Ok(Err(format!("the blob {name} is missing"))),
            Err(StoreError::Blobs(why)) => return Ok(Err(why)),
            Err(other) => return Err(other),
        };
        let Some(rows) = content::decode(&blob) else { return Ok(Err(format!("the blob {name} is no part of a log"))) };
        let last = first + SEGMENT_ENTRIES - 1;
        let lacks = (first..=last).find(|seq| !rows.contains_key(&keys::entry(room, *seq).bytes));
        let is_named_so = content::name_of(&self.whole.store.secret, room, first, &blob) == name;
        Ok(match (lacks, is_named_so && blob.len() as u64 == row.bytes) {
            (Some(seq), _) => Err(format!("entry {seq} is not in the blob {name}")),
            (None, false) => Err(format!("the blob {name} is another one than it was")),
            (None, true) => Ok(()),
        })
    }
}

fn open(checked: &mut Checked, key: &[u8], value: &[u8]) {
    checked.rows += 1;
    if let Err(error) = any_record::check(&KeyRing, key, value) {
        checked.find(any_record::table(key).map_or("unknown", Table::name), format!("{}: {error}", named::name(key)));
    }
}

/// A walk that ended early is a finding, unless what came of it is one already.
fn damage(checked: &mut Checked, walked: Result<(), StoreError>, before: u64) -> Result<(), StoreError> {
    match walked {
        Err(StoreError::Damaged { table, detail }) if checked.findings_total == before => {
            checked.find(table, detail);
            Ok(())
        }
        Err(StoreError::Damaged { .. }) => Ok(()),
        other => other,
    }
}
