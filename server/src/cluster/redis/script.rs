//! One script, by its digest; its text where Redis has forgotten it. Redis 5 knows all that
//! is used here.

use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, ToRedisArgs};
use rill_storage::redis::Link;

pub(in crate::cluster) struct Script {
    text: &'static str,
    digest: String,
}

impl Script {
    pub(in crate::cluster) fn new(text: &'static str) -> Self {
        Self { text, digest: redis::Script::new(text).get_hash().to_owned() }
    }

    /// Runs it where its key lies.
    pub(in crate::cluster) async fn call<T: FromRedisValue>(
        &self,
        link: &impl Link,
        key: &[u8],
        words: &[&[u8]],
    ) -> RedisResult<T> {
        self.call_with(link, &[key], words).await
    }

    /// The same with several keys, of one slot.
    pub(in crate::cluster) async fn call_with<T: FromRedisValue>(
        &self,
        link: &impl Link,
        keys: &[impl ToRedisArgs],
        words: &[impl ToRedisArgs],
    ) -> RedisResult<T> {
        let command = |name: &str, script: &str| {
            let mut command = Cmd::new();
            command.arg(name).arg(script).arg(keys.len()).arg(keys).arg(words);
            command
        };
        let answer = match link.send(&command("EVALSHA", &self.digest)).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                link.send(&command("EVAL", self.text)).await?
            }
            answer => answer?,
        };
        Ok(redis::from_redis_value(answer)?)
    }
}
