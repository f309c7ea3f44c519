//! A thread for what takes long, so that batches go on meanwhile: syncing the file, which on
//! a busy disk can take its time, and making a short file of a long one.

use parking_lot::Mutex;
use std::{
    fs::{self, File},
    io::{self, BufReader, Read as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use super::{FRESH_ENDING, read, write};
use crate::platform;

enum Work {
    /// The file, and where it got its name if that is new.
    Sync(Arc<File>, Option<PathBuf>),
    /// The file at the path, up to there.
    Compact(PathBuf, u64),
}

/// A file with the last record of each log, durable, under a name that counts for nothing.
pub(super) struct Compacted {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) bytes: u64,
    /// The long file, read up to here.
    pub(super) source: File,
    pub(super) read_bytes: u64,
}

#[derive(Default)]
struct Outcome {
    sync_failure: Option<io::Error>,
    compacted: Option<io::Result<Compacted>>,
}

/// The handle of the thread, which ends with it.
pub(super) struct Beside {
    work: Option<SyncSender<Work>>,
    outcome: Arc<Mutex<Outcome>>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    pub(super) fn start() -> io::Result<Self> {
        let (work, asked) = sync_channel(1);
        let outcome = Arc::<Mutex<Outcome>>::default();
        let shared = Arc::clone(&outcome);
        let thread = thread::Builder::new().name("rill-heads".into()).spawn(move || run(&asked, &shared))?;
        Ok(Self { work: Some(work), outcome, thread: Some(thread) })
    }

    fn ask(&self, work: Work) -> bool {
        self.work.as_ref().is_some_and(|asked| asked.try_send(work).is_ok())
    }

    /// Has the file synced soon; `false` while other work waits.
    pub(super) fn ask_sync(&self, file: &Arc<File>, renamed_in: Option<&Path>) -> bool {
        self.ask(Work::Sync(Arc::clone(file), renamed_in.map(Path::to_owned)))
    }

    /// Has a short file made of what there is of a long one now; `false` while other work waits.
    pub(super) fn ask_compact(&self, path: &Path, bytes: u64) -> bool {
        self.ask(Work::Compact(path.to_owned(), bytes))
    }

    /// Of a sync, told once.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.outcome.lock().sync_failure.take()
    }

    /// The short file, once it is made.
    pub(super) fn compacted(&self) -> Option<io::Result<Compacted>> {
        self.outcome.lock().compacted.take()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(Ok(Compacted { path, .. })) = self.compacted() {
            let _ = fs::remove_file(path);
        }
    }
}

fn run(asked: &Receiver<Work>, outcome: &Mutex<Outcome>) {
    platform::yield_to_other_threads();
    while let Ok(work) = asked.recv() {
        match work {
            Work::Sync(file, renamed_in) => {
                let synced =
                    file.sync_data().and_then(|()| renamed_in.as_deref().map_or(Ok(()), platform::sync_directory));
                if let Err(error) = synced {
                    outcome.lock().sync_failure = Some(error);
                }
            }
            Work::Compact(path, bytes) => {
                let compacted = compact(&path, bytes);
                outcome.lock().compacted = Some(compacted);
            }
        }
    }
}

fn compact(path: &Path, read_bytes: u64) -> io::Result<Compacted> {
    let source = File::open(path)?;
    let (latest, _) = read(&mut BufReader::new((&source).take(read_bytes)))?;
    let path = path.with_extension(FRESH_ENDING);
    let (file, bytes) = write(&path, &latest)?;
    Ok(Compacted { path, file, bytes, source, read_bytes })
}
