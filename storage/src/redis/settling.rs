//! Waiting until replicas have what was written, where that is asked for.
//!
//! `WAIT` speaks of what its own connection has written. So each time something small is
//! written first: then it also covers what another connection wrote under the same primary,
//! such as the answer to a request that is being repeated. One `WAIT` serves all who were
//! answered before it was sent; everything else that is sent over the connection meanwhile
//! stands behind it.

use redis::{ErrorKind, RedisError, RedisResult, Value, from_redis_value, pipe};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::Mutex;

use super::{connect::Connection, options::RedisOptions};

/// See the module.
pub(super) struct Settling {
    replicas: u32,
    timeout_ms: u32,
    prefix: String,
    /// Of the `WAIT`s that were sent.
    sent: AtomicU64,
    /// What came of the last one.
    last: Mutex<Option<Settled>>,
}

struct Settled {
    number: u64,
    /// That it was sent over.
    connection: u64,
    outcome: RedisResult<()>,
}

const UNSETTLED: &str = "too few replicas have it";

/// Whether all went well but for the replicas: waiting on would be to wait longer than was
/// asked for.
pub(super) fn is_unsettled(error: &RedisError) -> bool {
    error.to_string().contains(UNSETTLED)
}

/// How long the small write lives.
const TRACE_MS: u64 = 1_000;

impl Settling {
    pub(super) fn new(options: &RedisOptions) -> Self {
        Self {
            replicas: options.wait_replicas,
            timeout_ms: options.wait_timeout_ms,
            prefix: options.prefix.clone(),
            sent: AtomicU64::new(0),
            last: Mutex::default(),
        }
    }

    /// Resolves when enough replicas have all that this connection's server has taken under
    /// `key`'s slot.
    ///
    /// # Errors
    /// Too few have it in time.
    pub(super) async fn settle(&self, connection: Connection, key: &[u8]) -> RedisResult<()> {
        if self.replicas == 0 {
            return Ok(());
        }
        match connection.is_cluster() {
            false => self.together(connection).await,
            true => self.wait(connection, key).await,
        }
    }

    /// Whoever comes while one is under way shares the next.
    async fn together(&self, connection: Connection) -> RedisResult<()> {
        let (came, number) = (self.sent.load(Relaxed), connection.number);
        let mut last = self.last.lock().await;
        if let Some(last) = &*last
            && last.number > came
            && last.connection == number
        {
            return last.outcome.clone();
        }
        let sent = self.sent.fetch_add(1, Relaxed) + 1;
        let outcome = self.wait(connection, b"").await;
        *last = Some(Settled { number: sent, connection: number, outcome: outcome.clone() });
        outcome
    }

    async fn wait(&self, mut connection: Connection, key: &[u8]) -> RedisResult<()> {
        let mut trace = self.prefix.clone().into_bytes();
        trace.extend_from_slice(b"settle");
        trace.extend_from_slice(tag(key));
        let mut commands = pipe();
        commands
            .cmd("SET")
            .arg(trace)
            .arg("")
            .arg("PX")
            .arg(TRACE_MS)
            .cmd("WAIT")
            .arg(self.replicas)
            .arg(self.timeout_ms);
        let answers = connection.pipeline_at(&commands, key).await?;
        let have: u32 = match answers.into_iter().map(Value::extract_error).collect::<RedisResult<Vec<_>>>()?.pop() {
            Some(answer) => from_redis_value(answer)?,
            None => 0,
        };
        match have >= self.replicas {
            true => Ok(()),
            false => Err((
                ErrorKind::Io,
                UNSETTLED,
                format!("{have} instead of {} in {} ms: see redis.wait_replicas", self.replicas, self.timeout_ms),
            )
                .into()),
        }
    }
}

/// `{...}` of a key, by which a cluster chooses its place.
fn tag(key: &[u8]) -> &[u8] {
    let Some(from) = key.iter().position(|byte| *byte == b'{') else { return b"" };
    match key[from..].iter().position(|byte| *byte == b'}') {
        Some(until) => &key[from..=from + until],
        None => b"",
    }
}
