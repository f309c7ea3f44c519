//! The connections that stand, by login: to end the losers of a race, and all of a
//! login that was ended.

use parking_lot::Mutex;
use rill_protocol::{AttemptId, Code, SessionId};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

use super::End;
use crate::{cluster::Logins, domain::accounts::Identity, limits::CONNECTIONS_PER_LOGIN_MAX};

/// See the module.
#[derive(Clone, Default)]
pub struct Live {
    connections: Arc<Mutex<HashMap<SessionId, Vec<Arc<Connection>>>>>,
}

struct Connection {
    attempt: AttemptId,
    /// It has won the race of its attempt. Changed under the table's lock.
    attached: AtomicBool,
    end: Mutex<Option<Code>>,
    kicked: Notify,
    doubted: Notify,
}

impl Connection {
    fn kick(&self, code: Code) {
        self.end.lock().get_or_insert(code);
        self.kicked.notify_one();
    }
}

/// A connection's entry; it goes when this is dropped.
pub(super) struct Registration {
    table: Arc<Mutex<HashMap<SessionId, Vec<Arc<Connection>>>>>,
    session: SessionId,
    connection: Arc<Connection>,
}

impl Live {
    pub(super) fn register(&self, identity: &Identity, attempt: AttemptId) -> Registration {
        let (attached, end) = (AtomicBool::new(false), Mutex::new(None));
        let connection = Arc::new(Connection { attempt, attached, end, kicked: Notify::new(), doubted: Notify::new() });
        let mut table = self.connections.lock();
        let others = table.entry(identity.session).or_default();
        if others.iter().any(|other| other.attempt == attempt && other.attached.load(Ordering::Relaxed)) {
            connection.kick(Code::Superseded);
        } else if others.len() >= CONNECTIONS_PER_LOGIN_MAX {
            connection.kick(Code::Busy);
        }
        others.push(connection.clone());
        drop(table);
        Registration { table: self.connections.clone(), session: identity.session, connection }
    }

    /// Ends every connection of a login.
    pub fn end_session(&self, session: SessionId, code: Code) {
        for connection in self.connections.lock().get(&session).into_iter().flatten() {
            connection.kick(code);
        }
    }

    /// Ends every connection of some logins.
    pub fn end_sessions(&self, sessions: &[SessionId], code: Code) {
        sessions.iter().for_each(|session| self.end_session(*session, code));
    }

    /// How many connections stand.
    pub fn count(&self) -> usize {
        self.connections.lock().values().map(Vec::len).sum()
    }

    /// The other transports of the attempt have lost, also those that still come.
    pub(super) fn supersede(&self, winner: &Registration) {
        let table = self.connections.lock();
        winner.connection.attached.store(true, Ordering::Relaxed);
        for other in table.get(&winner.session).into_iter().flatten() {
            if other.attempt == winner.connection.attempt && !Arc::ptr_eq(other, &winner.connection) {
                other.kick(Code::Superseded);
            }
        }
    }
}

impl Logins for Live {
    fn doubt(&self, login: SessionId) {
        self.connections
            .lock()
            .get(&login)
            .into_iter()
            .flatten()
            .for_each(|connection| connection.doubted.notify_one());
    }

    fn all(&self) -> Vec<SessionId> {
        let mut all: Vec<_> = self.connections.lock().keys().copied().collect();
        all.sort_unstable();
        all
    }
}

impl Registration {
    /// Resolves when somebody says that the login may have ended.
    pub(super) async fn doubted(&self) {
        self.connection.doubted.notified().await;
    }

    /// Ends this connection, from wherever it is served.
    pub(super) fn end(&self, code: Code) {
        self.connection.kick(code);
    }

    /// Resolves when somebody ends this connection.
    pub(super) async fn kicked(&self) -> End {
        loop {
            if let Some(code) = *self.connection.end.lock() {
                return End::new(code, code.name());
            }
            self.connection.kicked.notified().await;
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut table = self.table.lock();
        if let Some(connections) = table.get_mut(&self.session) {
            connections.retain(|other| !Arc::ptr_eq(other, &self.connection));
            if connections.is_empty() {
                table.remove(&self.session);
            }
        }
    }
}
