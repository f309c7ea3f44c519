//! What must hold of a room that is run: held against its log, read from the beginning.

use rill_protocol::UserId;
use rill_server::domain::visible::visible;
use rill_storage::model::{Entry, Membership};
use std::{collections::BTreeMap, sync::Arc};

use crate::replayed::Replayed;

/// Nobody did what they were not allowed to; everybody is what the log has made of them, and may
/// see what they were there for.
///
/// # Errors
/// What does not hold.
pub(crate) fn judge(entries: &[Arc<Entry>], memberships: &BTreeMap<UserId, Membership>) -> Result<Replayed, String> {
    let replayed = Replayed::of(entries.iter().map(AsRef::as_ref))?;
    for (user, membership) in memberships {
        if membership.is_active() != replayed.members.contains(user) {
            return Err(format!("{user} is in the room, and by the log not, or the other way round"));
        }
        for entry in entries {
            let may = visible(membership, entry.seq, entry.target_seq());
            if may != replayed.may_see(*user, entry.seq, entry.target_seq()) {
                return Err(format!("{user} may see {}, and was not there for it, or the other way round", entry.seq));
            }
        }
    }
    match replayed.members.iter().find(|user| !memberships.contains_key(user)) {
        Some(user) => Err(format!("by the log {user} is in the room, and is not")),
        None => Ok(replayed),
    }
}
