//! The birth of a room: its record and the first two entries of its log.

use super::{
    append::pend,
    entry::{self, Draft},
    idempotency::{self, Request},
    membership,
};
use crate::{
    StoreError,
    embedded::{heads::LogId, keys, read::Read, stored, tx::Tx},
    model::{Appended, NewRoom, Replay},
};

/// `Created` is 1, the creator's `Joined` is 2: what a creation answers.
const JOINED_SEQ: u64 = 2;

pub(crate) fn create(tx: &mut Tx<'_>, new: &NewRoom) -> Result<Appended, StoreError> {
    let room = new.id;
    if let Some(existing) = tx.get(&keys::room(room))? {
        let replay = if existing.created_by == new.digest.0 { Replay::Same } else { Replay::Different };
        let epoch = tx.need(&keys::room_head(room))?.epoch;
        return Ok(Appended { epoch, entry: entry::find(tx, room, JOINED_SEQ)?, replay });
    }

    let record = stored::Room {
        name: new.name.clone(),
        creator: new.creator,
        created_ms: new.at_ms,
        parent: None,
        created_by: new.digest.0,
    };
    tx.put(keys::room(room), &record)?;

    let epoch = tx.context().first_epoch(LogId::Room(room), new.epoch);
    let mut head = stored::RoomHead { epoch, seq: 0, at_ms: new.at_ms, posts: 0, members: 1 };
    let draft = |fact, text| Draft { author: new.creator, client_id: new.client_id, fact, text, file: None };
    entry::write(tx, room, &mut head, draft(stored::Fact::Created, Some(new.name.as_str().into())))?;
    let joined = entry::write(tx, room, &mut head, draft(stored::Fact::Joined, None))?;
    membership::open(tx, room, new.creator, joined.seq, new.at_ms)?;

    // One second call serves both entries; `Created` says that the directory is part
    // of it.
    pend(tx, room, &head, new.creator, stored::Fact::Created)?;

    let request = Request { room, user: new.creator, client_id: new.client_id, digest: new.digest.0 };
    let mut standing = stored::Standing::default();
    idempotency::remember(tx, &request, &mut standing, new.at_ms, joined.seq)?;
    tx.put(keys::standing(room, new.creator), &standing)?;
    tx.put(keys::room_head(room), &head)?;
    Ok(Appended { epoch, entry: joined, replay: Replay::First })
}
