//! Who may come into a room, and who may go.

use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    aggregates::rooms::link_of,
    embedded::{keys, read::Read, stored, tx::Tx},
    model::{Digest, RoomLink},
    planted::{self, Bug},
    port::log::AppendRefused,
};

/// By what somebody comes in.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// Open to everybody, or to who is invited.
    Door,
    /// A link with that secret.
    Link(Digest),
}

pub(super) fn link_row(link: &RoomLink) -> stored::RoomLink {
    let RoomLink { secret, creator, created_ms, expires_ms, uses_max, uses } = *link;
    stored::RoomLink { secret: secret.0, creator, created_ms, expires_ms, uses_max, uses }
}

/// Lets somebody in who is no member, and takes what they come in by. Nothing is written where
/// they are refused.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    room: RoomId,
    user: UserId,
    way: Way,
    head: &mut stored::RoomHead,
) -> Result<Result<(), AppendRefused>, StoreError> {
    // Whatever is not at hand of them is fetched at once.
    let (record, banned) = (tx.get(&keys::room(room)), tx.get(&keys::ban(room, user)));
    let invitation = tx.get(&keys::room_invitation(room, user));
    let (record, banned, invitation) = (record?, banned?, invitation?);
    let Some(mut record) = record.filter(|record| record.kind == stored::RoomKind::Group) else {
        return Ok(Err(AppendRefused::NoSuchRoom));
    };
    let used = match way {
        Way::Door => None,
        Way::Link(secret) => match link_of(tx, room, secret)?.filter(|link| link.is_open(head.at_ms)) {
            Some(link) => Some(link),
            None => return Ok(Err(AppendRefused::BadLink)),
        },
    };
    // A stranger does not hear of a room by what keeps them out.
    if record.access == stored::Access::Invited && used.is_none() && invitation.is_none() {
        return Ok(Err(AppendRefused::NoSuchRoom));
    }
    if banned.is_some() && !planted::is(Bug::BanForgotten) {
        return Ok(Err(AppendRefused::Banned));
    }
    if head.members >= tx.context().bounds.room_members_max {
        return Ok(Err(AppendRefused::RoomFull));
    }
    if let Some(link) = used {
        let link = RoomLink { uses: link.uses + 1, ..link };
        tx.put(keys::room_link(room, link.id()), &link_row(&link))?;
    }
    if invitation.is_some() {
        tx.delete(keys::room_invitation(room, user))?;
    }
    if head.members == 0 && record.owner != user {
        record.owner = user;
        tx.put(keys::room(room), &record)?;
    }
    head.members += 1;
    Ok(Ok(()))
}

/// Whether somebody owns the room and is not the last in it; and nobody leaves a private chat.
pub(super) fn must_stay(tx: &Tx<'_>, room: RoomId, user: UserId, head: &stored::RoomHead) -> Result<bool, StoreError> {
    let record = tx.need(&keys::room(room))?;
    let is_group = record.kind == stored::RoomKind::Group;
    Ok(!is_group || record.owner == user && head.members > 1)
}
