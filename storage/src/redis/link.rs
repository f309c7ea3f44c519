//! The way to Redis, given from outside: one server, or a cluster.
//!
//! What answers for connecting, for TLS and passwords, for reconnecting and for `MOVED`,
//! `ASK` and `TRYAGAIN` is behind this trait. The store knows what an answer means for what
//! it wanted to write.

use redis::{Cmd, RedisError, RedisResult, Value};
use std::pin::Pin;

use super::error;
use crate::StoreError;

/// What resolves to an answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = RedisResult<T>> + Send + 'a>>;

/// One connection that many commands are under way on, or one to each node of a cluster.
///
/// A command that was sent and not answered may have been done, and may be done later: the
/// store sends nothing that does harm when it is done twice.
pub trait Link: Send + Sync {
    /// Sends one command, to whoever serves its first key. Resolves within a bounded time,
    /// also when nobody answers. Commands that are sent one after the other are not ordered.
    fn send<'a>(&'a self, command: &'a Cmd) -> Answer<'a, Value>;

    /// Whether a command may have been sent twice though it was asked for once, as the
    /// client of a cluster does when a connection breaks.
    fn may_resend(&self) -> bool {
        false
    }

    /// Resolves when what this link has written under `key`'s slot is as safe as was asked
    /// for: after `WAIT`, where that is configured. Asked after a commit and before its
    /// acknowledgement.
    fn settle<'a>(&'a self, _key: &'a [u8]) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Sends a command that writes under `key`'s slot, and settles it: an answer says that it
    /// is as safe as was asked for. Unlike the two calls one after the other it does not take
    /// the word of another server for it than the one that has answered.
    fn commit<'a>(&'a self, command: &'a Cmd, key: &'a [u8]) -> Answer<'a, Value> {
        Box::pin(async move {
            let answer = self.send(command).await?;
            self.settle(key).await?;
            Ok(answer)
        })
    }

    /// What an error means for whoever called a port. `what` is the work that was under way,
    /// `key` the one that it was about.
    fn fault(&self, what: &str, key: &[u8], error: &RedisError) -> StoreError {
        error::of("Redis", what, &String::from_utf8_lossy(key), error)
    }
}
