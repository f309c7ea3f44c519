//! The birth of a room: its record and the first entries of its log.

use super::{
    append::pend,
    entry::{self, Draft},
    idempotency::{self, Request},
    membership,
};
use crate::{
    StoreError,
    embedded::{heads::LogId, keys, read::Read, stored, tx::Tx},
    limits::FIRST_MEMBERS_MAX,
    model::{Appended, NewRoom, Replay, RoomSetup},
};

/// `Created` is 1, the creator's `Joined` is 2: what a creation answers.
const JOINED_SEQ: u64 = 2;

/// Which of the two of a private chat have it closed before anybody looked whether they block each
/// other: both, so that nobody posts there until then.
fn closed_at_birth(kind: stored::RoomKind) -> u8 {
    match kind {
        stored::RoomKind::Group => 0,
        stored::RoomKind::Private { .. } => stored::CLOSED_BY_A | stored::CLOSED_BY_B,
    }
}

pub(crate) fn create(tx: &mut Tx<'_>, new: &NewRoom) -> Result<Appended, StoreError> {
    let room = new.id;
    if let Some(existing) = tx.get(&keys::room(room))? {
        let replay = if existing.created_by == new.digest.0 { Replay::Same } else { Replay::Different };
        let head = tx.need(&keys::room_head(room))?;
        let seq = if head.is_deleted { head.seq } else { JOINED_SEQ };
        return Ok(Appended { epoch: head.epoch, entry: entry::find(tx, room, seq)?, replay });
    }

    let RoomSetup { kind, access, history, topic, members } = &new.setup;
    if members.len() > FIRST_MEMBERS_MAX {
        return Err(StoreError::Engine(format!("{} members are too many for one command", members.len())));
    }
    let record = stored::Room {
        name: new.name.clone(),
        creator: new.creator,
        created_ms: new.at_ms,
        parent: None,
        created_by: new.digest.0,
        kind: (*kind).into(),
        access: (*access).into(),
        topic: topic.clone(),
        owner: new.creator,
    };
    tx.put(keys::room(room), &record)?;

    let epoch = tx.context().first_epoch(LogId::Room(room), new.epoch);
    let first = stored::RoomHead::new(epoch, new.at_ms);
    let closed_by = closed_at_birth(record.kind);
    let mut head = stored::RoomHead { members: 1, history: (*history).into(), closed_by, ..first };
    let draft = |author, fact, text| Draft { author, client_id: new.client_id, fact, text, file: None };
    entry::write(tx, room, &mut head, draft(new.creator, stored::Fact::Created, Some(new.name.as_str().into())))?;
    let joined = entry::write(tx, room, &mut head, draft(new.creator, stored::Fact::Joined, None))?;
    membership::open(tx, room, new.creator, &head)?;

    // One second call serves both entries; `Created` says that the directory is part
    // of it.
    pend(tx, room, &head, new.creator, stored::Fact::Created)?;
    for member in members.iter().filter(|member| **member != new.creator) {
        if tx.get(&keys::member(room, *member))?.is_none() {
            head.members += 1;
            entry::write(tx, room, &mut head, draft(*member, stored::Fact::Joined, None))?;
            membership::open(tx, room, *member, &head)?;
            pend(tx, room, &head, *member, stored::Fact::Joined)?;
        }
    }

    let request = Request { room, user: new.creator, client_id: new.client_id, digest: new.digest.0 };
    let mut standing = stored::Standing::default();
    idempotency::remember(tx, &request, &mut standing, new.at_ms, joined.seq)?;
    tx.put(keys::standing(room, new.creator), &standing)?;
    tx.put(keys::room_head(room), &head)?;
    Ok(Appended { epoch, entry: joined, replay: Replay::First })
}
