//! What is found at the other end: its version, what it can do, and how it keeps what it
//! is told. Looked at with every new connection, and now and then.

use redis::{RedisResult, Value, cmd, from_redis_value};
use std::collections::BTreeMap;

use super::{
    connect::Connection,
    error::{self, Cause},
};

/// Streams and scripts as they are used here.
const VERSION_MIN: (u32, u32) = (5, 0);
/// Where a server does not say which commands it has.
const SHARDED_SINCE: (u32, u32) = (7, 0);
const WAITAOF_SINCE: (u32, u32) = (7, 2);

/// One primary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Primary {
    /// Of its process; another after every start.
    pub run_id: String,
    /// Of its data's history; another after a failover.
    pub replication_id: String,
    pub is_replica: bool,
    pub is_loading: bool,
    pub replicas: u32,
    pub append_only: bool,
    /// The last write to the append-only file failed.
    pub append_only_failed: bool,
    pub used_memory_bytes: u64,
    /// Zero is as much as the machine has.
    pub memory_max_bytes: u64,
    /// `noeviction` drops nothing. Nothing if it is not said.
    pub eviction: Option<String>,
}

/// Settings that only `CONFIG GET` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) append_fsync: String,
    /// No syncs while the append-only file is written anew.
    pub(super) pauses_fsync: bool,
    pub(super) dumps: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) version: String,
    pub(super) is_cluster: bool,
    pub(super) has_sharded_channels: bool,
    pub(super) has_waitaof: bool,
    pub(super) primaries: Vec<Primary>,
    /// Of each primary; nothing where the user may not ask.
    pub(super) settings: Option<Vec<Settings>>,
}

type Fields = BTreeMap<String, String>;

fn fields(info: Value) -> RedisResult<Fields> {
    let text: String = from_redis_value(info)?;
    let pairs = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect())
}

/// The first two numbers of `7.0.15`.
fn version_of(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

impl Primary {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let number = |name: &str| fields.get(name).and_then(|number| number.parse().ok()).unwrap_or(0);
        let is = |name: &str, value: &str| fields.get(name).is_some_and(|found| found == value);
        Self {
            run_id: text("run_id"),
            replication_id: text("master_replid"),
            is_replica: is("role", "slave"),
            is_loading: is("loading", "1"),
            replicas: u32::try_from(number("connected_slaves")).unwrap_or(u32::MAX),
            append_only: is("aof_enabled", "1"),
            append_only_failed: is("aof_last_write_status", "err"),
            used_memory_bytes: number("used_memory"),
            memory_max_bytes: number("maxmemory"),
            eviction: fields.get("maxmemory_policy").cloned(),
        }
    }
}

impl Settings {
    fn of(answer: Value) -> RedisResult<Self> {
        let pairs: BTreeMap<String, String> = from_redis_value(answer)?;
        let text = |name: &str| pairs.get(name).cloned().unwrap_or_default();
        Ok(Self {
            append_fsync: text("appendfsync"),
            pauses_fsync: text("no-appendfsync-on-rewrite") == "yes",
            dumps: !text("save").is_empty(),
        })
    }
}

/// What every look reads, which is little: whether it answers and who it is.
pub(super) async fn look(connection: &mut Connection) -> RedisResult<Vec<Primary>> {
    let answers = connection.ask_primaries(cmd("INFO").arg("replication")).await?;
    answers.into_iter().map(|info| Ok(Primary::of(&fields(info)?))).collect()
}

/// Everything.
pub(super) async fn probe(connection: &mut Connection) -> RedisResult<Probe> {
    let infos = connection.ask_primaries(&cmd("INFO")).await?;
    let infos: Vec<Fields> = infos.into_iter().map(fields).collect::<Result<_, _>>()?;
    let first = infos.first().cloned().unwrap_or_default();
    let version = first.get("redis_version").cloned().unwrap_or_default();
    let since = |first: (u32, u32)| version_of(&version) >= first;
    Ok(Probe {
        is_cluster: first.get("cluster_enabled").is_some_and(|enabled| enabled == "1"),
        has_sharded_channels: has_command(connection, "spublish").await?.unwrap_or(since(SHARDED_SINCE)),
        has_waitaof: has_command(connection, "waitaof").await?.unwrap_or(since(WAITAOF_SINCE)),
        primaries: infos.iter().map(Primary::of).collect(),
        settings: settings(connection).await?,
        version,
    })
}

/// Nothing where the user may not ask.
async fn has_command(connection: &mut Connection, name: &str) -> RedisResult<Option<bool>> {
    let asked = connection.ask_primaries(cmd("COMMAND").arg("INFO").arg(name)).await;
    let Some(answers) = allowed(asked)? else { return Ok(None) };
    // A command that is not known is answered with nothing in its place.
    let known =
        |answer: &Value| matches!(answer, Value::Array(found) if !matches!(found.first(), None | Some(Value::Nil)));
    Ok(Some(answers.iter().all(known)))
}

async fn settings(connection: &mut Connection) -> RedisResult<Option<Vec<Settings>>> {
    let mut all: Vec<Value> = Vec::new();
    // Redis 5 takes one pattern a time.
    for name in ["appendfsync", "no-appendfsync-on-rewrite", "save"] {
        let asked = connection.ask_primaries(cmd("CONFIG").arg("GET").arg(name)).await;
        let Some(answers) = allowed(asked)? else { return Ok(None) };
        if all.is_empty() {
            all = answers;
        } else {
            for (settings, answer) in all.iter_mut().zip(answers) {
                extend(settings, answer);
            }
        }
    }
    all.into_iter().map(Settings::of).collect::<RedisResult<Vec<_>>>().map(Some)
}

fn extend(settings: &mut Value, more: Value) {
    match (settings, more) {
        (Value::Array(settings), Value::Array(more)) => settings.extend(more),
        (Value::Map(settings), Value::Map(more)) => settings.extend(more),
        _ => {}
    }
}

/// Nothing, where the user has no right to ask, or the command has been taken out of it.
fn allowed<T>(asked: RedisResult<T>) -> RedisResult<Option<T>> {
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error::cause(&error) == Cause::Denied || error.to_string().contains("unknown command") => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What keeps a Redis from holding a store at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fit,
    /// It passes.
    Away(String),
    /// Somebody has to change it.
    Unfit(String),
}

impl Probe {
    pub(super) fn judge(&self) -> Verdict {
        let version = version_of(&self.version);
        if version < VERSION_MIN {
            let (major, minor) = VERSION_MIN;
            return Verdict::Unfit(format!(
                "it is Redis {}, and {major}.{minor} is the earliest that will do",
                self.version
            ));
        }
        if self.primaries.iter().any(|primary| primary.is_loading) {
            return Verdict::Away("it reads its data from disk".into());
        }
        if self.primaries.iter().any(|primary| primary.is_replica) {
            return Verdict::Away("it is a replica, which takes no writes: redis.url must lead to the primary".into());
        }
        let drops = |primary: &Primary| primary.eviction.clone().filter(|policy| policy != "noeviction");
        if let Some(policy) = self.primaries.iter().find_map(drops) {
            return Verdict::Unfit(format!(
                "its maxmemory-policy is {policy}, by which it drops messages when its memory is full: set maxmemory-policy noeviction"
            ));
        }
        Verdict::Fit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(version: &str, primary: Primary) -> Probe {
        Probe {
            version: version.into(),
            is_cluster: false,
            has_sharded_channels: false,
            has_waitaof: false,
            primaries: vec![primary],
            settings: None,
        }
    }

    #[test]
    fn what_is_refused_and_what_is_waited_for() {
        let well = Primary { eviction: Some("noeviction".into()), ..Primary::default() };
        assert_eq!(probe("5.0.14", well.clone()).judge(), Verdict::Fit);
        assert_eq!(probe("7.2.4", Primary::default()).judge(), Verdict::Fit);
        assert!(matches!(probe("4.0.14", well.clone()).judge(), Verdict::Unfit(text) if text.contains("5.0")));
        let drops = Primary { eviction: Some("allkeys-lru".into()), ..well.clone() };
        assert!(matches!(probe("7.0.15", drops).judge(), Verdict::Unfit(text) if text.contains("maxmemory-policy")));
        assert!(matches!(probe("7.0.15", Primary { is_replica: true, ..well.clone() }).judge(), Verdict::Away(_)));
        assert!(matches!(probe("7.0.15", Primary { is_loading: true, ..well }).judge(), Verdict::Away(_)));
    }
}
