//! Whether a store is what it should be: every row opens, every log is dense, and what
//! is derived from a log agrees with it.
//!
//! It reads in pages and changes nothing, so it may run while the store is used: a log
//! is held against the head that it had when its turn came.

mod deleted;
mod files;
mod marks;
mod pictures;

use rill_protocol::{ClientId, RoomId, UserId};
use std::{collections::HashSet, fmt, ops::ControlFlow};

use super::{
    any_record, keys, named,
    read::Read,
    stored,
    view::{Durable, View},
};
use files::{attached, attached_to, content_of, transfers};
use pictures::room_avatar;

pub(crate) use files::check_content;
pub(crate) use pictures::check_emoji;

use crate::{
    StoreError, aggregates,
    engine::{Direction, OWN_KEYS},
    limits::{CHECK_FINDINGS_MAX, READ_ROWS_MAX},
    model::{Body, ContentId},
};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table where it shows.
    pub table: &'static str,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.table, self.what)
    }
}

/// What a check came upon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub rows: u64,
    pub rooms: u64,
    pub users: u64,
    pub entries: u64,
    pub contents: u64,
    /// The first [`CHECK_FINDINGS_MAX`] of them.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub findings_total: u64,
}

impl Checked {
    pub(crate) fn find(&mut self, table: &'static str, what: impl Into<String>) {
        self.findings_total += 1;
        if self.findings.len() < CHECK_FINDINGS_MAX {
            self.findings.push(Finding { table, what: what.into() });
        }
    }

    /// Adds what another look came upon.
    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.rooms += other.rooms;
        self.users += other.users;
        self.entries += other.entries;
        self.contents += other.contents;
        self.findings_total += other.findings_total;
        let room = CHECK_FINDINGS_MAX.saturating_sub(self.findings.len());
        self.findings.extend(other.findings.into_iter().take(room));
    }

    /// A damaged record is a finding; a store that cannot be read at all ends the check.
    ///
    /// `of` names what was read.
    fn take<T>(&mut self, of: &dyn fmt::Display, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::Damaged { table, detail }) => {
                self.find(table, format!("{of}: {detail}"));
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}

pub(super) fn check(store: &Durable, progress: &mut dyn FnMut(&Checked)) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let Slots { rooms, users, contents } = rows(store, &mut checked, progress)?;
    for room in rooms {
        checked.rooms += 1;
        check_room(store, room, &mut checked)?;
        progress(&checked);
    }
    for user in users {
        checked.users += 1;
        check_user(store, user, &mut checked)?;
    }
    for content in contents {
        checked.contents += 1;
        check_content(store, content, &mut checked)?;
    }
    check_emoji(store, &mut checked)?;
    progress(&checked);
    Ok(checked)
}

/// What has heads or records.
struct Slots {
    rooms: Vec<RoomId>,
    users: Vec<UserId>,
    contents: Vec<ContentId>,
}

/// Opens every row.
fn rows(store: &Durable, checked: &mut Checked, progress: &mut dyn FnMut(&Checked)) -> Result<Slots, StoreError> {
    let (mut rooms, mut users, mut contents) = (Vec::new(), Vec::new(), Vec::new());
    let mut from = Vec::new();
    loop {
        let mut last = None;
        let mut seen = 0;
        store.read(|view| {
            view.scan_sealed((&from, &[OWN_KEYS]), Direction::Forward, usize::MAX, &mut |key, value| {
                seen += 1;
                checked.rows += 1;
                if let Err(error) = any_record::check(view.ring(), key, value) {
                    // Nothing but damage comes from opening a record.
                    let _ = checked.take::<()>(&named::name(key), Err(error));
                }
                let id = key.get(1..).and_then(|rest| <[u8; 16]>::try_from(rest).ok());
                match (any_record::table(key), id) {
                    (Some(crate::table::Table::Room | crate::table::Table::RoomHead), Some(id)) => {
                        rooms.push(RoomId(id));
                    }
                    (Some(crate::table::Table::User | crate::table::Table::UserHead), Some(id)) => {
                        users.push(UserId(id));
                    }
                    _ => {}
                }
                if let Some(content) = content_of(key)
                    && contents.last() != Some(&content)
                {
                    contents.push(content);
                }
                last = Some(key.to_vec());
                if seen < READ_ROWS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
        })?;
        let Some(mut next) = last else { break };
        next.push(0);
        from = next;
        progress(checked);
    }
    rooms.sort_unstable_by_key(|room| room.0);
    rooms.dedup();
    users.sort_unstable_by_key(|user| user.0);
    users.dedup();
    contents.sort_unstable();
    contents.dedup();
    Ok(Slots { rooms, users, contents })
}

/// What a log adds up to while it is walked.
#[derive(Default)]
struct Walk {
    seq: u64,
    at_ms: u64,
    posts: u64,
    /// The version of the room's avatar.
    avatar: u64,
    /// Who is in the room by what its entries say.
    members: HashSet<UserId>,
    /// An entry is missing or does not open.
    has_gaps: bool,
}

pub(crate) fn check_room(store: &Durable, room: RoomId, checked: &mut Checked) -> Result<(), StoreError> {
    let of = format!("room {room}");
    let read = store.read(|view| {
        let members = view.collect(&keys::members(room), Direction::Forward, usize::MAX, |key, _| {
            key.room()?;
            key.user()
        });
        Ok((view.get(&keys::room_head(room)), view.get(&keys::room(room)), members))
    })?;
    let (head, record, members) = (checked.take(&of, read.0)?, checked.take(&of, read.1)?, checked.take(&of, read.2)?);
    if matches!(record, Some(None)) {
        checked.find("room", format!("{of} has a log and no record"));
    }
    let Some(head) = head else { return Ok(()) };
    let Some(head) = head else {
        checked.find("room_head", format!("{of} has a record and no head of its log"));
        return Ok(());
    };
    if head.is_deleted {
        return deleted::room(store, room, &head, checked);
    }
    if let Some(members) = members.as_ref().filter(|members| members.len() != head.members as usize) {
        checked.find("member", format!("{of} counts {} members and has {}", head.members, members.len()));
    }
    let mut walk = Walk::default();
    while walk.seq < head.seq {
        let rows = store.read(|view| Ok(walk_page(view, room, &head, &mut walk, checked)))??;
        if rows == 0 {
            checked.find("entry", format!("{of} lacks entry {}", walk.seq + 1));
            return Ok(());
        }
    }
    if walk.posts != head.posts || walk.at_ms != head.at_ms {
        checked.find("room_head", format!("{of}: its head does not agree with its last entry"));
    }
    // With an entry missing nobody knows who came and went.
    if let Some(members) = members.filter(|_| !walk.has_gaps) {
        let members: HashSet<UserId> = members.into_iter().collect();
        for user in walk.members.symmetric_difference(&members) {
            let (log, list) = if members.contains(user) { ("left", "a member") } else { ("joined", "no member") };
            checked.find("member", format!("{of}: by the log user {user} has {log}, and is {list}"));
        }
    }
    room_avatar(store, room, walk.avatar, checked)?;
    derived(store, room, &head, checked)
}

/// Walks the next entries of a log; how many there were.
fn walk_page(
    view: &View<'_>,
    room: RoomId,
    head: &stored::RoomHead,
    walk: &mut Walk,
    checked: &mut Checked,
) -> Result<usize, StoreError> {
    let span = keys::entries(room).behind(&[&room.0, &walk.seq.to_be_bytes()]);
    let span = span.before(&[&room.0, &head.seq.saturating_add(1).to_be_bytes()]);
    // A row that does not open is known already; the walk goes on behind it.
    let mut rows = Vec::new();
    view.scan_sealed((&span.from, &span.until), Direction::Forward, usize::MAX, &mut |key, value| {
        let seq = key.last_chunk::<8>().map_or(0, |seq| u64::from_be_bytes(*seq));
        rows.push((seq, crate::record::open::<stored::Entry>(view.ring(), span.table, key, value).ok()));
        if rows.len() < READ_ROWS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    for (seq, row) in &rows {
        checked.entries += 1;
        if *seq != walk.seq + 1 {
            checked.find("entry", format!("room {room}: entry {seq} stands behind entry {}", walk.seq));
            walk.has_gaps = true;
        }
        walk.seq = *seq;
        let Some(row) = row else {
            walk.has_gaps = true;
            continue;
        };
        match row.fact {
            stored::Fact::Created | stored::Fact::Joined => drop(walk.members.insert(row.author)),
            stored::Fact::Left => drop(walk.members.remove(&row.author)),
            stored::Fact::Removed { user } | stored::Fact::Banned { user } => drop(walk.members.remove(&user)),
            stored::Fact::Avatar { version, .. } => walk.avatar = version,
            _ => {}
        }
        walk.posts += u64::from(row.fact.is_post());
        if row.posts != walk.posts {
            checked.find("entry", format!("room {room}: entry {seq} counts {} posts of {}", row.posts, walk.posts));
            walk.posts = row.posts;
        }
        if row.at_ms < walk.at_ms {
            checked.find("entry", format!("room {room}: entry {seq} is older than the one before it"));
        }
        walk.at_ms = row.at_ms;
        match checked
            .take(&format_args!("room {room}, entry {seq}"), aggregates::text(view, room, *seq, row.text.clone()))?
        {
            Some(Body::None) if row.fact.has_body() => {
                checked.find("entry", format!("room {room}: entry {seq} has no text"));
            }
            _ => {}
        }
        attached_to(view, room, (*seq, row), checked)?;
    }
    Ok(rows.len())
}

/// What else a room has: messages, memberships and marks that lie within the log.
fn derived(store: &Durable, room: RoomId, head: &stored::RoomHead, checked: &mut Checked) -> Result<(), StoreError> {
    let of = format!("room {room}");
    let (found, members, standings) = store.read(|view| {
        let messages = view.collect(&keys::messages(room), Direction::Forward, usize::MAX, |key, row| {
            key.room()?;
            Ok((key.number()?, row))
        });
        let members = view.collect(&keys::members(room), Direction::Forward, usize::MAX, |key, row| {
            key.room()?;
            Ok((key.user()?, row))
        });
        let standings = view.collect(&keys::standings(room), Direction::Forward, usize::MAX, |key, row| {
            key.room()?;
            Ok((key.user()?, row))
        });
        Ok((messages, members, standings))
    })?;
    let messages = checked.take(&of, found)?.unwrap_or_default();
    foresee(store, room, messages.iter().map(|(seq, _)| *seq))?;
    for (seq, row) in messages {
        let entry = store.read(|view| Ok(view.get(&keys::entry(room, seq))))?;
        let entry = checked.take(&of, entry)?.flatten();
        let agrees = entry
            .is_some_and(|entry| (entry.author, entry.client_id, entry.fact) == (row.author, row.client_id, row.fact));
        // The log may have grown behind the head that was read: only what is before counts.
        if seq <= head.seq && !agrees {
            checked.find("message", format!("room {room}: message {seq} does not agree with its entry"));
        }
    }
    attached(store, room, head, checked)?;
    for (user, row) in checked.take(&of, members)?.unwrap_or_default() {
        let is_open = row.ranges.last().is_some_and(|range| range.until.is_none());
        let rises = row.ranges.windows(2).all(|pair| pair[0].until.is_some_and(|until| until <= pair[1].from));
        if !is_open || !rises {
            checked.find("member", format!("room {room}: what member {user} may see is no rising list of ranges"));
        }
    }
    for (user, row) in checked.take(&of, standings)?.unwrap_or_default() {
        let now = store.read(|view| Ok(view.get(&keys::room_head(room))))?;
        let furthest = row.mark_seq.max(row.read_seq);
        if checked.take(&of, now)?.flatten().is_some_and(|now| furthest > now.seq) {
            checked.find("standing", format!("room {room}: user {user} has read further than the log goes"));
        }
        marks::posts(store, room, (user, &row), checked)?;
    }
    marks::mentions(store, room, head, checked)?;
    request_keys(store, checked, room, head)
}

/// These entries are looked at next.
fn foresee(store: &Durable, room: RoomId, seqs: impl Iterator<Item = u64>) -> Result<(), StoreError> {
    store.read(|view| {
        view.foresee(&mut seqs.map(|seq| keys::entry(room, seq).bytes));
        Ok(())
    })
}

/// Every key that was remembered for this room names the entry that it made.
fn request_keys(
    store: &Durable,
    checked: &mut Checked,
    room: RoomId,
    head: &stored::RoomHead,
) -> Result<(), StoreError> {
    let of = format!("room {room}");
    let standings = store.read(|view| {
        Ok(view.collect(&keys::standings(room), Direction::Forward, usize::MAX, |key, row| {
            key.room()?;
            Ok((key.user()?, row.key_days))
        }))
    })?;
    for (user, days) in checked.take(&of, standings)?.unwrap_or_default() {
        for day in days {
            let keys = store.read(|view| {
                let span = keys::request_keys(day.day, room, user);
                Ok(view.collect(&span, Direction::Forward, usize::MAX, |key, row| {
                    key.take::<4>()?;
                    key.room()?;
                    key.user()?;
                    Ok((ClientId(key.take()?), row.seq))
                }))
            })?;
            let made = checked.take(&of, keys)?.unwrap_or_default();
            foresee(store, room, made.iter().map(|(_, seq)| *seq))?;
            for (client_id, seq) in made {
                let entry = store.read(|view| Ok(view.get(&keys::entry(room, seq))))?;
                let made = checked.take(&of, entry)?.flatten();
                let agrees = made.is_some_and(|entry| (entry.author, entry.client_id) == (user, client_id));
                if seq <= head.seq && !agrees {
                    checked
                        .find("request_key", format!("room {room}: a client id names entry {seq}, which another made"));
                }
            }
        }
    }
    Ok(())
}

pub(crate) fn check_user(store: &Durable, user: UserId, checked: &mut Checked) -> Result<(), StoreError> {
    let of = format!("user {user}");
    let (head, record, entries) = store.read(|view| {
        let entries = view.collect(&keys::user_entries(user), Direction::Forward, usize::MAX, |key, _| {
            key.user()?;
            key.number()
        });
        Ok((view.get(&keys::user_head(user)), view.get(&keys::user(user)), entries))
    })?;
    if matches!(checked.take(&of, record)?, Some(None)) {
        checked.find("user", format!("user {user} has a log and no account"));
    }
    let Some(head) = checked.take(&of, head)? else { return Ok(()) };
    let Some(head) = head else {
        checked.find("user_head", format!("user {user} has an account and no head of their log"));
        return Ok(());
    };
    let Some(entries) = checked.take(&of, entries)? else { return Ok(()) };
    if !entries.into_iter().eq(head.first..=head.seq) {
        checked.find("user_entry", format!("the log of user {user} is not dense from {} to {}", head.first, head.seq));
    }
    transfers(store, user, checked)
}
