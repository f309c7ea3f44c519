//! Who may read the file of a message: whoever may see the message, for as long as they may.

use rill_protocol::{RoomId, UserId};
use rill_storage::{
    Store,
    model::{Anchor, AttachedFile, Body, Fact, Membership, Message},
    planted::{self, Bug},
    port::log::Sight,
};
use std::sync::Arc;

use super::FileError;
use crate::domain::{DomainError, messages::absent, visible::visible};

/// The file of a message that somebody may see.
pub(super) struct Seen {
    pub(super) author: UserId,
    pub(super) file: Arc<AttachedFile>,
}

fn attached(message: Message, seq: u64) -> Option<Seen> {
    let is_it = message.seq == seq && message.fact == Fact::File && message.body != Body::Erased;
    is_it.then_some(())?;
    Some(Seen { author: message.author, file: message.file? })
}

/// Membership and row of one moment, from the store: what somebody was a while ago decides
/// nothing. Whoever may not see it hears the same as where there is none.
pub(super) async fn seen(store: &Store, user: UserId, room: RoomId, seq: u64) -> Result<Seen, FileError> {
    let anchor = Anchor::Before(seq.saturating_add(1));
    let Some(sight) = store.log.messages_for(user, room, anchor, 1, 0).await? else {
        return Err(match absent(store, room).await? {
            deleted @ DomainError::RoomDeleted => deleted.into(),
            _ => FileError::NoSuchFile,
        });
    };
    let Sight { membership, mut part } = sight;
    let is_in = |membership: &Membership| membership.is_active() || planted::is(Bug::FileReadAfterRemoval);
    let may_see = |membership: &Membership| is_in(membership) && visible(membership, seq, seq);
    let message = part.messages.pop().filter(|_| membership.as_ref().is_some_and(may_see));
    message.and_then(|message| attached(message, seq)).ok_or(FileError::NoSuchFile)
}

/// The file of a message, for the server itself.
pub(super) async fn unseen(store: &Store, room: RoomId, seq: u64) -> Result<Option<Seen>, FileError> {
    let page = store.log.messages(room, Anchor::Before(seq.saturating_add(1)), 1, 0).await?;
    Ok(page.and_then(|mut page| page.messages.pop()).and_then(|message| attached(message, seq)))
}
