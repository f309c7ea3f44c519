//! `rill config`: what is in force, and where each value came from. The lines are TOML:
//! they may be kept as a configuration file.

use rill_storage::redis::RedisServer;
use toml::Value;

use super::{Loaded, keys::KEYS};

/// A value's column.
const WIDTH: usize = 56;

/// One line a key; secrets hidden.
pub(super) fn show(loaded: &Loaded) -> String {
    let table = Value::try_from(&loaded.config).unwrap_or(Value::Boolean(false));
    let servers = loaded.config.redis.server().ok();
    let mut out = String::new();
    for key in KEYS {
        let source = loaded.source(key.path);
        let value = key.path.split('.').try_fold(&table, |at, name| at.get(name));
        let line = match value {
            None => format!("# {} is not set", key.path),
            Some(Value::String(text)) if key.is_secret && !text.is_empty() => {
                format!("# {} is set and hidden", key.path)
            }
            Some(Value::Array(_)) if key.is_secret && servers.as_ref().is_some_and(RedisServer::has_password) => {
                format!(
                    "# {} is {} with a password",
                    key.path,
                    servers.iter().map(ToString::to_string).collect::<String>()
                )
            }
            Some(value) => format!("{} = {value}", key.path),
        };
        out.push_str(&format!("{line:WIDTH$} # {source}\n"));
    }
    out
}
