//! Marks, which lie in the standings of their users, and what is counted behind them.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId, limits::UNREAD_COUNT_MAX};
use std::sync::Arc;

use super::{Ports, Slot, Substrate};
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
    let (Some(head), Some(member), standing) = (head?, member?, standing?.unwrap_or_default()) else {
        return Ok(None);
    };
    counted(read, room, user, &head, (&member, &standing)).map(Some)
}

fn set(tx: &mut Tx<'_>, room: RoomId, user: UserId, mark: NewMark) -> Result<Result<Reading, MarkRefused>, StoreError> {
    let (head, member) = (tx.get(&keys::room_head(room)), tx.get(&keys::member(room, user)));
    let standing = tx.get(&keys::standing(room, user));
    let (head, member, mut standing) = (head?, member?, standing?.unwrap_or_default());
    let Some(head) = head else { return Ok(Err(MarkRefused::NoSuchRoom)) };
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
    }
    counted(tx, room, user, &head, (&member, &standing)).map(Ok)
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
            users.into_iter().map(|user| receipt(view, room, user)).collect()
        })
        .await
    }

    async fn receipt(&self, room: RoomId, user: UserId) -> Result<Option<Receipt>, StoreError> {
        self.read(Slot::Room(room), |view| {
            let (member, receipt) = (view.contains(&keys::member(room, user)), receipt(view, room, user));
            let (is_member, receipt) = (member?, receipt?);
            Ok(is_member.then_some(receipt))
        })
        .await
    }

    fn observe(&self, observer: Arc<dyn MarkObserver>) {
        self.substrate.observers().marks.write().push(observer);
    }
}
