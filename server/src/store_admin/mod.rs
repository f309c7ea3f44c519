//! `rill store`: the store of a data directory checked, copied, compacted, backed up,
//! restored, migrated and removed.
//!
//! The directory's lock decides whether a server runs on it. Only a backup can be made
//! then, through the operator's door; everything else works on the files of a stopped
//! server. A store in Redis is checked and copied ([`in_redis`]).

mod args;
mod backup;
mod check;
mod consent;
mod counted;
mod error;
mod in_redis;
mod migrate;
mod progress;
mod reset;
mod restore;
mod rewrite;

pub use args::StoreArgs;
pub use error::StoreAdminError;

use args::{CopyTarget, StoreCommand};
use consent::Consent;
use rill_storage::embedded;
use serde_json::Value;
use std::path::Path;

use crate::config::{Backend, Config};

/// What is printed, and whether all is well.
struct Outcome {
    text: String,
    json: Value,
    is_well: bool,
}

impl Outcome {
    fn well(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, is_well: true }
    }
}

/// What a person or a script is told.
pub struct Told {
    /// For standard output.
    pub text: String,
    /// Nothing was found that is wrong.
    pub is_well: bool,
}

/// Does what was asked. Blocks.
///
/// # Errors
/// It could not be done; nothing was changed then, unless the error says so.
pub fn run(args: StoreArgs) -> Result<Told, StoreAdminError> {
    let StoreArgs { place, json, command } = args;
    let outcome = carry_out(command, &place.load()?)?;
    let text = if json { format!("{}\n", outcome.json) } else { outcome.text };
    Ok(Told { text, is_well: outcome.is_well })
}

fn carry_out(command: StoreCommand, config: &Config) -> Result<Outcome, StoreAdminError> {
    let data: &Path = &config.data;
    if config.storage.backend == Backend::Redis {
        return in_redis::carry_out(command, config);
    }
    if !matches!(command, StoreCommand::Restore { .. } | StoreCommand::Reset { .. }) && !embedded::is_store(data) {
        return Err(StoreAdminError::NoStore(data.to_owned()));
    }
    match command {
        StoreCommand::Check => check::run(data),
        StoreCommand::Copy { to: CopyTarget::Redis, target: None } => in_redis::copy_in(config),
        StoreCommand::Copy { to: CopyTarget::Redis, target: Some(_) } => {
            Err(StoreAdminError::CopyTarget("a copy in redis is where redis.url says: name no directory"))
        }
        StoreCommand::Copy { to: CopyTarget::Directory(kind), target } => {
            rewrite::copy(data, kind, &target.ok_or(NO_DIRECTORY)?)
        }
        StoreCommand::Compact => rewrite::compact(data),
        StoreCommand::Backup { to } => backup::run(data, &to),
        StoreCommand::Restore { from, replace, dry_run, yes } => {
            restore::run(config, from, &restore::Wish { replace, dry_run, consent: Consent::new(yes) })
        }
        StoreCommand::Migrate { dry_run, yes } => migrate::run(data, dry_run, Consent::new(yes)),
        StoreCommand::Reset { yes } => reset::run(data, Consent::new(yes)),
    }
}

const NO_DIRECTORY: StoreAdminError = StoreAdminError::CopyTarget("name the directory of the copy behind the engine");
