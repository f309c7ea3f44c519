//! Posts that outlive this process: a file that always holds every post that was
//! taken and not yet acked.
//!
//! A post is taken when it is in the file, and only then sent; one that is acked
//! leaves the file a little later, which is harmless: the server knows its client id.
//! Another process that uses the same file is refused.

use parking_lot::Mutex;
use rill_protocol::ClientId;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    sync::{Notify, watch},
    task,
};

use super::QueuedPost;
use crate::{Error, durable_file, limits::OUTBOX_FILE_BYTES_MAX};

/// The layout of a file without batches; an unknown one is refused, not guessed at.
const FORMAT: u32 = 1;
/// The same with batches: a program that knows none must not drop what it cannot see.
const FORMAT_WITH_BATCHES: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Content {
    format: u32,
    posts: Vec<QueuedPost>,
}

impl Content {
    fn of(posts: Vec<QueuedPost>) -> Self {
        let has_batches = posts.iter().any(|post| !post.rest.is_empty());
        Self { format: if has_batches { FORMAT_WITH_BATCHES } else { FORMAT }, posts }
    }
}

/// The file, and the task that writes it.
#[derive(Clone, Debug)]
pub(crate) struct OutboxFile {
    inner: Arc<Inner>,
    saved: watch::Receiver<Saved>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    state: Mutex<Posts>,
    changed: Notify,
    _lock: File,
}

#[derive(Debug)]
struct Posts {
    posts: Vec<QueuedPost>,
    generation: u64,
}

#[derive(Clone, Debug, Default)]
struct Saved {
    generation: u64,
    failure: Option<String>,
}

impl OutboxFile {
    /// Opens or makes the file and returns what an earlier process left in it.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<QueuedPost>), Error> {
        let lock = durable_file::lock(path).map_err(|error| fail(path, &error))?;
        let posts = read(path).map_err(|error| fail(path, &error))?;
        let (send, saved) = watch::channel(Saved::default());
        let state = Mutex::new(Posts { posts: posts.clone(), generation: 0 });
        let inner = Arc::new(Inner { path: path.to_owned(), state, changed: Notify::new(), _lock: lock });
        tokio::spawn(save(Arc::clone(&inner), send));
        Ok((Self { inner, saved }, posts))
    }

    /// Resolves when the post is on disk.
    pub(crate) async fn add(&self, post: QueuedPost) -> Result<(), Error> {
        let generation = self.change(|posts| posts.push(post));
        let mut saved = self.saved.clone();
        let outcome = saved.wait_for(|saved| saved.generation >= generation).await;
        match outcome.as_deref() {
            Ok(Saved { failure: None, .. }) => Ok(()),
            Ok(Saved { failure: Some(detail), .. }) => Err(self.fail(detail)),
            Err(_) => Err(self.fail("its writer is gone")),
        }
    }

    /// The post need not be kept any more.
    pub(crate) fn remove(&self, client_id: ClientId) {
        self.change(|posts| posts.retain(|post| post.client_id != client_id));
    }

    /// Resolves when every change so far is on disk, or cannot be.
    pub(crate) async fn settle(&self) {
        let generation = self.inner.state.lock().generation;
        self.saved.clone().wait_for(|saved| saved.generation >= generation).await.ok();
    }

    fn change(&self, act: impl FnOnce(&mut Vec<QueuedPost>)) -> u64 {
        let mut state = self.inner.state.lock();
        act(&mut state.posts);
        state.generation += 1;
        self.inner.changed.notify_one();
        state.generation
    }

    fn fail(&self, detail: &str) -> Error {
        Error::Outbox { path: self.inner.path.display().to_string(), detail: detail.to_owned() }
    }
}

fn fail(path: &Path, error: &io::Error) -> Error {
    Error::Outbox { path: path.display().to_string(), detail: error.to_string() }
}

/// Writes the latest state again and again until nobody holds the file any more.
async fn save(inner: Arc<Inner>, saved: watch::Sender<Saved>) {
    loop {
        tokio::select! {
            () = inner.changed.notified() => {}
            () = saved.closed() => return,
        }
        let (content, generation) = {
            let state = inner.state.lock();
            (serde_json::to_vec(&Content::of(state.posts.clone())), state.generation)
        };
        let path = inner.path.clone();
        let write = task::spawn_blocking(move || durable_file::write(&path, &content.map_err(io::Error::other)?));
        let outcome = write.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        saved.send_replace(Saved { generation, failure: outcome.err().map(|error| error.to_string()) });
    }
}

fn read(path: &Path) -> io::Result<Vec<QueuedPost>> {
    let Some(text) = durable_file::read(path, OUTBOX_FILE_BYTES_MAX)? else { return Ok(Vec::new()) };
    let content: Content = serde_json::from_str(&text)?;
    if ![FORMAT, FORMAT_WITH_BATCHES].contains(&content.format) {
        let format = content.format;
        return Err(io::Error::other(format!("its format is {format}, this program reads {FORMAT_WITH_BATCHES}")));
    }
    Ok(content.posts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::durable_file::beside;
    use rill_protocol::{RoomId, message::BatchPost};
    use std::fs;

    fn post(id: u8) -> QueuedPost {
        QueuedPost { room: RoomId([9; 16]), client_id: ClientId([id; 16]), text: format!("文 {id}\n\""), rest: vec![] }
    }

    fn batch(id: u8) -> QueuedPost {
        let rest = vec![BatchPost { client_id: ClientId([id + 100; 16]), text: "and more".to_owned() }];
        QueuedPost { rest, ..post(id) }
    }

    #[tokio::test]
    async fn what_was_taken_and_not_acked_is_found_by_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/outbox.json");
        {
            let (file, left) = OutboxFile::open(&path).unwrap();
            assert!(left.is_empty());
            for id in 1..=3 {
                file.add(post(id)).await.unwrap();
            }
            file.remove(post(2).client_id);
            file.settle().await;
        }
        // The writer lets go of the lock once it sees that nobody is left.
        let (_, left) = loop {
            match OutboxFile::open(&path) {
                Ok(opened) => break opened,
                Err(_) => task::yield_now().await,
            }
        };
        assert_eq!(left, [post(1), post(3)]);
    }

    #[tokio::test]
    async fn a_batch_is_kept_whole_and_only_a_file_that_holds_one_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.json");
        let (file, _) = OutboxFile::open(&path).unwrap();
        file.add(post(1)).await.unwrap();
        let format = || serde_json::from_slice::<Content>(&fs::read(&path).unwrap()).unwrap().format;
        assert_eq!(format(), FORMAT);
        file.add(batch(2)).await.unwrap();
        assert_eq!((format(), read(&path).unwrap()), (FORMAT_WITH_BATCHES, vec![post(1), batch(2)]));
        file.remove(batch(2).client_id);
        file.settle().await;
        assert_eq!((format(), read(&path).unwrap()), (FORMAT, vec![post(1)]));
    }

    #[tokio::test]
    async fn a_kill_while_writing_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.json");
        let (file, _) = OutboxFile::open(&path).unwrap();
        file.add(post(1)).await.unwrap();
        // What a cut write leaves behind is beside the file, and is written over.
        fs::write(beside(&path, ".new"), b"{\"format\":1,\"po").unwrap();
        assert_eq!(read(&path).unwrap(), [post(1)]);
        file.add(post(2)).await.unwrap();
        assert_eq!(read(&path).unwrap(), [post(1), post(2)]);
    }

    #[tokio::test]
    async fn a_file_in_use_or_of_another_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.json");
        let _held = OutboxFile::open(&path).unwrap();
        let error = OutboxFile::open(&path).unwrap_err().to_string();
        assert!(error.contains("another process"), "{error}");
        let other = folder.path().join("other.json");
        fs::write(&other, br#"{"format":3,"posts":[]}"#).unwrap();
        assert!(OutboxFile::open(&other).unwrap_err().to_string().contains("format is 3"));
        fs::write(&other, b"garbage").unwrap();
        assert!(OutboxFile::open(&other).is_err());
    }

    #[tokio::test]
    async fn a_post_that_cannot_be_kept_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/outbox.json");
        let (file, _) = OutboxFile::open(&path).unwrap();
        fs::remove_dir_all(folder.path().join("gone")).unwrap();
        assert!(file.add(post(1)).await.is_err());
    }
}
