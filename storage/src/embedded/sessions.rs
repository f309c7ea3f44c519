//! Logins. Their tickets are in [`super::tickets`].

use async_trait::async_trait;
use rill_protocol::{SessionId, UserId};

use super::{Embedded, keys, read::Read, stored, tickets, tx::Tx};
use crate::{
    StoreError,
    engine::Direction,
    limits::{READ_ROWS_MAX, SESSIONS_PER_USER_MAX},
    model::{Digest, Session, TicketRecord},
    port::Sessions,
};

fn session(user: UserId, id: SessionId, record: stored::Session) -> Session {
    Session { id, user, token: Digest(record.token), created_ms: record.created_ms, client: record.client }
}

pub(super) fn find(read: &impl Read, user: UserId, id: SessionId) -> Result<Option<Session>, StoreError> {
    Ok(read.get(&keys::session(user, id))?.map(|record| session(user, id, record)))
}

fn all(read: &impl Read, user: UserId) -> Result<Vec<Session>, StoreError> {
    read.collect(&keys::sessions(user), Direction::Forward, READ_ROWS_MAX, |key, record| {
        key.user()?;
        Ok(session(user, SessionId(key.take()?), record))
    })
}

fn end(tx: &mut Tx<'_>, session: &Session) -> Result<(), StoreError> {
    tickets::void(tx, session.user, session.id)?;
    tx.delete(keys::token(session.user, session.token))?;
    tx.delete(keys::session(session.user, session.id))
}

#[async_trait]
impl Sessions for Embedded {
    async fn create(&self, session: Session) -> Result<(), StoreError> {
        self.write(move |tx| {
            let mut others = all(tx, session.user)?;
            others.retain(|other| other.id != session.id);
            others.sort_by_key(|other| (other.created_ms, other.id));
            let ending = (others.len() + 1).saturating_sub(SESSIONS_PER_USER_MAX);
            others.iter().take(ending).try_for_each(|oldest| end(tx, oldest))?;

            tx.put(keys::token(session.user, session.token), &stored::Token { session: session.id })?;
            let record =
                stored::Session { token: session.token.0, created_ms: session.created_ms, client: session.client };
            tx.put(keys::session(session.user, session.id), &record)
        })
        .await
    }

    async fn by_token(&self, user: UserId, token: Digest) -> Result<Option<Session>, StoreError> {
        self.read(|view| {
            let Some(found) = view.get(&keys::token(user, token))? else { return Ok(None) };
            view.need(&keys::session(user, found.session)).map(|record| Some(session(user, found.session, record)))
        })
    }

    async fn get(&self, user: UserId, session: SessionId) -> Result<Option<Session>, StoreError> {
        self.read(|view| find(view, user, session))
    }

    async fn list(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.read(|view| all(view, user))
    }

    async fn end(&self, user: UserId, session: SessionId) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let Some(session) = find(tx, user, session)? else { return Ok(false) };
            end(tx, &session)?;
            Ok(true)
        })
        .await
    }

    async fn issue(&self, user: UserId, tickets: Vec<TicketRecord>, now_ms: u64) -> Result<(), StoreError> {
        self.write(move |tx| tickets::issue(tx, user, &tickets, now_ms)).await
    }

    async fn redeem(&self, user: UserId, ticket: Digest, now_ms: u64) -> Result<Option<Session>, StoreError> {
        self.write(move |tx| tickets::redeem(tx, user, ticket, now_ms)).await
    }
}
