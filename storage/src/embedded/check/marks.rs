//! What is checked of marks: that the posts up to them are those of the log, and that whoever is
//! named is named by a post.

use rill_protocol::{RoomId, UserId};

use super::Checked;
use crate::{
    StoreError,
    embedded::{keys, read::Read as _, stored, view::Durable},
    engine::Direction,
};

/// Posts up to a mark, where they are noted.
pub(super) fn posts(
    store: &Durable,
    room: RoomId,
    (user, row): (UserId, &stored::Standing),
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let Some(noted) = row.mark_posts else { return Ok(()) };
    let of = format!("room {room}");
    let found = match row.mark_seq {
        0 => Some(0),
        seq => {
            let entry = store.read(|view| Ok(view.get(&keys::entry(room, seq))))?;
            checked.take(&of, entry)?.flatten().map(|entry| entry.posts)
        }
    };
    if found.is_some_and(|posts| posts != noted) {
        checked.find("standing", format!("{of}: up to the mark of user {user} there are other posts than are noted"));
    }
    Ok(())
}

/// The log may have grown behind the head that was read: only what is before counts.
pub(super) fn mentions(
    store: &Durable,
    room: RoomId,
    head: &stored::RoomHead,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let of = format!("room {room}");
    let rows = store.read(|view| {
        Ok(view.collect(&keys::all_mentions(room), Direction::Forward, usize::MAX, |key, row| {
            key.room()?;
            key.user()?;
            Ok((key.number()?, row.author))
        }))
    })?;
    let rows = checked.take(&of, rows)?.unwrap_or_default();
    super::foresee(store, room, rows.iter().map(|(seq, _)| *seq))?;
    for (seq, author) in rows {
        let entry = store.read(|view| Ok(view.get(&keys::entry(room, seq))))?;
        let agrees =
            checked.take(&of, entry)?.flatten().is_some_and(|entry| entry.fact.is_post() && entry.author == author);
        if seq <= head.seq && !agrees {
            checked.find("mention", format!("{of}: somebody is named by entry {seq}, which is no such post"));
        }
    }
    Ok(())
}
