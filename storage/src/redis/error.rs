//! What an error of Redis means for who asked: try again, make room, mend the rights, or
//! look at a damaged key.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::StoreError;

/// The classes of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It passes, or a person mends it without a restart of ours: the same call may be
    /// repeated.
    Passing,
    /// No memory is left that Redis may use.
    Full,
    /// User, password or rights are wrong.
    Denied,
    /// A key holds another type than it should.
    WrongType,
    /// The address leads to something else than the Redis that is wanted.
    Misled,
    /// Anything else: a script that fails, an answer that is none.
    Broken,
}

/// Words by which a script's error names the error inside of it; before Redis 7 that has
/// no code of its own.
const INSIDE: [(&str, Cause); 4] = [
    ("OOM command not allowed", Cause::Full),
    ("WRONGTYPE Operation", Cause::WrongType),
    ("can't run this command", Cause::Denied),
    ("READONLY You can't write", Cause::Passing),
];

fn by_code(code: &str) -> Option<Cause> {
    Some(match code {
        "OOM" => Cause::Full,
        "WRONGTYPE" => Cause::WrongType,
        "NOAUTH" | "WRONGPASS" | "NOPERM" | "DENIED" => Cause::Denied,
        // MISCONF: it cannot write its dump. NOREPLICAS: fewer than it is told to have.
        // BUSY: a script of somebody else runs on. UNBLOCKED: it became a replica meanwhile.
        "READONLY" | "LOADING" | "CLUSTERDOWN" | "MASTERDOWN" | "TRYAGAIN" | "MOVED" | "ASK" | "MISCONF"
        | "NOREPLICAS" | "BUSY" | "UNBLOCKED" | "UNKILLABLE" => Cause::Passing,
        _ => return None,
    })
}

pub(super) fn cause(error: &RedisError) -> Cause {
    if let Some(cause) = error.code().and_then(by_code) {
        return cause;
    }
    let text = error.to_string();
    if let Some((_, cause)) = INSIDE.iter().find(|(words, _)| text.contains(words)) {
        return *cause;
    }
    match error.kind() {
        ErrorKind::AuthenticationFailed => Cause::Denied,
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => Cause::Passing,
        ErrorKind::InvalidClientConfig => Cause::Misled,
        // A database that is not there; a TLS certificate that nobody vouches for.
        ErrorKind::Client => Cause::Misled,
        ErrorKind::Server(ServerErrorKind::ResponseError) if text.contains("switch database") => Cause::Misled,
        // What speaks another protocol.
        ErrorKind::Parse => Cause::Misled,
        _ => Cause::Broken,
    }
}

/// Whether the connection is of no use any more, or leads to a server that takes no writes.
pub(super) fn is_lost(error: &RedisError) -> bool {
    let dropped = error.is_unrecoverable_error() || error.is_connection_dropped();
    dropped || matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly)) || error.code() == Some("UNBLOCKED")
}

/// The sentence for a person. `what` is the command or the work that was under way.
pub(super) fn sentence(what: &str, error: &RedisError) -> String {
    match cause(error) {
        Cause::Denied if error.kind() == ErrorKind::AuthenticationFailed => {
            "it does not take this user and password: see redis.url and redis.password_file".into()
        }
        Cause::Denied if error.code() == Some("NOAUTH") => {
            "it wants a password: name it in redis.password_file or redis.url".into()
        }
        Cause::Denied => {
            format!("{what} was refused ({error}): give its user the rights that docs/operations.md lists")
        }
        Cause::Misled => format!("{what} failed ({error}): see redis.url and redis.ca"),
        Cause::Full => "it has no memory left that it may use: raise its maxmemory".into(),
        Cause::Passing if error.is_timeout() => format!("{what} was not answered in time"),
        Cause::Passing | Cause::WrongType | Cause::Broken => format!("{what} failed ({error})"),
    }
}

/// The error of the store. `key` is the one that was asked for, if it was one.
pub(super) fn of(address: &str, what: &str, key: &str, error: &RedisError) -> StoreError {
    let detail = sentence(what, error);
    match cause(error) {
        Cause::Full => StoreError::Full,
        Cause::WrongType => wrong_type(key, error),
        // Somebody may give the right back: the next call finds out.
        Cause::Passing | Cause::Denied | Cause::Misled => unreachable(address, &detail),
        Cause::Broken => StoreError::Engine(format!("{address}: {detail}")),
    }
}

/// It may be asked again.
pub(super) fn unreachable(address: &str, detail: &str) -> StoreError {
    StoreError::Unreachable(format!("{address} cannot be used now: {detail}"))
}

/// A key that holds another type than it should.
pub(super) fn wrong_type(key: &str, found: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged {
        table: "redis",
        detail: format!("the key {key} is not of the type that it should be: {found}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis::parse_redis_value;

    fn said(line: &str) -> RedisError {
        parse_redis_value(format!("-{line}\r\n").as_bytes()).and_then(redis::Value::extract_error).unwrap_err()
    }

    #[test]
    fn errors_and_what_they_mean() {
        for (line, expected) in [
            ("OOM command not allowed when used memory > 'maxmemory'.", Cause::Full),
            (
                "ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -OOM command not allowed when used memory > 'maxmemory'.",
                Cause::Full,
            ),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", Cause::WrongType),
            ("READONLY You can't write against a read only replica.", Cause::Passing),
            ("LOADING Redis is loading the dataset in memory", Cause::Passing),
            ("CLUSTERDOWN The cluster is down", Cause::Passing),
            ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", Cause::Passing),
            ("MISCONF Redis is configured to save RDB snapshots", Cause::Passing),
            ("NOREPLICAS Not enough good replicas to write.", Cause::Passing),
            ("NOAUTH Authentication required.", Cause::Denied),
            ("WRONGPASS invalid username-password pair or user is disabled.", Cause::Denied),
            ("NOPERM User rill has no permissions to run the 'xadd' command", Cause::Denied),
            ("ERR unknown command 'XADD'", Cause::Broken),
            ("NOSCRIPT No matching script. Please use EVAL.", Cause::Broken),
        ] {
            assert_eq!(cause(&said(line)), expected, "{line}");
        }
        let error = said("NOPERM User rill has no permissions to run the 'xadd' command");
        let told = of("redis://a:1", "a write", "k", &error).to_string();
        assert!(told.contains("redis://a:1") && told.contains("'xadd'"), "{told}");
        let told = of("redis://a:1", "a write", "rill:{r:1}:log", &said("WRONGTYPE Operation against")).to_string();
        assert!(told.contains("rill:{r:1}:log"), "{told}");
    }
}
