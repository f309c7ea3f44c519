//! Tickets: used once, bounded per user, gone when they expire or their login ends.

use rill_protocol::{SessionId, UserId};

use super::sessions;
use crate::{
    StoreError,
    embedded::{keys, read::Read, stored, tx::Tx},
    engine::Direction,
    limits::READ_ROWS_MAX,
    model::{Digest, Session, TicketRecord},
    port::sessions::TICKETS_PER_USER_MAX,
};

// Every write leaves at most this many, so one read sees them all.
const _: () = assert!(TICKETS_PER_USER_MAX <= READ_ROWS_MAX);

/// Whether a ticket is worth nothing any more.
pub(crate) fn is_expired(ticket: &stored::Ticket, now_ms: u64) -> bool {
    ticket.expires_ms <= now_ms
}

fn all(read: &impl Read, user: UserId) -> Result<Vec<(Digest, stored::Ticket)>, StoreError> {
    read.collect(&keys::tickets(user), Direction::Forward, READ_ROWS_MAX, |key, record| {
        key.user()?;
        Ok((Digest(key.take()?), record))
    })
}

/// Ends the tickets of some logins.
pub(super) fn void(tx: &mut Tx<'_>, user: UserId, of: impl Fn(SessionId) -> bool) -> Result<(), StoreError> {
    let tickets = all(tx, user)?;
    let mut ending = tickets.into_iter().filter(|(_, ticket)| of(ticket.session));
    ending.try_for_each(|(digest, _)| tx.delete(keys::ticket(user, digest)))
}

pub(super) fn issue(tx: &mut Tx<'_>, user: UserId, tickets: &[TicketRecord], now_ms: u64) -> Result<(), StoreError> {
    let (expired, mut live): (Vec<_>, Vec<_>) =
        all(tx, user)?.into_iter().partition(|(_, ticket)| is_expired(ticket, now_ms));
    for (digest, _) in expired {
        tx.delete(keys::ticket(user, digest))?;
    }
    let fresh = &tickets[tickets.len().saturating_sub(TICKETS_PER_USER_MAX)..];
    live.sort_by_key(|(_, ticket)| ticket.expires_ms);
    let surplus = (live.len() + fresh.len()).saturating_sub(TICKETS_PER_USER_MAX);
    for (digest, _) in live.into_iter().take(surplus) {
        tx.delete(keys::ticket(user, digest))?;
    }
    fresh.iter().try_for_each(|ticket| {
        let record = stored::Ticket { session: ticket.session, expires_ms: ticket.expires_ms };
        tx.put(keys::ticket(user, ticket.digest), &record)
    })
}

pub(super) fn redeem(
    tx: &mut Tx<'_>,
    user: UserId,
    ticket: Digest,
    now_ms: u64,
) -> Result<Option<Session>, StoreError> {
    let Some(record) = tx.get(&keys::ticket(user, ticket))? else { return Ok(None) };
    tx.delete(keys::ticket(user, ticket))?;
    if is_expired(&record, now_ms) {
        return Ok(None);
    }
    let mut session = sessions::find(tx, user, record.session)?;
    if let Some(session) = &mut session {
        sessions::touch(tx, session, now_ms)?;
    }
    Ok(session)
}
