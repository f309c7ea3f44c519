//! New epochs for logs that are not what they were recorded to be.
//!
//! A log that is shorter than its recorded head, or wears another epoch, has been put
//! back. Cursors and sent entries of its lost end are still about, so it goes on in a
//! new epoch, given before the first append.

use rill_protocol::Epoch;
use std::collections::HashMap;

use super::{
    cache::Cache,
    context::Context,
    heads::{Latest, LogId, Recorded},
    keys,
    read::Read,
    tx::Tx,
    view::Durable,
};
use crate::{
    StoreError,
    engine::{Direction, Engine},
    limits::{BATCH_BYTES_MAX, COMMAND_BYTES_MAX},
    planted::{self, Bug},
};

/// What the recorded heads mean for the logs there are.
pub(super) struct Verdict {
    /// Where each log ends, with its new epoch if it has one.
    pub(super) latest: Latest,
    /// Recorded logs that are gone altogether.
    pub(super) lost: HashMap<LogId, Epoch>,
    stale: Vec<(LogId, Recorded)>,
}

pub(crate) fn find(read: &impl Read, log: LogId) -> Result<Option<Recorded>, StoreError> {
    Ok(match log {
        LogId::Room(room) => {
            read.get(&keys::room_head(room))?.map(|head| Recorded { epoch: head.epoch, seq: head.seq })
        }
        LogId::User(user) => {
            read.get(&keys::user_head(user))?.map(|head| Recorded { epoch: head.epoch, seq: head.seq })
        }
    })
}

/// Holds the recorded heads against the logs.
pub(super) fn judge(durable: &Durable, recorded: Latest) -> Result<Verdict, StoreError> {
    let mut verdict = Verdict { latest: Latest::new(), lost: HashMap::new(), stale: Vec::new() };
    for (log, head) in recorded {
        // A view each: nothing else runs yet, and none is held for long.
        match durable.read(|view| find(view, log))? {
            Some(found)
                if planted::is(Bug::EpochKeptAfterRestore) || found.epoch == head.epoch && found.seq >= head.seq =>
            {
                verdict.latest.insert(log, found);
            }
            Some(found) => {
                tracing::warn!(
                    ?log,
                    recorded_seq = head.seq,
                    found_seq = found.seq,
                    same_epoch = (found.epoch == head.epoch),
                    "a log has lost entries since it was recorded; it goes on in a new epoch"
                );
                verdict.stale.push((log, found));
            }
            None => {
                verdict.lost.insert(log, head.epoch);
                // Stays recorded, so that the next start knows it too.
                verdict.latest.insert(log, head);
            }
        }
    }
    if !verdict.lost.is_empty() {
        tracing::warn!(logs = verdict.lost.len(), "logs that were recorded are gone from the store");
    }
    Ok(verdict)
}

/// Gives the stale logs their new epochs, durably.
pub(super) fn renew(
    verdict: &mut Verdict,
    context: &Context,
    durable: &Durable,
    engine: &dyn Engine,
) -> Result<(), StoreError> {
    let mut stale = std::mem::take(&mut verdict.stale).into_iter().peekable();
    while stale.peek().is_some() {
        let mut tx = Tx::begin(context, durable.ring(), engine, Cache::default());
        while tx.bytes() < BATCH_BYTES_MAX - COMMAND_BYTES_MAX
            && let Some((log, found)) = stale.next()
        {
            let epoch = context.fresh_epoch();
            tx.run(|tx| wear(tx, log, epoch))?;
            verdict.latest.insert(log, Recorded { epoch, seq: found.seq });
        }
        engine.commit(tx.finish()?.writes)?;
        engine.barrier()?;
        engine.publish();
    }
    Ok(())
}

/// Gives a log another epoch.
pub(crate) fn wear(tx: &mut Tx<'_>, log: LogId, epoch: Epoch) -> Result<(), StoreError> {
    match log {
        LogId::Room(room) => {
            let mut head = tx.need(&keys::room_head(room))?;
            head.epoch = epoch;
            tx.put(keys::room_head(room), &head)
        }
        LogId::User(user) => {
            let mut head = tx.need(&keys::user_head(user))?;
            head.epoch = epoch;
            tx.put(keys::user_head(user), &head)
        }
    }
}

/// The heads as the engine has them, for a store whose record of them is missing.
pub(super) fn survey(durable: &Durable) -> Result<Latest, StoreError> {
    durable.read(|view| {
        let rooms = view.collect(&keys::room_heads(), Direction::Forward, usize::MAX, |key, head| {
            Ok((LogId::Room(key.room()?), Recorded { epoch: head.epoch, seq: head.seq }))
        })?;
        let users = view.collect(&keys::user_heads(), Direction::Forward, usize::MAX, |key, head| {
            Ok((LogId::User(key.user()?), Recorded { epoch: head.epoch, seq: head.seq }))
        })?;
        Ok(rooms.into_iter().chain(users).collect())
    })
}
