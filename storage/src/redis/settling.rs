//! Waiting until replicas have what was written, or until it is synced here and there, where
//! that is asked for: by `WAIT`, or by `WAITAOF`, which Redis has since 7.2.
//!
//! Both speak of what its own connection has written. So each time something small is
//! written first: then it also covers what another connection wrote under the same primary,
//! such as the answer to a request that is being repeated. One such command serves all who
//! were answered before it was sent; everything else that is sent over the connection meanwhile
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
    /// Of the waits that were sent.
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
const UNSYNCED: &str = "it is not on disk in time";

/// Whether all went well but for replicas and disks: waiting on would be to wait longer than
/// was asked for.
pub(super) fn is_unsettled(error: &RedisError) -> bool {
    let text = error.to_string();
    text.contains(UNSETTLED) || text.contains(UNSYNCED)
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
    /// `key`'s slot, and it is synced, as was asked for.
    ///
    /// # Errors
    /// That is not so in time.
    pub(super) async fn settle(&self, connection: Connection, key: &[u8]) -> RedisResult<()> {
        if self.replicas == 0 && !connection.syncs {
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
        commands.cmd("SET").arg(trace).arg("").arg("PX").arg(TRACE_MS);
        match connection.syncs {
            true => commands.cmd("WAITAOF").arg(1),
            false => commands.cmd("WAIT"),
        };
        commands.arg(self.replicas).arg(self.timeout_ms);
        let answers = connection.pipeline_at(&commands, key).await?;
        let answers: Vec<_> = answers.into_iter().map(Value::extract_error).collect::<RedisResult<_>>()?;
        let answer = answers.into_iter().next_back().unwrap_or(Value::Nil);
        let (is_synced, have): (bool, u32) = match connection.syncs {
            true => from_redis_value(answer)?,
            false => (true, from_redis_value(answer)?),
        };
        let short = match (is_synced, have >= self.replicas) {
            (true, true) => return Ok(()),
            (false, _) => (UNSYNCED, format!("{} ms: see redis.wait_fsync", self.timeout_ms)),
            (true, false) => (
                UNSETTLED,
                format!("{have} instead of {} in {} ms: see redis.wait_replicas", self.replicas, self.timeout_ms),
            ),
        };
        Err((ErrorKind::Io, short.0, short.1).into())
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
