//! The way to the Redis of a tool: met once, found fit, and used until the work is done.

use redis::{Cmd, RedisError, RedisResult, Value, aio::ConnectionLike as _, cmd};
use std::{fmt, sync::Arc};
use tokio::runtime;

use super::far::Far;
use crate::{
    Store, StoreError,
    embedded::view::View,
    record::KeyRing,
    redis::{
        community::{self, Found},
        connect::Connection,
        core::Core,
        error,
        link::{Answer, Link},
        open,
        options::RedisOptions,
        settling::Settling,
        tended::{Tended, Trouble},
        wants,
    },
};

/// A connection that nobody looks after.
struct Plain {
    connection: Connection,
    address: String,
}

impl Link for Plain {
    fn send<'a>(&'a self, command: &'a Cmd) -> Answer<'a, Value> {
        let mut connection = self.connection.clone();
        Box::pin(async move { connection.req_packed_command(command).await.and_then(Value::extract_error) })
    }

    fn fault(&self, what: &str, key: &[u8], error: &RedisError) -> StoreError {
        error::of(&self.address, what, &String::from_utf8_lossy(key), error)
    }
}

/// A Redis that is fit, and what lies in it.
pub(super) struct Met {
    pub(super) found: Found,
    pub(super) options: RedisOptions,
    pub(super) address: String,
    pub(super) connection: Connection,
    pub(super) runtime: runtime::Handle,
}

impl Met {
    pub(super) fn at(options: RedisOptions, runtime: &runtime::Handle) -> Result<Self, StoreError> {
        let tended = Tended::new(options, None);
        let address = tended.address.clone();
        let unfit = |detail: String| StoreError::Unfit { address: address.clone(), detail };
        let (mut connection, _) = runtime.block_on(tended.find()).map_err(|trouble| match trouble {
            Trouble::Unfit(why) | Trouble::Away(why) => unfit(why),
        })?;
        let found = runtime.block_on(community::find(&mut connection, &tended.options.prefix));
        let found = match found.map_err(|error| error::of(&address, "HGETALL", "", &error))? {
            Found::Unfit(why) => return Err(unfit(why)),
            found => found,
        };
        Ok(Self { found, options: tended.options, address, connection, runtime: runtime.clone() })
    }

    /// A community that is there, and none that is still being copied.
    pub(super) fn community(self) -> Result<Whole, StoreError> {
        let prefix = &self.options.prefix;
        match &self.found {
            Found::Store { secret } => {
                let secret = *secret;
                Ok(self.whole(secret))
            }
            Found::Half(_) => Err(self.unfit(format!(
                "a copy into {prefix} was begun and is not finished: go on with it, or remove the keys under {prefix}"
            ))),
            Found::Empty | Found::Unfit(_) => {
                Err(self.unfit(format!("there is no community under {prefix}: see redis.url and redis.prefix")))
            }
        }
    }

    pub(super) fn unfit(&self, detail: impl fmt::Display) -> StoreError {
        StoreError::Unfit { address: self.address.clone(), detail: detail.to_string() }
    }

    /// What lies there, read and written as the community of a secret.
    pub(super) fn whole(self, secret: [u8; 32]) -> Whole {
        let Self { options, address, connection, runtime, .. } = self;
        let link = Arc::new(Plain { connection: connection.clone(), address: address.clone() });
        let (store, core) = open::over(link, &options, false, secret, (Arc::default(), None));
        let far = Far::new(core.clone(), runtime.clone());
        Whole { store, core, far, options, address, connection, runtime, ring: KeyRing }
    }
}

/// See the module.
pub(super) struct Whole {
    pub(super) store: Store,
    pub(super) core: Arc<Core>,
    pub(super) far: Far,
    pub(super) options: RedisOptions,
    pub(super) address: String,
    pub(super) connection: Connection,
    pub(super) runtime: runtime::Handle,
    ring: KeyRing,
}

impl Whole {
    /// Its rows.
    pub(super) fn view(&self) -> View<'_> {
        self.far.forget();
        View::of(&self.ring, &self.far)
    }

    pub(super) fn ask(&self, key: &[u8], command: &Cmd) -> Result<Value, StoreError> {
        self.runtime.block_on(self.core.command("asking", key, command))
    }

    /// What is done over the connection itself.
    pub(super) fn wait<T>(&self, what: &str, done: impl Future<Output = RedisResult<T>>) -> Result<T, StoreError> {
        self.runtime.block_on(done).map_err(|error| error::of(&self.address, what, "", &error))
    }

    pub(super) fn unfit(&self, detail: impl fmt::Display) -> StoreError {
        StoreError::Unfit { address: self.address.clone(), detail: detail.to_string() }
    }

    /// All that was written is as safe as the options ask for.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        let key = community::meta_key(&self.options.prefix);
        let settling = Settling::new(&self.options);
        self.wait("WAIT", settling.settle(self.connection.clone(), key.as_bytes()))
    }

    /// Refuses a community that servers are using now.
    pub(super) fn must_be_idle(&self) -> Result<(), StoreError> {
        let key = self.core.layout.global(crate::redis::NODES);
        let [seconds, _]: [u64; 2] =
            redis::from_redis_value(self.ask(&key, &cmd("TIME"))?).map_err(|_| wants::unexpected())?;
        let nodes = self.ask(&key, cmd("ZRANGE").arg(&key).arg(0).arg(-1).arg("WITHSCORES"))?;
        let nodes: Vec<(String, f64)> = redis::from_redis_value(nodes).map_err(|_| wants::unexpected())?;
        let alive = nodes.iter().filter(|(_, until_ms)| *until_ms > seconds as f64 * 1_000.0).count();
        match alive {
            0 => Ok(()),
            1 => {
                Err(self.unfit("a server is using it: stop it first (one that was killed is forgotten after a minute)"))
            }
            _ => Err(self.unfit(format!(
                "{alive} servers are using it: stop them first (one that was killed is forgotten after a minute)"
            ))),
        }
    }
}
