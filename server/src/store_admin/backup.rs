//! `rill store backup`: of a stopped store by this program, of a running one by its
//! server, which sends it through the operator's door.
//!
//! The file gets its name when every checksum in it has been looked at.

use axum::http::{Method, Request};
use futures_util::StreamExt as _;
use rill_storage::embedded::{self, BackupLabel, BackupManifest};
use serde_json::json;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use super::{Outcome, StoreAdminError, progress::Progress, restore};
use crate::{
    admin::{AdminError, Online, read, request},
    platform,
    runtime::{Clock as _, SystemClock},
};

const SOFTWARE: &str = concat!("rill/", env!("CARGO_PKG_VERSION"));
const ENDING: &str = "rill-backup";

/// A file that is removed unless it gets its name.
struct Part {
    path: PathBuf,
    name: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        // It has moved to its name, or nothing came of it.
        let _ = fs::remove_file(&self.path);
    }
}

fn failed(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> StoreAdminError {
    let path = path.to_owned();
    move |error| StoreAdminError::File { path, what, error }
}

/// In a directory, a file is named after the time.
fn name(to: &Path) -> PathBuf {
    if !to.is_dir() {
        return to.to_owned();
    }
    let now = time::OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(SystemClock.now_ms() as i64);
    let (date, time) = (now.date(), now.time());
    let (hour, minute, second) = time.as_hms();
    to.join(format!("rill-{date}T{hour:02}-{minute:02}-{second:02}Z.{ENDING}"))
}

impl Part {
    fn create(name: PathBuf) -> Result<(Self, File), StoreAdminError> {
        if name.exists() {
            return Err(StoreAdminError::FileExists(name));
        }
        let mut path = name.clone().into_os_string();
        path.push(".part");
        let path = PathBuf::from(path);
        platform::write_private(&path, b"").map_err(failed(&path, "cannot be written"))?;
        let file = File::options().write(true).truncate(true).open(&path);
        let file = file.map_err(failed(&path, "cannot be written"))?;
        Ok((Self { path, name }, file))
    }

    /// The name, for what is whole and on the disk.
    fn finish(self) -> Result<PathBuf, StoreAdminError> {
        let named = || {
            File::open(&self.path)?.sync_all()?;
            // Unlike a rename it never takes the place of another file.
            fs::hard_link(&self.path, &self.name).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                _ => fs::rename(&self.path, &self.name),
            })
        };
        named().map_err(failed(&self.name, "cannot be named"))?;
        Ok(self.name.clone())
    }
}

pub(super) fn run(data: &Path, to: &Path) -> Result<Outcome, StoreAdminError> {
    let (part, file) = Part::create(name(to))?;
    match stopped(data, &part, &file) {
        Err(StoreAdminError::Running { path, pid }) => {
            running(data, &part, &file, AdminError::Unanswered { path, pid })?;
        }
        other => other?,
    }
    drop(file);
    let manifest = verify(&part.path)?;
    let path = part.finish()?;
    let text = format!("backed up to {}: {}\n", path.display(), restore::told(&manifest));
    Ok(Outcome::well(text, json!({ "file": path, "manifest": restore::json(&manifest) })))
}

fn verify(path: &Path) -> Result<BackupManifest, StoreAdminError> {
    let mut progress = Progress::new();
    Ok(embedded::verify_backup(path, &mut |rows| progress.tell(|| format!("{rows} rows verified")))?)
}

fn stopped(data: &Path, part: &Part, file: &File) -> Result<(), StoreAdminError> {
    let label = BackupLabel { software: SOFTWARE.to_owned(), made_ms: SystemClock.now_ms() };
    let mut progress = Progress::new();
    let mut out = BufWriter::new(file);
    embedded::backup(data, &mut out, label, &mut |rows| progress.tell(|| format!("{rows} rows backed up")))?;
    out.flush().map_err(failed(&part.path, "cannot be written"))
}

fn running(data: &Path, part: &Part, file: &File, unanswered: AdminError) -> Result<(), StoreAdminError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| AdminError::Cut(error.to_string()))?;
    runtime.block_on(async {
        let online = Online::find(data).await?.ok_or(unanswered)?;
        let request: Request<_> = request(Method::GET, "store/backup", None, online.token())?;
        let response = online.exchange(request).await.map_err(|error| AdminError::Cut(error.to_string()))?;
        if !response.status().is_success() {
            read(response).await?;
            return Err(AdminError::Refused("the server does not make backups".into()).into());
        }
        let mut progress = Progress::new();
        let mut body = response.into_body().into_data_stream();
        let (mut out, mut bytes) = (BufWriter::new(file), 0);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| AdminError::Cut(error.to_string()))?;
            out.write_all(&chunk).map_err(failed(&part.path, "cannot be written"))?;
            bytes += chunk.len();
            progress.tell(|| format!("{bytes} bytes backed up"));
        }
        out.flush().map_err(failed(&part.path, "cannot be written"))
    })
}
