//! Marks, which lie in the standings of their users, and what is counted behind them.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId, limits::UNREAD_COUNT_MAX};
use std::sync::Arc;

use super::{Ports, Slot, Substrate, rooms::unless_deleted};
use crate::{
    StoreError,
    embedded::{
        keys::{self, EVERYONE},
        read::Read,
        stored::{self, Range, Standing},
        tx::Tx,
    },
    engine::Direction,
    limits::READ_ROWS_MAX,
    model::{Mentions, NewMark, Reading, Receipt},
    port::{MarkObserver, Marks, marks::MarkRefused},
};

/// The mark moves to an entry, up to which there are so many posts.
pub(super) fn move_to(standing: &mut Standing, seq: u64, posts: u64) {
    standing.mark_seq = seq;
    standing.mark_posts = Some(posts);
    standing.mark_version += 1;
    standing.read_seq = standing.read_seq.max(seq);
}

/// Notes whom the post `seq` names.
pub(super) fn mention(
    tx: &mut Tx<'_>,
    room: RoomId,
    (author, seq): (UserId, u64),
    mentions: &Mentions,
) -> Result<(), StoreError> {
    if mentions.everyone {
        tx.insert(keys::mention(room, EVERYONE, seq), &stored::Mention { author })?;
        tx.effects.marks.push((room, None));
        return Ok(());
    }
    let mut users: Vec<UserId> = mentions.users.iter().copied().filter(|user| *user != author).collect();
    users.sort_unstable();
    users.dedup();
    tx.foresee(&mut users.iter().map(|user| keys::member(room, *user).bytes));
    for user in users {
        if tx.contains(&keys::member(room, user))? {
            tx.insert(keys::mention(room, user, seq), &stored::Mention { author })?;
            tx.effects.marks.push((room, Some(user)));
        }
    }
    Ok(())
}

/// The post `seq` names nobody any more, who may have named these or everybody.
pub(super) fn unmention(tx: &mut Tx<'_>, room: RoomId, seq: u64, named: &[UserId]) -> Result<(), StoreError> {
    let keys = || [EVERYONE].into_iter().chain(named.iter().copied());
    tx.foresee(&mut keys().map(|user| keys::mention(room, user, seq).bytes));
    for user in keys() {
        let key = keys::mention(room, user, seq);
        if tx.contains(&key)? {
            tx.delete(key)?;
            tx.effects.marks.push((room, (user != EVERYONE).then_some(user)));
        }
    }
    Ok(())
}

/// Of the posts in front of which a log stands.
struct Counts<'a, V> {
    read: &'a V,
    room: RoomId,
    head: &'a stored::RoomHead,
    standing: &'a Standing,
}

impl<V: Read> Counts<'_, V> {
    /// Posts up to and with an entry.
    fn posts(&self, seq: u64) -> Result<u64, StoreError> {
        match self.standing.mark_posts {
            _ if seq == 0 => Ok(0),
            _ if seq >= self.head.seq => Ok(self.head.posts),
            Some(posts) if seq == self.standing.mark_seq => Ok(posts),
            _ => Ok(self.read.need(&keys::entry(self.room, seq))?.posts),
        }
    }

    /// Posts behind the mark, within what may be seen.
    fn unread(&self, ranges: &[Range]) -> Result<u64, StoreError> {
        let mut unread = 0;
        for range in ranges.iter().rev() {
            let behind = self.standing.mark_seq.max(range.from.saturating_sub(1));
            let last = range.until.map_or(self.head.seq, |until| until.saturating_sub(1)).min(self.head.seq);
            if last > behind {
                unread += self.posts(last)?.saturating_sub(self.posts(behind)?);
            }
            if unread >= UNREAD_COUNT_MAX || range.from <= self.standing.mark_seq {
                break;
            }
        }
        Ok(unread.min(UNREAD_COUNT_MAX))
    }

    /// Of those, the ones that name the user.
    fn mentions(&self, user: UserId, ranges: &[Range]) -> Result<u64, StoreError> {
        let of = |named: UserId| {
            let span = keys::mentions(self.room, named);
            let span = span.behind(&[&self.room.0, &named.0, &self.standing.mark_seq.to_be_bytes()]);
            self.read.collect(&span, Direction::Forward, READ_ROWS_MAX, |key, row| {
                key.room()?;
                key.user()?;
                Ok((key.number()?, row.author))
            })
        };
        // Whatever is not at hand of both is fetched at once.
        let (own, everyones) = (of(user), of(EVERYONE));
        let is_seen =
            |seq: u64| ranges.iter().any(|range| range.from <= seq && range.until.is_none_or(|until| seq < until));
        let named = own?.into_iter().chain(everyones?);
        let named = named.filter(|(seq, author)| *author != user && *seq <= self.head.seq && is_seen(*seq));
        Ok((named.count() as u64).min(UNREAD_COUNT_MAX))
    }
}

/// How a member stands at the head of their room's log.
fn counted(
    read: &impl Read,
    room: RoomId,
    user: UserId,
    head: &stored::RoomHead,
    (membership, standing): (&stored::Membership, &Standing),
) -> Result<Reading, StoreError> {
    let counts = Counts { read, room, head, standing };
    let unread = counts.unread(&membership.ranges)?;
    let mentions = if unread > 0 { counts.mentions(user, &membership.ranges)? } else { 0 };
    Ok(Reading {
        // A log that was put back may be shorter than what was read of it.
        mark_seq: standing.mark_seq.min(head.seq),
        version: standing.mark_version,
        as_of: head.seq,
        unread: unread as u32,
        mentions: mentions as u32,
    })
}

/// The same, of whatever is there; `None` for who is no member.
pub(super) fn reading(read: &impl Read, room: RoomId, user: UserId) -> Result<Option<Reading>, StoreError> {
    // Whatever is not at hand of them is fetched at once.
    let (head, member) = (read.get(&keys::room_head(room)), read.get(&keys::member(room, user)));
    let standing = read.get(&keys::standing(room, user));
    let (head, member, standing) = (head?.filter(|head| !head.is_deleted), member?, standing?.unwrap_or_default());
    let (Some(head), Some(member)) = (head, member) else { return Ok(None) };
    counted(read, room, user, &head, (&member, &standing)).map(Some)
}

fn set(tx: &mut Tx<'_>, room: RoomId, user: UserId, mark: NewMark) -> Result<Result<Reading, MarkRefused>, StoreError> {
    let (head, member) = (tx.get(&keys::room_head(room)), tx.get(&keys::member(room, user)));
    let (standing, record) = (tx.get(&keys::standing(room, user)), tx.get(&keys::room(room)));
    let (head, member, mut standing, record) = (head?, member?, standing?.unwrap_or_default(), record?);
    let Some(head) = head.filter(|head| !head.is_deleted) else { return Ok(Err(MarkRefused::NoSuchRoom)) };
    let Some(member) = member else { return Ok(Err(MarkRefused::NotAMember)) };
    let (NewMark::Read(seq) | NewMark::Unread { seq, .. }) = mark;
    let is_back = matches!(mark, NewMark::Unread { .. });
    if seq > head.seq || is_back && seq == 0 {
        return Ok(Err(MarkRefused::NoSuchEntry { head: head.seq }));
    }
    let moved = match mark {
        NewMark::Read(seq) => (seq > standing.mark_seq).then_some(seq),
        NewMark::Unread { client_id, .. } if standing.moved_back_by == Some(client_id) => None,
        NewMark::Unread { client_id, seq } => {
            standing.moved_back_by = Some(client_id);
            (seq <= standing.mark_seq).then_some(seq - 1)
        }
    };
    if let Some(seq) = moved {
        let posts = Counts { read: &*tx, room, head: &head, standing: &standing }.posts(seq)?;
        move_to(&mut standing, seq, posts);
        tx.put(keys::standing(room, user), &standing)?;
        tx.effects.marks.push((room, Some(user)));
        if is_private_of(record.as_ref(), user) {
            let noted = tx.get(&keys::arrival(room, user));
            note_arrival(tx, room, user, (seq, noted?))?;
        }
    }
    counted(tx, room, user, &head, (&member, &standing)).map(Ok)
}

fn is_private_of(record: Option<&stored::Room>, user: UserId) -> bool {
    let kind = record.map(|record| record.kind);
    matches!(kind, Some(stored::RoomKind::Private { a, b }) if user == a || user == b)
}

/// Whether it is further than was noted.
fn note_arrival(
    tx: &mut Tx<'_>,
    room: RoomId,
    user: UserId,
    (seq, noted): (u64, Option<stored::Arrival>),
) -> Result<bool, StoreError> {
    if noted.is_some_and(|noted| seq <= noted.seq) {
        return Ok(false);
    }
    tx.put(keys::arrival(room, user), &stored::Arrival { seq })?;
    tx.effects.chats.push((room, Some(user)));
    Ok(true)
}

fn arrive(tx: &mut Tx<'_>, room: RoomId, user: UserId, seq: u64) -> Result<bool, StoreError> {
    // Whatever is not at hand of them is fetched at once.
    let (record, head) = (tx.get(&keys::room(room)), tx.get(&keys::room_head(room)));
    let (noted, standing) = (tx.get(&keys::arrival(room, user)), tx.get(&keys::standing(room, user)));
    let (record, head, noted, standing) = (record?, head?, noted?, standing?);
    let Some(head) = head.filter(|head| !head.is_deleted) else { return Ok(false) };
    // Who says more than there is has what there is: what was said before is not lost by that.
    let seq = seq.min(head.seq);
    // Of what was read and posted the other one knows already.
    let is_known = standing.map_or(0, |standing| standing.read_seq) >= seq;
    if !is_private_of(record.as_ref(), user) || is_known {
        return Ok(false);
    }
    note_arrival(tx, room, user, (seq, noted))
}

/// Up to where a private chat has arrived at somebody; `None` where it is not noted.
pub(super) fn arrival(read: &impl Read, room: RoomId, user: UserId) -> Result<Option<u64>, StoreError> {
    // Whatever is not at hand of them is fetched at once.
    let (record, head) = (read.get(&keys::room(room)), read.get(&keys::room_head(room)));
    let (noted, standing) = (read.get(&keys::arrival(room, user)), read.get(&keys::standing(room, user)));
    let (record, head, noted, standing) = (record?, head?, noted?, standing?);
    if !is_private_of(record.as_ref(), user) {
        return Ok(None);
    }
    let seq = noted.map_or(0, |row| row.seq).max(standing.map_or(0, |standing| standing.read_seq));
    // A log that was put back may be shorter.
    Ok(head.filter(|head| !head.is_deleted).map(|head| seq.min(head.seq)))
}

fn receipt(read: &impl Read, room: RoomId, user: UserId) -> Result<Receipt, StoreError> {
    let seq = read.get(&keys::standing(room, user))?.map_or(0, |standing| standing.read_seq);
    Ok(Receipt { user, seq })
}

#[async_trait]
impl<S: Substrate> Marks for Ports<S> {
    async fn set(&self, room: RoomId, user: UserId, mark: NewMark) -> Result<Result<Reading, MarkRefused>, StoreError> {
        self.write(Slot::Room(room), move |tx| set(tx, room, user, mark)).await
    }

    async fn reading(&self, room: RoomId, user: UserId) -> Result<Option<Reading>, StoreError> {
        self.read(Slot::Room(room), |view| reading(view, room, user)).await
    }

    async fn receipts(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        self.read(Slot::Room(room), |view| {
            let mut span = keys::members(room);
            if let Some(after) = after {
                span = span.behind(&[&room.0, &after.0]);
            }
            let users = view.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, _| {
                key.room()?;
                key.user()
            })?;
            view.foresee(&mut users.iter().map(|user| keys::standing(room, *user).bytes));
            unless_deleted(view, room, users.into_iter().map(|user| receipt(view, room, user)).collect())
        })
        .await
    }

    async fn receipt(&self, room: RoomId, user: UserId) -> Result<Option<Receipt>, StoreError> {
        self.read(Slot::Room(room), |view| {
            let (member, receipt) = (view.contains(&keys::member(room, user)), receipt(view, room, user));
            let (is_member, receipt) = (unless_deleted(view, room, member)?, receipt?);
            Ok(is_member.then_some(receipt))
        })
        .await
    }

    async fn arrive(&self, room: RoomId, user: UserId, seq: u64) -> Result<bool, StoreError> {
        self.write(Slot::Room(room), move |tx| arrive(tx, room, user, seq)).await
    }

    async fn arrival(&self, room: RoomId, user: UserId) -> Result<Option<u64>, StoreError> {
        self.read(Slot::Room(room), |view| arrival(view, room, user)).await
    }

    fn observe(&self, observer: Arc<dyn MarkObserver>) {
        self.substrate.observers().marks.write().push(observer);
    }
}
