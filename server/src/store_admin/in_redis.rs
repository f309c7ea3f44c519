//! `rill store` for a store in Redis, which other servers may be using: checked, and copied
//! there and back.

use rill_storage::{
    EngineKind,
    embedded::Copied,
    redis::{self, CheckedInRedis, CopyIn, CopyOut, RedisOptions},
};
use serde_json::json;
use std::path::Path;
use tokio::runtime::Runtime;

use super::{
    NO_DIRECTORY, Outcome, StoreAdminError,
    args::{CopyTarget, StoreCommand},
    check,
    counted::{counted, entries},
    progress::Progress,
    rewrite::line,
};
use crate::{
    app::{Foundation, NO_BACKUP, archive},
    config::Config,
    domain::accounts::claimed_names,
    runtime::{Clock as _, SystemClock},
};

/// What to do about damage there.
const HELP: &str = "stop the servers and keep a copy of Redis' files, then restore them (and the blobs) from a backup";

pub(super) fn carry_out(command: StoreCommand, config: &Config) -> Result<Outcome, StoreAdminError> {
    Err(StoreAdminError::InRedis(match command {
        StoreCommand::Check => return check(config),
        StoreCommand::Copy { to: CopyTarget::Directory(kind), target } => {
            return copy_out(config, kind, &target.ok_or(NO_DIRECTORY)?);
        }
        StoreCommand::Copy { to: CopyTarget::Redis, .. } => {
            "a copy goes from a data directory to Redis or back: name an engine and a directory, or set storage.backend to \
             embedded"
        }
        StoreCommand::Backup { .. } => NO_BACKUP,
        StoreCommand::Restore { .. } => {
            "a backup is of a data directory and goes into one (storage.backend embedded); a store in Redis is put back with \
             Redis' own files"
        }
        StoreCommand::Compact => "Redis gives back the space of what was removed by itself",
        StoreCommand::Migrate { .. } => "a server migrates it at its start",
        StoreCommand::Reset { .. } => {
            "others may be using it: stop every server, then remove the keys under redis.prefix, or empty its database"
        }
    }))
}

fn runtime() -> Result<Runtime, StoreAdminError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().map_err(StoreAdminError::Runtime)
}

fn options(config: &Config) -> Result<RedisOptions, StoreAdminError> {
    if config.redis.url.is_empty() {
        return Err(StoreAdminError::CopyTarget("say with redis.url where Redis is"));
    }
    let options = Foundation::of_this_machine().redis_options(&config.redis)?;
    Ok(RedisOptions { archive: archive(config)?, ..options })
}

fn check(config: &Config) -> Result<Outcome, StoreAdminError> {
    let (runtime, options) = (runtime()?, options(config)?);
    let mut progress = Progress::new();
    let CheckedInRedis { checked, segments, unjudged } =
        redis::check(options, runtime.handle(), &claimed_names, &mut |so_far| {
            progress.tell(|| {
                format!(
                    "{}, {}, {}",
                    counted(so_far.rows, "row"),
                    counted(so_far.rooms, "room"),
                    entries(so_far.entries)
                )
            });
        })?;
    drop(progress);
    let mut outcome = check::outcome(&checked, HELP);
    outcome.json["segments"] = segments.into();
    outcome.json["unjudged"] = unjudged.into();
    if unjudged > 0 {
        let text = format!("{} changed all the time and not judged\n", counted(unjudged, "room or user"));
        outcome.text.insert_str(0, &text);
    }
    Ok(outcome)
}

/// From the data directory.
pub(super) fn copy_in(config: &Config) -> Result<Outcome, StoreAdminError> {
    let (runtime, options) = (runtime()?, options(config)?);
    let (address, prefix) = (options.server.to_string(), options.prefix.clone());
    let mut progress = Progress::new();
    let wish = CopyIn { from: config.data.clone(), options, now_ms: SystemClock.now_ms() };
    let Copied { rows, bytes } = redis::copy_in(wish, runtime.handle(), &mut |so_far| progress.tell(|| line(so_far)))?;
    drop(progress);
    let text = format!(
        "copied {rows} rows, {bytes} bytes, to {address} under {prefix}, and compared them\n\
         the store in {} stays as it is and is not used any more: start the servers with storage.backend=redis\n",
        config.data.display()
    );
    Ok(Outcome::well(text, json!({ "rows": rows, "bytes": bytes, "redis": address, "prefix": prefix })))
}

/// To a data directory.
fn copy_out(config: &Config, kind: EngineKind, target: &Path) -> Result<Outcome, StoreAdminError> {
    let (runtime, options) = (runtime()?, options(config)?);
    let mut progress = Progress::new();
    let wish = CopyOut { options, to: target.to_owned(), engine: kind, now_ms: SystemClock.now_ms() };
    let Copied { rows, bytes } =
        redis::copy_out(wish, runtime.handle(), &claimed_names, &mut |so_far| progress.tell(|| line(so_far)))?;
    drop(progress);
    let place = target.display();
    let text = format!(
        "copied {rows} rows, {bytes} bytes, to {place} with the engine {kind}, and compared them\n\
         what lies in Redis stays as it is; certificates are not copied; start the server with --data {place} --set \
         storage.backend=embedded --set storage.engine={kind}\n"
    );
    Ok(Outcome::well(text, json!({ "rows": rows, "bytes": bytes, "engine": kind.name(), "directory": target })))
}
