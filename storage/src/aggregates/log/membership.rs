//! How joining and leaving move the visible ranges.

use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    embedded::{
        keys,
        read::Read,
        stored::{self, Membership, Range},
        tx::Tx,
    },
    limits::RANGES_PER_MEMBERSHIP_MAX,
    planted::{self, Bug},
};

/// Opens a range with the entry at the head: from the first entry of the log for somebody
/// who was never here, if the room's history is theirs, else from the joining entry.
pub(super) fn open(tx: &mut Tx<'_>, room: RoomId, user: UserId, head: &stored::RoomHead) -> Result<(), StoreError> {
    let former = tx.get(&keys::former_member(room, user))?;
    let is_shown = head.history == stored::HistoryFrom::Start || planted::is(Bug::HistoryAlwaysShown);
    let sees_all = former.is_none() && is_shown;
    let from = if sees_all { 1 } else { head.seq };
    let mut ranges = former.map_or_else(Vec::new, |former| former.ranges);
    ranges.push(Range { from, until: None });
    if ranges.len() > RANGES_PER_MEMBERSHIP_MAX {
        ranges.remove(0);
    }
    tx.delete(keys::former_member(room, user))?;
    tx.put(keys::member(room, user), &Membership { ranges, joined_ms: head.at_ms, is_admin: false })
}

/// Closes the open range behind the entry `seq`, which stays visible. Whoever comes back is no admin.
pub(super) fn close(
    tx: &mut Tx<'_>,
    room: RoomId,
    user: UserId,
    seq: u64,
    mut membership: Membership,
) -> Result<(), StoreError> {
    if let Some(last) = membership.ranges.last_mut() {
        last.until = Some(seq + 1);
    }
    membership.is_admin = false;
    tx.delete(keys::member(room, user))?;
    tx.put(keys::former_member(room, user), &membership)
}
