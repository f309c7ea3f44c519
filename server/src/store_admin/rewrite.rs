//! `rill store copy` and `rill store compact`: the same rows, written anew.

use rill_storage::{
    EngineKind,
    embedded::{self, Copied, CopyProgress, CopyStep},
};
use serde_json::json;
use std::{fs, path::Path};

use super::{Outcome, StoreAdminError, progress::Progress};

pub(super) fn line(progress: CopyProgress) -> String {
    match progress.step {
        CopyStep::Copying => format!("{} rows copied", progress.rows),
        CopyStep::Verifying => format!("{} rows compared", progress.rows),
    }
}

pub(super) fn copy(data: &Path, kind: EngineKind, target: &Path) -> Result<Outcome, StoreAdminError> {
    let mut progress = Progress::new();
    let Copied { rows, bytes } = embedded::copy(data, target, kind, &mut |so_far| progress.tell(|| line(so_far)))?;
    drop(progress);
    let place = target.display();
    let text = format!(
        "copied {rows} rows, {bytes} bytes, to {place} with the engine {kind}, and compared them\n\
         certificates are not copied; start the server with --data {place} --set storage.engine={kind}\n"
    );
    Ok(Outcome::well(text, json!({ "rows": rows, "bytes": bytes, "engine": kind.name(), "directory": target })))
}

pub(super) fn compact(data: &Path) -> Result<Outcome, StoreAdminError> {
    let before = disk_bytes(data);
    let mut progress = Progress::new();
    let Copied { rows, .. } = embedded::compact(data, &mut |so_far| progress.tell(|| line(so_far)))?;
    drop(progress);
    let after = disk_bytes(data);
    let text = format!("wrote {rows} rows anew: {before} bytes on disk before, {after} now\n");
    Ok(Outcome::well(text, json!({ "rows": rows, "bytes_before": before, "bytes_after": after })))
}

/// What the files of the store take.
fn disk_bytes(data: &Path) -> u64 {
    ["sled", "fjall", "journal"].iter().map(|part| folder_bytes(&data.join(part))).sum()
}

fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => folder_bytes(&entry.path()),
        _ => entry.metadata().map_or(0, |found| found.len()),
    };
    entries.flatten().map(size).sum()
}
