//! Meeting a Redis: connected to, found fit, and recognised.

use redis::RedisError;
use std::time::Duration;
use tokio::time;

use super::{
    community::{self, Community, Found},
    connect::{Connection, answer_timeout},
    durability::{Durability, Synced},
    error::{self, Cause},
    probe::{self, Probe, Verdict},
    tended::{Greet, Tended, Trouble, tell},
};
use crate::{
    StoreError,
    limits::{REDIS_RECONNECT_MAX_MS, REDIS_RECONNECT_MIN_MS},
};

impl Tended {
    /// The first connection, however long it takes; an unfit Redis ends the wait.
    pub(super) async fn first(&self) -> Result<(Connection, Probe, [u8; 32]), StoreError> {
        let mut pause = Pause::default();
        loop {
            match self.meet(self.options.may_begin).await {
                Ok(met) => return Ok(met),
                Err(Trouble::Unfit(detail)) => {
                    return Err(StoreError::Unfit { address: self.address.clone(), detail });
                }
                Err(trouble) => self.set_down(trouble),
            }
            pause.rest().await;
        }
    }

    /// Connects and looks whose data it finds.
    async fn meet(&self, may_begin: bool) -> Result<(Connection, Probe, [u8; 32]), Trouble> {
        let (mut connection, found) = self.find().await?;
        let secret = self.recognise(&mut connection, may_begin).await?;
        Ok((connection, found, secret))
    }

    /// Connects and looks whether it is fit.
    pub(super) async fn find(&self) -> Result<(Connection, Probe), Trouble> {
        let asked = |what: &'static str| move |error: RedisError| trouble(what, &error);
        let timeout = answer_timeout(self.wait_ms());
        let server = &self.options.server;
        let mut connection = Connection::single(server, timeout).await.map_err(asked("connecting"))?;
        let mut found = probe::probe(&mut connection).await.map_err(asked("INFO"))?;
        if found.is_cluster {
            if server.database() != 0 {
                return Err(Trouble::Unfit("it is a cluster, which has database 0 only: see redis.url".into()));
            }
            connection = Connection::cluster(server, timeout).await.map_err(asked("connecting to the cluster"))?;
            found = probe::probe(&mut connection).await.map_err(asked("INFO"))?;
        } else if server.nodes.len() > 1 {
            let why = "several addresses are named in redis.url, which is for a cluster, and this is none";
            return Err(Trouble::Unfit(why.into()));
        }
        match found.judge() {
            Verdict::Fit => {}
            Verdict::Away(why) => return Err(Trouble::Away(why)),
            Verdict::Unfit(why) => return Err(Trouble::Unfit(why)),
        }
        self.must_be_durable(&found)?;
        connection.syncs = Synced::of(self.options.wait_fsync, &found) == Synced::Awaited;
        Ok((connection, found))
    }

    fn wait_ms(&self) -> u64 {
        let waits = self.options.wait_replicas > 0 || self.options.wait_fsync;
        if waits { self.options.wait_timeout_ms.into() } else { 0 }
    }

    fn must_be_durable(&self, probe: &Probe) -> Result<(), Trouble> {
        let synced = Synced::of(self.options.wait_fsync, probe);
        let durability = Durability::of(probe, self.options.wait_replicas, synced);
        match self.options.require_durable && durability.may_lose() {
            true => Err(Trouble::Unfit(format!(
                "{durability}, and redis.require_durable is set: set appendonly yes and appendfsync always in Redis, or redis.wait_replicas or redis.wait_fsync"
            ))),
            false => Ok(()),
        }
    }

    /// Whose data it is; begins a community where there is none and this is a first start.
    async fn recognise(&self, connection: &mut Connection, may_begin: bool) -> Result<[u8; 32], Trouble> {
        let prefix = &self.options.prefix;
        let known = self.community.lock().clone();
        let asked = |what: &'static str| move |error: RedisError| trouble(what, &error);
        let mut found = community::find(connection, prefix).await.map_err(asked("HGETALL"))?;
        if matches!(found, Found::Empty) && may_begin && known.is_none() {
            let sealed = community::fresh(&self.options.entropy).map_err(|error| Trouble::Unfit(error.to_string()))?;
            community::create(connection, prefix, &sealed).await.map_err(asked("EVAL"))?;
            found = community::find(connection, prefix).await.map_err(asked("HGETALL"))?;
        }
        match found {
            Found::Store { secret } => match known {
                Some(known) if known != Community::of(&secret) => Err(Trouble::Unfit(format!(
                    "under {prefix} lies another community than the one that this data directory belongs to: see redis.url \
                     and redis.prefix, or use another data directory"
                ))),
                _ => Ok(secret),
            },
            Found::Empty if known.is_none() => Err(Trouble::Unfit(format!(
                "nothing lies under {prefix}: no server has begun there, see redis.url and redis.prefix"
            ))),
            Found::Empty => Err(Trouble::Unfit(format!(
                "nothing lies under {prefix}, where this data directory's community was before: see redis.url and \
                 redis.prefix, or restore Redis from its backup"
            ))),
            Found::Half(_) => Err(Trouble::Unfit(format!(
                "a copy into {prefix} was begun and is not finished: go on with it (rill store copy --to redis), use another \
                 redis.prefix, or remove its keys"
            ))),
            Found::Unfit(why) => Err(Trouble::Unfit(why)),
        }
    }

    /// One try.
    pub(super) async fn meet_again(&self, greeting: &dyn Greet) -> Result<Connection, Trouble> {
        let (connection, probe, _) = self.meet(false).await?;
        greeting.greet(&connection, &probe.primaries).await.map_err(|error| Trouble::Away(error.to_string()))?;
        tracing::info!(redis = %self.address, "Redis is back");
        tell(&self.address, &self.describe(&probe));
        self.hand_out(connection.clone(), &probe);
        Ok(connection)
    }
}

pub(super) fn trouble(what: &str, error: &RedisError) -> Trouble {
    let why = error::sentence(what, error);
    match error::cause(error) {
        Cause::Passing | Cause::Full => Trouble::Away(why),
        Cause::Denied | Cause::WrongType | Cause::Misled | Cause::Broken => Trouble::Unfit(why),
    }
}

/// Between two tries, doubling.
pub(super) struct Pause(u64);

impl Default for Pause {
    fn default() -> Self {
        Self(REDIS_RECONNECT_MIN_MS)
    }
}

impl Pause {
    pub(super) async fn rest(&mut self) {
        time::sleep(Duration::from_millis(self.0)).await;
        self.0 = (self.0 * 2).min(REDIS_RECONNECT_MAX_MS);
    }
}
