//! The way to Redis that everybody shares: one connection, looked after.
//!
//! A task connects, looks at what it has found, hands the connection out, looks again now
//! and then, and begins anew when it is lost; it gives up only when the store is closed. So
//! every connection that is handed out leads to a primary that is fit to hold the store,
//! and to the community that was there before.

use parking_lot::Mutex;
use redis::{Cmd, RedisError, RedisResult, Value};
use std::{io, path::Path, sync::Arc, time::Duration};
use tokio::{sync::Notify, time};

use super::{
    community::{self, Community},
    connect::Connection,
    durability::{Durability, Synced},
    error::{self, Cause},
    gathering::Gathering,
    link::{Answer, Link},
    options::RedisOptions,
    probe::{Primary, Probe},
    seen::Met,
    settling::Settling,
    tending,
};
use crate::{StoreError, limits::REDIS_CALL_WAIT_MS};

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It may pass.
    Away(String),
    /// Somebody has to change something.
    Unfit(String),
}

/// What is known of the Redis that is connected.
#[derive(Clone, Debug)]
pub struct Condition {
    pub version: String,
    pub is_cluster: bool,
    pub has_sharded_channels: bool,
    pub durability: Durability,
    /// Of the primary that has the most.
    pub used_memory_bytes: u64,
    /// Of the same; zero is as much as the machine has.
    pub memory_max_bytes: u64,
}

enum State {
    Down(Trouble),
    Up { connection: Connection, condition: Condition, met: Met },
    Closed,
}

pub(super) struct Tended {
    pub(super) options: RedisOptions,
    pub(super) address: String,
    /// What the data directory has served, or what was found at first.
    pub(super) community: Mutex<Option<Community>>,
    state: Mutex<State>,
    /// The state is another.
    changed: Notify,
    /// The task should look at once.
    pub(super) doubted: Notify,
    counts: Mutex<Counts>,
    settling: Settling,
    gathering: Arc<Gathering>,
}

/// What has happened to the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub connected: u64,
    pub lost: u64,
}

/// See the module. It lives until it is closed or the last of its owners is gone.
#[derive(Clone)]
pub struct TendedLink(Arc<Tended>);

/// What is done with a new connection before anybody else gets it.
#[async_trait::async_trait]
pub trait Greet: Send + Sync {
    /// An error keeps the connection from being used, and it is tried again.
    async fn greet(&self, connection: &Connection, primaries: &[Primary]) -> Result<(), StoreError>;
}

/// Nothing has to be done.
pub struct Unattended;

#[async_trait::async_trait]
impl Greet for Unattended {
    async fn greet(&self, _: &Connection, _: &[Primary]) -> Result<(), StoreError> {
        Ok(())
    }
}

impl TendedLink {
    /// Connects; waits a while for a Redis that is not there yet. Returns the secret of the
    /// community, which is begun if there is none. `directory` remembers which one it was.
    ///
    /// # Errors
    /// It does not come, or is not fit.
    pub async fn open(options: RedisOptions, directory: Option<&Path>) -> Result<(Self, [u8; 32]), StoreError> {
        let remembered = directory.map(community::remembered).transpose()?.flatten();
        let is_known = remembered.is_some();
        let shared = Arc::new(Tended::new(options, remembered));
        let patience = Duration::from_millis(shared.options.start_wait_ms);
        let waited = time::timeout(patience, shared.first()).await;
        let (connection, probe, secret) = match waited {
            Ok(first) => first?,
            Err(_) => {
                let why = match &*shared.state.lock() {
                    State::Down(Trouble::Away(why) | Trouble::Unfit(why)) => why.clone(),
                    _ => String::new(),
                };
                let detail = format!("{why}; it was waited for {} seconds", patience.as_secs_f32());
                return Err(StoreError::Unfit { address: shared.address.clone(), detail });
            }
        };
        let community = Community::of(&secret);
        if let Some(directory) = directory.filter(|_| !is_known) {
            community::remember(directory, &community)?;
        }
        *shared.community.lock() = Some(community);
        tell(&shared.address, &shared.describe(&probe));
        shared.hand_out(connection, &probe);
        Ok((Self(shared), secret))
    }

    /// Looks once at what would be found, and changes nothing.
    ///
    /// # Errors
    /// It cannot be reached, or is not fit.
    pub async fn inspect(options: RedisOptions) -> Result<Condition, StoreError> {
        let shared = Tended::new(options, None);
        let found = shared.find().await;
        match found {
            Ok((_, probe)) => Ok(shared.describe(&probe)),
            Err(Trouble::Unfit(detail)) => Err(StoreError::Unfit { address: shared.address, detail }),
            Err(Trouble::Away(detail)) => Err(error::unreachable(&shared.address, &detail)),
        }
    }

    /// Looks after the connection from here on; `greeting` meets each further one.
    pub fn tend(&self, greeting: Arc<dyn Greet>) {
        (self.0.options.spawn)(Box::pin(tending::tend(Arc::downgrade(&self.0), greeting)));
    }

    /// The connection; waits a moment for one that was just lost.
    pub async fn connection(&self) -> Result<Connection, StoreError> {
        if let Some(found) = self.0.connection_now() {
            return found;
        }
        let wait = async {
            loop {
                let changed = self.0.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = self.0.connection_now() {
                    return found;
                }
                changed.await;
            }
        };
        let patience = Duration::from_millis(REDIS_CALL_WAIT_MS);
        time::timeout(patience, wait).await.unwrap_or_else(|_| Err(self.0.why_down()))
    }

    /// The connection is looked at if an error may be its fault.
    fn heard<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        if let Err(error) = &answer
            && (error::is_lost(error) || error.is_timeout() || error::cause(error) == Cause::Denied)
        {
            self.0.doubted.notify_one();
        }
        answer
    }

    pub fn prefix(&self) -> &str {
        &self.0.options.prefix
    }

    pub fn options(&self) -> &RedisOptions {
        &self.0.options
    }

    /// Without its password.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// What is connected, or why nothing is.
    pub fn condition(&self) -> Result<Condition, String> {
        match &*self.0.state.lock() {
            State::Up { condition, .. } => Ok(condition.clone()),
            State::Down(Trouble::Away(why) | Trouble::Unfit(why)) => Err(why.clone()),
            State::Closed => Err("the store is closed".into()),
        }
    }

    /// Who is connected.
    pub(super) fn met(&self) -> Option<Met> {
        match &*self.0.state.lock() {
            State::Up { met, .. } => Some(*met),
            State::Down(_) | State::Closed => None,
        }
    }

    pub fn counts(&self) -> Counts {
        *self.0.counts.lock()
    }

    /// Every later call is answered that the store is closed.
    pub fn close(&self) {
        *self.0.state.lock() = State::Closed;
        self.0.changed.notify_waiters();
        self.0.doubted.notify_one();
    }
}

impl Link for TendedLink {
    fn may_resend(&self) -> bool {
        // The client of a cluster does so when a connection breaks.
        matches!(&*self.0.state.lock(), State::Up { condition, .. } if condition.is_cluster)
    }

    fn send<'a>(&'a self, command: &'a Cmd) -> Answer<'a, Value> {
        Box::pin(async move {
            let mut connection = self.connection().await.map_err(|_| self.0.down())?;
            self.heard(connection.send_one(command).await)
        })
    }

    fn settle<'a>(&'a self, key: &'a [u8]) -> Answer<'a, ()> {
        Box::pin(async move {
            let connection = self.connection().await.map_err(|_| self.0.down())?;
            self.heard(self.0.settling.settle(connection, key).await)
        })
    }

    fn commit<'a>(&'a self, command: &'a Cmd, key: &'a [u8]) -> Answer<'a, Value> {
        Box::pin(async move {
            let mut connection = self.connection().await.map_err(|_| self.0.down())?;
            let answer = match connection.is_cluster() {
                false => self.0.gathering.send(&mut connection, command).await,
                true => connection.send_one(command).await,
            };
            let answer = self.heard(answer)?;
            // The same connection: a server that took the place of the one that has answered
            // may not have what was written.
            self.heard(self.0.settling.settle(connection, key).await)?;
            Ok(answer)
        })
    }

    fn fault(&self, what: &str, key: &[u8], error: &RedisError) -> StoreError {
        match &*self.0.state.lock() {
            State::Closed => StoreError::Closed,
            _ => error::of(&self.0.address, what, &String::from_utf8_lossy(key), error),
        }
    }
}

impl Tended {
    pub(super) fn new(options: RedisOptions, remembered: Option<Community>) -> Self {
        Self {
            address: options.server.to_string(),
            community: Mutex::new(remembered),
            state: Mutex::new(State::Down(Trouble::Away("it was not asked yet".into()))),
            changed: Notify::new(),
            doubted: Notify::new(),
            counts: Mutex::default(),
            settling: Settling::new(&options),
            gathering: Gathering::new(Arc::clone(&options.spawn)),
            options,
        }
    }

    pub(super) fn connection_now(&self) -> Option<Result<Connection, StoreError>> {
        match &*self.state.lock() {
            State::Up { connection, .. } => Some(Ok(connection.clone())),
            State::Closed => Some(Err(StoreError::Closed)),
            State::Down(_) => None,
        }
    }

    /// For whoever asks on a connection's behalf.
    fn down(&self) -> RedisError {
        let why = match &*self.state.lock() {
            State::Down(Trouble::Away(why) | Trouble::Unfit(why)) => why.clone(),
            State::Closed => "the store is closed".into(),
            State::Up { .. } => "it has only just come back".into(),
        };
        io::Error::new(io::ErrorKind::NotConnected, why).into()
    }

    fn why_down(&self) -> StoreError {
        match &*self.state.lock() {
            State::Down(Trouble::Away(detail) | Trouble::Unfit(detail)) => error::unreachable(&self.address, detail),
            State::Closed => StoreError::Closed,
            State::Up { .. } => StoreError::Busy,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(&*self.state.lock(), State::Closed)
    }

    /// Says once why there is none.
    pub(super) fn set_down(&self, trouble: Trouble) {
        let mut state = self.state.lock();
        match &*state {
            State::Closed => return,
            State::Down(last) if *last == trouble => return,
            State::Up { .. } => self.counts.lock().lost += 1,
            State::Down(_) => {}
        }
        match &trouble {
            Trouble::Away(why) => tracing::warn!(redis = %self.address, why, "Redis is waited for"),
            Trouble::Unfit(why) => {
                tracing::error!(redis = %self.address, why, "Redis cannot be used until that is changed");
            }
        }
        *state = State::Down(trouble);
    }

    /// From here on everybody uses this connection.
    pub(super) fn hand_out(&self, connection: Connection, probe: &Probe) {
        let condition = self.describe(probe);
        let mut state = self.state.lock();
        if matches!(&*state, State::Closed) {
            return;
        }
        *state = State::Up { connection, condition, met: Met::of(&probe.primaries) };
        drop(state);
        self.counts.lock().connected += 1;
        self.changed.notify_waiters();
    }

    pub(super) fn describe(&self, probe: &Probe) -> Condition {
        let fullest = probe.primaries.iter().max_by_key(|primary| primary.used_memory_bytes);
        Condition {
            version: probe.version.clone(),
            is_cluster: probe.is_cluster,
            has_sharded_channels: probe.has_sharded_channels,
            durability: Durability::of(probe, self.options.wait_replicas, Synced::of(self.options.wait_fsync, probe)),
            used_memory_bytes: fullest.map_or(0, |primary| primary.used_memory_bytes),
            memory_max_bytes: fullest.map_or(0, |primary| primary.memory_max_bytes),
        }
    }

    /// What was found at another look.
    pub(super) fn refresh(&self, probe: &Probe) {
        let condition = self.describe(probe);
        if let State::Up { condition: known, connection, .. } = &mut *self.state.lock() {
            let meaning = |condition: &Condition| (condition.durability.kept, condition.durability.synced);
            if meaning(known) != meaning(&condition) {
                tell(&self.address, &condition);
            }
            connection.syncs = condition.durability.synced == Synced::Awaited;
            *known = condition;
        }
    }
}

/// Says what an acknowledgement means.
pub(super) fn tell(address: &str, condition: &Condition) {
    let Condition { version, durability, .. } = condition;
    match durability.may_lose() {
        true => tracing::warn!(redis = address, version, "acknowledged messages CAN BE LOST: {durability}"),
        false if durability.is_as_wished() => tracing::info!(redis = address, version, "{durability}"),
        false => tracing::warn!(redis = address, version, "{durability}"),
    }
}
