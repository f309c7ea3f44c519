//! The append: checks, then every row of the entry in one batch.

use rill_protocol::RoomId;
use std::sync::Arc;

use super::{
    entry::{self, Draft},
    file,
    idempotency::{self, Request},
    membership,
};
use crate::{
    StoreError,
    aggregates::{marks, pictures::set_room_avatar},
    embedded::{keys, read::Read, stored, tx::Tx},
    model::{Appended, Change, Fact, NewEntry, Replay},
    planted::{self, Bug},
    port::log::{AppendRefused, AppendResult},
};

pub(super) fn append(tx: &mut Tx<'_>, room: RoomId, new: &NewEntry) -> AppendResult {
    let Some(mut head) = tx.get(&keys::room_head(room))? else { return Ok(Err(AppendRefused::NoSuchRoom)) };
    // Time never runs backwards within a log.
    head.at_ms = head.at_ms.max(new.at_ms);
    let at_ms = head.at_ms;

    let user = new.author;
    let request = Request { room, user, client_id: new.client_id, digest: new.digest.0 };
    let mut standing = tx.get(&keys::standing(room, user))?.unwrap_or_default();
    if let Some(made) = idempotency::find(tx, &request, &standing, at_ms)? {
        let replay = if made.digest == request.digest { Replay::Same } else { Replay::Different };
        return Ok(Ok(Appended { epoch: head.epoch, entry: entry::find(tx, room, made.seq)?, replay }));
    }

    let current = tx.get(&keys::member(room, user))?;
    if let Err(refused) = check(tx, &new.change, current.is_some(), &head, &standing) {
        return Ok(Err(refused));
    }

    let draft = |fact, text| Draft { author: user, client_id: new.client_id, fact, text, file: None };
    let written = match (&new.change, current) {
        (Change::Post(text), _) => {
            let written = entry::write(tx, room, &mut head, draft(stored::Fact::Posted, Some(Arc::clone(text))))?;
            marks::move_to(&mut standing, written.seq, written.posts);
            marks::mention(tx, room, (user, written.seq), &new.mentions)?;
            written
        }
        (Change::Join, _) => {
            head.members += 1;
            let written = entry::write(tx, room, &mut head, draft(stored::Fact::Joined, None))?;
            membership::open(tx, room, user, written.seq, at_ms)?;
            marks::move_to(&mut standing, written.seq, written.posts);
            pend(tx, room, &head, user, stored::Fact::Joined)?;
            written
        }
        (Change::Leave, Some(current)) => {
            head.members = head.members.saturating_sub(1);
            let written = entry::write(tx, room, &mut head, draft(stored::Fact::Left, None))?;
            membership::close(tx, room, user, written.seq, current)?;
            pend(tx, room, &head, user, stored::Fact::Left)?;
            written
        }
        (Change::Leave, None) => return Ok(Err(AppendRefused::Unchanged)),
        (Change::File { text, file }, _) => {
            let draft = Draft { file: Some(Arc::clone(file)), ..draft(stored::Fact::File, Some(Arc::clone(text))) };
            let written = entry::write(tx, room, &mut head, draft)?;
            tx.insert(keys::attached_file(room, written.seq), &file::row(file))?;
            marks::move_to(&mut standing, written.seq, written.posts);
            marks::mention(tx, room, (user, written.seq), &new.mentions)?;
            written
        }
        (Change::SettleFile { target, state }, _) => {
            let Some(file) = file::settle(tx, room, *target, user, state)? else {
                return Ok(Err(AppendRefused::Unchanged));
            };
            let fact = stored::Fact::FileSettled { target: *target };
            entry::write(tx, room, &mut head, Draft { file: Some(file), ..draft(fact, None) })?
        }
        (Change::Avatar { picture, replaces }, _) => {
            let (now, is_changed) = set_room_avatar(tx, room, *picture, *replaces, at_ms)?;
            if !is_changed {
                return Ok(Err(AppendRefused::Unchanged));
            }
            let fact = stored::Fact::Avatar { version: now.version, is_set: now.picture.is_some() };
            entry::write(tx, room, &mut head, draft(fact, None))?
        }
    };
    idempotency::remember(tx, &request, &mut standing, at_ms, written.seq)?;
    tx.put(keys::standing(room, user), &standing)?;
    if !(planted::is(Bug::SeqReused) && written.fact == Fact::Left) {
        tx.put(keys::room_head(room), &head)?;
    }
    Ok(Ok(Appended { epoch: head.epoch, entry: written, replay: Replay::First }))
}

fn check(
    tx: &Tx<'_>,
    change: &Change,
    is_member: bool,
    head: &stored::RoomHead,
    standing: &stored::Standing,
) -> Result<(), AppendRefused> {
    let bounds = &tx.context().bounds;
    match change {
        Change::Post(_) | Change::File { .. } | Change::Avatar { .. } if !is_member => Err(AppendRefused::NotAMember),
        Change::Join if is_member => Err(AppendRefused::Unchanged),
        Change::Join if head.members >= bounds.room_members_max => Err(AppendRefused::RoomFull),
        Change::Leave if !is_member => Err(AppendRefused::Unchanged),
        // Its key was counted with the file's own.
        Change::SettleFile { .. } => Ok(()),
        _ if !idempotency::has_room(standing, head.at_ms, 1, bounds.client_ids_per_member_max) => {
            Err(AppendRefused::TooManyKeys)
        }
        _ => Ok(()),
    }
}

/// Notes that the user's own log must still hear of the entry at the head.
pub(super) fn pend(
    tx: &mut Tx<'_>,
    room: RoomId,
    head: &stored::RoomHead,
    user: rill_protocol::UserId,
    fact: stored::Fact,
) -> Result<(), StoreError> {
    tx.insert(keys::pending(room, head.seq), &stored::Pending { user, fact, at_ms: head.at_ms })
}
