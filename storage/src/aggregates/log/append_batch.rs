//! Several posts as one command: all of them are in the log, or none.
//!
//! What can be refused is asked before the first is written. What fails behind it takes
//! the command back, as it does with any command.

use rill_protocol::RoomId;
use std::sync::Arc;

use super::{
    append::append,
    governing,
    idempotency::{self, Request},
};
use crate::{
    StoreError,
    embedded::{keys, read::Read, tx::Tx},
    model::{Change, NewBatch, NewEntry},
    port::log::{AppendBatchResult, AppendRefused},
};

pub(super) fn append_batch(tx: &mut Tx<'_>, room: RoomId, batch: &NewBatch) -> AppendBatchResult {
    let NewBatch { author, at_ms, ref posts } = *batch;
    let Some(head) = tx.get(&keys::room_head(room))? else { return Ok(Err(AppendRefused::NoSuchRoom)) };
    if head.is_deleted {
        return Ok(Err(AppendRefused::Deleted));
    }
    let mut known = 0;
    if let Some(standing) = tx.get(&keys::standing(room, author))? {
        let at_ms = head.at_ms.max(at_ms);
        for post in posts {
            let request = Request { room, user: author, client_id: post.client_id, digest: post.digest.0 };
            known += usize::from(idempotency::find(tx, &request, &standing, at_ms)?.is_some());
        }
        let keys_max = tx.context().bounds.client_ids_per_member_max;
        if known == 0 && !idempotency::has_room(&standing, at_ms, posts.len(), keys_max) {
            return Ok(Err(AppendRefused::TooManyKeys));
        }
        if known > 0 && known < posts.len() {
            return Ok(Err(AppendRefused::KeysMixed));
        }
    }
    // None of them is refused in the middle: where posts stand apart from each other, nobody who
    // has to wait posts several.
    if known == 0 && posts.len() > 1 && governing::is_slow_for(tx, room, author, &head)? {
        return Ok(Err(AppendRefused::OneAtATime));
    }
    let mut made = Vec::with_capacity(posts.len());
    for post in posts {
        let (client_id, digest, change) = (post.client_id, post.digest, Change::Post(Arc::clone(&post.text)));
        let mentions = post.mentions.clone();
        match append(tx, room, &NewEntry { author, client_id, at_ms, digest, change, mentions })? {
            Ok(appended) => made.push(appended),
            Err(refused) if made.is_empty() => return Ok(Err(refused)),
            Err(_) => return Err(StoreError::Engine("a batch was refused in its middle".into())),
        }
    }
    Ok(Ok(made))
}
