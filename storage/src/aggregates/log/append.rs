//! The append: checks, then every row of the entry in one batch.

use rill_protocol::RoomId;
use std::sync::Arc;

use super::{
    deleting,
    entering::{self, Way},
    entry::{self, Draft},
    file, governing,
    idempotency::{self, Request},
    membership, removing,
};
use crate::{
    StoreError,
    aggregates::{marks, pictures::set_room_avatar},
    embedded::{keys, read::Read, stored, tx::Tx},
    model::{Appended, Change, Fact, NewEntry, Reach, Replay},
    planted::{self, Bug},
    port::log::{AppendRefused, AppendResult},
};

pub(super) fn append(tx: &mut Tx<'_>, room: RoomId, new: &NewEntry) -> AppendResult {
    let Some(mut head) = tx.get(&keys::room_head(room))? else { return Ok(Err(AppendRefused::NoSuchRoom)) };
    // Also to who asks again: nobody hears of what was there.
    if head.is_deleted {
        return Ok(Err(AppendRefused::Deleted));
    }
    // Time never runs backwards within a log.
    head.at_ms = head.at_ms.max(new.at_ms);
    let at_ms = head.at_ms;

    let user = new.author;
    let request = Request { room, user, client_id: new.client_id, digest: new.digest.0 };
    let mut standing = tx.get(&keys::standing(room, user))?.unwrap_or_default();
    if let Some(made) = idempotency::find(tx, &request, &standing, at_ms)? {
        let replay = if made.is_of(&request) { Replay::Same } else { Replay::Different };
        return Ok(Ok(Appended { epoch: head.epoch, entry: entry::find(tx, room, made.seq)?, replay }));
    }

    let current = tx.get(&keys::member(room, user))?;
    if let Err(refused) = check(tx, &new.change, current.is_some(), &head, &standing) {
        return Ok(Err(refused));
    }
    let is_post = matches!(new.change, Change::Post(_) | Change::File { .. });
    if is_post && let Err(refused) = governing::may_post(tx, room, (user, new.at_ms), &head, current.as_ref())? {
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
        (Change::Join | Change::JoinByLink(_), _) => {
            let way = match new.change {
                Change::JoinByLink(secret) => Way::Link(secret),
                _ => Way::Door,
            };
            match entering::enter(tx, room, user, way, &mut head)? {
                Ok(()) => {}
                Err(refused) => return Ok(Err(refused)),
            }
            let written = entry::write(tx, room, &mut head, draft(stored::Fact::Joined, None))?;
            membership::open(tx, room, user, &head)?;
            marks::move_to(&mut standing, written.seq, written.posts);
            pend(tx, room, &head, user, stored::Fact::Joined)?;
            written
        }
        (Change::Leave, Some(_)) if entering::must_stay(tx, room, user, &head)? => {
            return Ok(Err(AppendRefused::OwnerStays));
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
        (Change::Remove { target, named, rule, reach }, current) => {
            let asked = governing::Asked { room, user, client_id: new.client_id };
            let what = removing::What { target: *target, named, rule: *rule, reach: *reach };
            match removing::remove(tx, asked, &what, current, &mut head)? {
                Ok(written) => written,
                Err(refused) => return Ok(Err(refused)),
            }
        }
        (Change::Delete { rule, .. }, current) => {
            let asked = governing::Asked { room, user, client_id: new.client_id };
            match deleting::delete(tx, asked, *rule, current.as_ref(), &mut head)? {
                Ok(written) => written,
                Err(refused) => return Ok(Err(refused)),
            }
        }
        (Change::Decline { .. } | Change::Set { .. } | Change::Member { .. }, current)
        | (Change::MakeLink { .. } | Change::RevokeLink { .. }, current) => {
            let asked = governing::Asked { room, user, client_id: new.client_id };
            match governing::govern(tx, asked, &new.change, current, &mut head)? {
                Ok(written) => written,
                Err(refused) => return Ok(Err(refused)),
            }
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
        Change::Remove { reach: Reach::Seen, .. } | Change::Delete { reach: Reach::Seen, .. } if !is_member => {
            Err(AppendRefused::NotAMember)
        }
        Change::Set { .. } | Change::Member { .. } if !is_member => Err(AppendRefused::NotAMember),
        Change::MakeLink { .. } | Change::RevokeLink { .. } if !is_member => Err(AppendRefused::NotAMember),
        Change::Join | Change::JoinByLink(_) if is_member => Err(AppendRefused::Unchanged),
        Change::Leave if !is_member => Err(AppendRefused::Unchanged),
        // Its key was counted with the file's own.
        Change::SettleFile { .. } => Ok(()),
        // There are no more behind it.
        Change::Delete { .. } => Ok(()),
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
