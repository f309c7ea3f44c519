//! Uploads that outlive this process: a file beside the outbox that names each until the
//! server has said how it came out. The files themselves stay where they are.

use rill_protocol::{
    ClientId, FileDigest, RoomId, TransferId, U53,
    message::{FileUse, StartUpload, Voice},
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{sync::Mutex, task};

use super::source::Stamp;
use crate::{
    Error, durable_file,
    limits::{UPLOADS_FILE_BYTES_MAX, UPLOADS_KEPT_MAX},
};

/// Behind the outbox's name.
const ENDING: &str = ".uploads";
const FORMAT: u32 = 1;

/// An upload, as it is kept until it is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) transfer: TransferId,
    pub(crate) room: RoomId,
    pub(crate) client_id: ClientId,
    pub(crate) path: PathBuf,
    pub(crate) stamp: Stamp,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) text: String,
    pub(crate) voice: Option<Voice>,
    /// Told to the server ahead.
    pub(crate) digest: Option<FileDigest>,
    /// The application gave it up, and the server does not know yet.
    pub(crate) cancelled: bool,
}

impl Kept {
    /// The frame that says it, the same each time.
    pub(crate) fn start(&self) -> StartUpload {
        StartUpload {
            transfer: self.transfer,
            file_use: FileUse::Message,
            room: self.room,
            client_id: self.client_id,
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            size: U53::saturating(self.stamp.size),
            text: self.text.clone(),
            voice: self.voice.clone(),
            digest: self.digest,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Content {
    format: u32,
    uploads: Vec<Kept>,
}

/// See the module. Whoever holds the outbox holds it too.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    path: PathBuf,
    uploads: Arc<Mutex<Vec<Kept>>>,
}

impl Shelf {
    /// Of the outbox at that path; and what an earlier process left.
    pub(crate) fn open(outbox: &Path) -> Result<(Self, Vec<Kept>), Error> {
        let path = durable_file::beside(outbox, ENDING);
        let left = read(&path).map_err(|error| fail(&path, &error))?;
        Ok((Self { path, uploads: Arc::new(Mutex::new(left.clone())) }, left))
    }

    /// Resolves when the upload is on disk, in place of what was known of it.
    pub(crate) async fn put(&self, upload: Kept) -> Result<(), Error> {
        let mut uploads = self.uploads.lock().await;
        uploads.retain(|kept| kept.transfer != upload.transfer);
        if uploads.len() >= UPLOADS_KEPT_MAX {
            return Err(Error::OutboxFull);
        }
        uploads.push(upload);
        self.save(&uploads).await
    }

    /// It is settled. That it may come up again if this cannot be written is harmless: the
    /// server knows its id.
    pub(crate) async fn remove(&self, transfer: TransferId) {
        let mut uploads = self.uploads.lock().await;
        let before = uploads.len();
        uploads.retain(|kept| kept.transfer != transfer);
        if uploads.len() < before
            && let Err(error) = self.save(&uploads).await
        {
            tracing::warn!(%error, "a settled upload stays in the file of uploads");
        }
    }

    async fn save(&self, uploads: &[Kept]) -> Result<(), Error> {
        let content = serde_json::to_vec(&Content { format: FORMAT, uploads: uploads.to_vec() });
        let path = self.path.clone();
        let write = move || durable_file::write(&path, &content.map_err(io::Error::other)?);
        let written = task::spawn_blocking(write).await.unwrap_or_else(|error| Err(io::Error::other(error)));
        written.map_err(|error| fail(&self.path, &error))
    }
}

fn fail(path: &Path, error: &io::Error) -> Error {
    Error::Outbox { path: path.display().to_string(), detail: error.to_string() }
}

fn read(path: &Path) -> io::Result<Vec<Kept>> {
    let Some(text) = durable_file::read(path, UPLOADS_FILE_BYTES_MAX)? else { return Ok(Vec::new()) };
    let Content { format, uploads } = serde_json::from_str(&text)?;
    if format != FORMAT {
        return Err(io::Error::other(format!("its format is {format}, this program reads {FORMAT}")));
    }
    Ok(uploads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(id: u8) -> Kept {
        Kept {
            transfer: TransferId([id; 16]),
            room: RoomId([1; 16]),
            client_id: ClientId([2; 16]),
            path: "/tmp/技术.pdf".into(),
            stamp: Stamp { size: 70_000, modified_ns: 1_700_000_000_123_456_789 },
            name: "技术.pdf".to_owned(),
            media_type: String::new(),
            text: "\n\"".to_owned(),
            voice: Some(Voice { duration_ms: 7, waveform: vec![0, 255].into() }),
            digest: Some(FileDigest([id; 32])),
            cancelled: false,
        }
    }

    #[tokio::test]
    async fn what_is_not_settled_is_found_by_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = folder.path().join("outbox.json");
        let (shelf, left) = Shelf::open(&outbox).unwrap();
        assert_eq!(left, []);
        for id in 1..=3 {
            shelf.put(upload(id)).await.unwrap();
        }
        shelf.remove(upload(2).transfer).await;
        let cancelled = Kept { cancelled: true, ..upload(1) };
        shelf.put(cancelled.clone()).await.unwrap();
        assert_eq!(Shelf::open(&outbox).unwrap().1, [upload(3), cancelled]);
        std::fs::write(durable_file::beside(&outbox, ENDING), br#"{"format":2,"uploads":[]}"#).unwrap();
        assert!(Shelf::open(&outbox).unwrap_err().to_string().contains("format is 2"));
    }
}
