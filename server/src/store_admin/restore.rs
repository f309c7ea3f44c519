//! `rill store restore`.

use rill_storage::embedded::{self, BackupManifest, RestoreOptions, RestoreStep};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Outcome, StoreAdminError, check, consent::Consent, counted::counted, progress::Progress};
use crate::{
    admin::time,
    config::Config,
    runtime::{Entropy as _, SystemEntropy},
};
use rill_storage::EngineKind;

/// What the command line says beside the file.
pub(super) struct Wish {
    pub(super) replace: bool,
    pub(super) dry_run: bool,
    pub(super) consent: Consent,
}

pub(super) fn told(manifest: &BackupManifest) -> String {
    let BackupManifest { software, made_ms, rows, changes, bytes, .. } = manifest;
    let (rows, changes) = (counted(*rows, "row"), counted(*changes, "change"));
    format!("{rows} and {changes}, {bytes} bytes, made {} by {software}", time(Some(*made_ms)))
}

pub(super) fn json(manifest: &BackupManifest) -> Value {
    serde_json::to_value(manifest).unwrap_or_default()
}

fn line(step: RestoreStep, rows: u64) -> String {
    match step {
        RestoreStep::Verifying => format!("{rows} rows of the backup verified"),
        RestoreStep::Restoring => format!("{rows} rows restored"),
        RestoreStep::Checking => format!("{rows} rows checked"),
    }
}

/// The engine that the server of this configuration will ask for.
fn engine(config: &Config) -> Result<EngineKind, StoreAdminError> {
    Ok(match config.storage.engine {
        Some(engine) => engine,
        None => EngineKind::of(&config.data)?.unwrap_or_default(),
    })
}

fn verify(from: &Path) -> Result<BackupManifest, StoreAdminError> {
    let mut progress = Progress::new();
    Ok(embedded::verify_backup(from, &mut |rows| progress.tell(|| line(RestoreStep::Verifying, rows)))?)
}

pub(super) fn run(config: &Config, from: PathBuf, wish: &Wish) -> Result<Outcome, StoreAdminError> {
    let (to, kind) = (&config.data, engine(config)?);
    let place = to.display();
    if wish.dry_run {
        let manifest = verify(&from)?;
        let text = format!("the backup is whole: {}\n", told(&manifest));
        return Ok(Outcome::well(text, json!({ "manifest": json(&manifest) })));
    }
    if wish.replace && embedded::is_store(to) {
        // Nobody is asked about a backup that cannot be used.
        let manifest = verify(&from)?;
        let with = told(&manifest);
        wish.consent.ask(&format!("the store in {place} will be removed for good and replaced with {with}"))?;
    }
    let entropy = Arc::new(|out: &mut [u8]| SystemEntropy.fill(out));
    let options = RestoreOptions { from, to: to.clone(), engine: kind, replace: wish.replace, entropy };
    let mut progress = Progress::new();
    let restored = embedded::restore(options, &mut |step, rows| progress.tell(|| line(step, rows)))?;
    drop(progress);
    let checked = check::outcome(&restored.checked, check::DIRECTORY);
    let text = format!(
        "restored {} to {place} with the engine {kind}\n{} got a new epoch\n{}",
        told(&restored.manifest),
        counted(restored.logs, "log"),
        checked.text
    );
    let json = json!({
        "manifest": json(&restored.manifest),
        "engine": kind.name(),
        "logs": restored.logs,
        "check": checked.json,
    });
    // A backup is as sound as its store was: that it was restored is what counts.
    Ok(Outcome::well(text, json))
}
