//! How joining and leaving move the visible ranges.

use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    embedded::{
        keys,
        read::Read,
        stored::{Membership, Range},
        tx::Tx,
    },
    limits::RANGES_PER_MEMBERSHIP_MAX,
};

/// Opens a range with the entry `seq`: from the first entry of the log for somebody
/// who was never here, from the joining entry for somebody who comes back.
pub(super) fn open(tx: &mut Tx<'_>, room: RoomId, user: UserId, seq: u64, at_ms: u64) -> Result<(), StoreError> {
    let former = tx.get(&keys::former_member(room, user))?;
    let from = if former.is_some() { seq } else { 1 };
    let mut ranges = former.map_or_else(Vec::new, |former| former.ranges);
    ranges.push(Range { from, until: None });
    if ranges.len() > RANGES_PER_MEMBERSHIP_MAX {
        ranges.remove(0);
    }
    tx.delete(keys::former_member(room, user))?;
    tx.put(keys::member(room, user), &Membership { ranges, joined_ms: at_ms })
}

/// Closes the open range behind the entry `seq`, which stays visible.
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
    tx.delete(keys::member(room, user))?;
    tx.put(keys::former_member(room, user), &membership)
}
