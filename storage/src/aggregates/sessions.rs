//! Logins. Their tickets are in [`super::tickets`].

use async_trait::async_trait;
use rill_protocol::{SessionId, UserId};

use super::{Ports, Slot, Substrate, tickets};
use crate::{
    StoreError,
    embedded::{keys, read::Read, stored, tx::Tx},
    engine::Direction,
    limits::{READ_ROWS_MAX, SESSIONS_PER_USER_MAX},
    model::{Digest, Session, TicketRecord},
    port::Sessions,
};

fn session(user: UserId, id: SessionId, record: stored::Session) -> Session {
    let stored::Session { token, created_ms, client, used_ms } = record;
    Session { id, user, token: Digest(token), created_ms, client, used_ms }
}

fn record(session: &Session) -> stored::Session {
    let Session { token, created_ms, ref client, used_ms, .. } = *session;
    stored::Session { token: token.0, created_ms, client: client.clone(), used_ms }
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

/// Ends logins of one user.
fn end(tx: &mut Tx<'_>, user: UserId, ending: &[Session]) -> Result<(), StoreError> {
    if ending.is_empty() {
        return Ok(());
    }
    tickets::void(tx, user, |of| ending.iter().any(|session| session.id == of))?;
    tx.effects.ended.extend(ending.iter().map(|session| session.id));
    ending.iter().try_for_each(|session| {
        tx.delete(keys::token(user, session.token))?;
        tx.delete(keys::session(user, session.id))
    })
}

/// Ends all logins of a user but one; returns which.
pub(super) fn end_others(tx: &mut Tx<'_>, user: UserId, keep: Option<SessionId>) -> Result<Vec<SessionId>, StoreError> {
    let mut others = all(tx, user)?;
    others.retain(|session| Some(session.id) != keep);
    end(tx, user, &others)?;
    Ok(others.iter().map(|session| session.id).collect())
}

/// A login was used.
pub(super) fn touch(tx: &mut Tx<'_>, session: &mut Session, now_ms: u64) -> Result<(), StoreError> {
    session.used_ms = session.used_ms.max(now_ms);
    tx.put(keys::session(session.user, session.id), &record(session))
}

#[async_trait]
impl<S: Substrate> Sessions for Ports<S> {
    async fn create(&self, session: Session) -> Result<(), StoreError> {
        self.write(Slot::User(session.user), move |tx| {
            let mut others = all(tx, session.user)?;
            others.retain(|other| other.id != session.id);
            others.sort_by_key(|other| (other.created_ms, other.id));
            let ending = (others.len() + 1).saturating_sub(SESSIONS_PER_USER_MAX);
            end(tx, session.user, &others[..ending])?;

            tx.put(keys::token(session.user, session.token), &stored::Token { session: session.id })?;
            tx.put(keys::session(session.user, session.id), &record(&session))
        })
        .await
    }

    async fn by_token(&self, user: UserId, token: Digest) -> Result<Option<Session>, StoreError> {
        self.read(Slot::User(user), |view| {
            let Some(found) = view.get(&keys::token(user, token))? else { return Ok(None) };
            view.need(&keys::session(user, found.session)).map(|record| Some(session(user, found.session, record)))
        })
        .await
    }

    async fn get(&self, user: UserId, session: SessionId) -> Result<Option<Session>, StoreError> {
        self.read(Slot::User(user), |view| find(view, user, session)).await
    }

    async fn list(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.read(Slot::User(user), |view| all(view, user)).await
    }

    async fn end(&self, user: UserId, session: SessionId) -> Result<bool, StoreError> {
        self.write(Slot::User(user), move |tx| {
            let Some(session) = find(tx, user, session)? else { return Ok(false) };
            end(tx, user, &[session])?;
            Ok(true)
        })
        .await
    }

    async fn end_others(&self, user: UserId, keep: Option<SessionId>) -> Result<Vec<SessionId>, StoreError> {
        self.write(Slot::User(user), move |tx| end_others(tx, user, keep)).await
    }

    async fn issue(&self, user: UserId, tickets: Vec<TicketRecord>, now_ms: u64) -> Result<(), StoreError> {
        self.write(Slot::User(user), move |tx| tickets::issue(tx, user, &tickets, now_ms)).await
    }

    async fn redeem(&self, user: UserId, ticket: Digest, now_ms: u64) -> Result<Option<Session>, StoreError> {
        self.write(Slot::User(user), move |tx| tickets::redeem(tx, user, ticket, now_ms)).await
    }
}
