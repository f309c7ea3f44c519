//! Attendance in Redis: the nodes in one sorted set by when they are forgotten, and a set
//! of nodes for each user who is attached anywhere. The time is Redis' own.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use redis::{Cmd, RedisError};
use rill_protocol::UserId;
use rill_storage::redis::{Link as _, TendedLink};
use std::sync::Arc;

use super::{names::Names, script::Script};
use crate::{
    cluster::attendance::{Attendance, Attended, Away, Beats, Node, idly},
    limits::{ATTENDANCE_LIFE_MS, BEAT_LIFE_MS, NODES_MAX},
};

/// `KEYS`: the nodes. `ARGV`: the node, how long it is remembered, how many are answered.
/// Answers whether it was not there, the time, and who is.
const BEAT: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ms = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local forgotten = (not until_ms or tonumber(until_ms) <= now) and 1 or 0
return {forgotten, now, redis.call('ZRANGE', KEYS[1], 0, ARGV[3] - 1)}
";

/// `KEYS`: the nodes, whose keeper's time it is.
const NOW: &str = r"
local time = redis.call('TIME')
return time[1] * 1000 + math.floor(time[2] / 1000)
";

/// `KEYS`: where a user is. `ARGV`: the node, whether they are there, how long that is
/// remembered unless it is said again, the word for being there idly.
const ATTEND: &str = r"
if ARGV[2] == '0' then
  redis.call('SREM', KEYS[1], ARGV[1], ARGV[4])
  return 1
end
redis.call('SADD', KEYS[1], ARGV[1])
if ARGV[2] == '2' then
  redis.call('SADD', KEYS[1], ARGV[4])
else
  redis.call('SREM', KEYS[1], ARGV[4])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
";

/// See the module.
pub struct RedisAttendance {
    link: TendedLink,
    names: Names,
    beat: Script,
    now: Script,
    attend: Script,
}

impl RedisAttendance {
    pub fn new(link: TendedLink) -> Self {
        let names = Names::new(link.prefix());
        Self { link, names, beat: Script::new(BEAT), now: Script::new(NOW), attend: Script::new(ATTEND) }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn away(error: RedisError) -> Away {
    Away(error.to_string())
}

#[async_trait]
impl Attendance for RedisAttendance {
    async fn now_ms(&self) -> Result<u64, Away> {
        self.now.call(&self.link, &self.names.nodes(), &[]).await.map_err(away)
    }

    async fn beat(&self, node: &Node) -> Result<Beats, Away> {
        let (life, most) = (BEAT_LIFE_MS.to_string(), NODES_MAX.to_string());
        let words = [node.as_bytes(), life.as_bytes(), most.as_bytes()];
        let asked = self.beat.call(&self.link, &self.names.nodes(), &words).await;
        let (forgotten, now_ms, nodes): (u8, u64, Vec<String>) = asked.map_err(away)?;
        Ok(Beats { nodes: nodes.into_iter().map(Arc::from).collect(), was_forgotten: forgotten == 1, now_ms })
    }

    async fn leave(&self, node: &Node) -> Result<(), Away> {
        let mut command = Cmd::new();
        command.arg("ZREM").arg(self.names.nodes()).arg(&**node);
        self.link.send(&command).await.map_err(away)?;
        Ok(())
    }

    async fn set(&self, node: &Node, users: &[(UserId, Attended)]) -> Result<(), Away> {
        let (life, idle) = (ATTENDANCE_LIFE_MS.to_string(), idly(node));
        let set = async |(user, attended): &(UserId, Attended)| {
            let attended: &[u8] = match attended {
                Attended::No => b"0",
                Attended::Yes => b"1",
                Attended::Idly => b"2",
            };
            let words = [node.as_bytes(), attended, life.as_bytes(), idle.as_bytes()];
            self.attend.call::<u8>(&self.link, &self.names.here(*user), &words).await
        };
        // The first alone, so that a script that Redis has forgotten is sent once.
        let Some((first, others)) = users.split_first() else { return Ok(()) };
        set(first).await.map_err(away)?;
        try_join_all(others.iter().map(set)).await.map_err(away)?;
        Ok(())
    }

    async fn nodes_of(&self, users: &[UserId]) -> Result<Vec<Vec<Node>>, Away> {
        let nodes = async |user: &UserId| {
            let mut command = Cmd::new();
            command.arg("SMEMBERS").arg(self.names.here(*user));
            let nodes: Vec<String> = redis::from_redis_value(self.link.send(&command).await?)?;
            Ok::<_, RedisError>(nodes.into_iter().map(Arc::from).collect())
        };
        try_join_all(users.iter().map(nodes)).await.map_err(away)
    }
}
