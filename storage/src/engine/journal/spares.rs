//! Files for the journal that are made ahead of their use, filled with zeros.
//!
//! A batch that is written into such a file changes neither its length nor where it
//! lies. Its sync writes the batch and nothing else, and does not wait for what the file
//! system has to write down about other files, which is where an engine's large writes
//! would hold an append up. What the zeros mean to a start is in [`super::recovery`].
//!
//! A store at rest pays nothing: the first file is made when much has been appended.
//! Files whose batches the engine has are filled with zeros and used again.

use parking_lot::{Condvar, Mutex};
use std::{
    fs::{self, File},
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use super::segment::FRESH_ENDING;
use crate::{
    StoreError,
    limits::{RETIRED_SEGMENTS_MAX, SPARE_BYTES_MAX, SPARE_BYTES_MIN, SPARE_DISK_PARTS},
    platform,
};

/// A file of zeros, durable, under a name that a start removes.
pub(super) struct Spare {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) bytes: u64,
}

enum Order {
    Prepare,
    Retire(Vec<PathBuf>),
}

#[derive(Default)]
struct State {
    ready: Option<Spare>,
    is_asked: bool,
    orders: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    done: Condvar,
}

/// The handle of the thread that makes them, which ends with it.
pub(super) struct Spares {
    shared: Arc<Shared>,
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Spares {
    pub(super) fn start(directory: &Path) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::default());
        let (orders, received) = sync_channel(RETIRED_SEGMENTS_MAX);
        let mut maker = Maker { directory: directory.to_owned(), shared: Arc::clone(&shared), made: 0 };
        let thread = thread::Builder::new()
            .name("rill-spares".into())
            .spawn(move || maker.run(&received))
            .map_err(|error| StoreError::Engine(format!("the thread of the journal's files cannot start: {error}")))?;
        Ok(Self { shared, orders: Some(orders), thread: Some(thread) })
    }

    /// Wishes for a spare, which is made behind the caller's back, if there is room. Never
    /// waits.
    pub(super) fn ask(&self) {
        let mut state = self.shared.state.lock();
        if state.ready.is_some() || state.is_asked {
            return;
        }
        state.is_asked = true;
        state.orders += 1;
        if self.orders.as_ref().is_none_or(|orders| orders.try_send(Order::Prepare).is_err()) {
            state.is_asked = false;
            state.orders -= 1;
        }
    }

    /// Whether there is one by now.
    pub(super) fn is_ready(&self) -> bool {
        self.shared.state.lock().ready.is_some()
    }

    /// The spare, if there is one by now.
    pub(super) fn take(&self) -> Option<Spare> {
        self.shared.state.lock().ready.take()
    }

    /// Files whose batches the engine has, oldest first.
    pub(super) fn retire(&self, files: Vec<PathBuf>) {
        self.shared.state.lock().orders += 1;
        if self.orders.as_ref().is_none_or(|orders| orders.send(Order::Retire(files)).is_err()) {
            self.shared.state.lock().orders -= 1;
        }
    }

    /// Waits until all that was wished for and handed over is done.
    pub(super) fn wait(&self) {
        let mut state = self.shared.state.lock();
        while state.orders > 0 {
            self.shared.done.wait(&mut state);
        }
    }

    /// Leaves nothing to be done, and no spare lying about.
    pub(super) fn settle(&self) {
        self.wait();
        if let Some(spare) = self.take() {
            remove(&spare.path);
        }
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(spare) = self.take() {
            remove(&spare.path);
        }
    }
}

/// One that stays is older than the engine or has no batches, and goes at the next start.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(%error, path = %path.display(), "a file of the journal that is done cannot be removed");
    }
}

struct Maker {
    directory: PathBuf,
    shared: Arc<Shared>,
    made: u64,
}

impl Maker {
    fn run(&mut self, orders: &Receiver<Order>) {
        platform::yield_to_other_threads();
        while let Ok(order) = orders.recv() {
            match order {
                Order::Prepare => self.prepare(),
                Order::Retire(files) => files.iter().for_each(|file| self.retire(file)),
            }
            self.shared.state.lock().orders -= 1;
            self.shared.done.notify_all();
        }
    }

    fn prepare(&mut self) {
        if let Some(bytes) = self.wanted_bytes() {
            let path = self.fresh_path();
            let made = File::options().read(true).write(true).create_new(true).open(&path);
            self.offer(path, bytes, made.and_then(|file| zeroed(file, bytes)));
        }
        self.shared.state.lock().is_asked = false;
    }

    /// Makes a spare of a file, or removes it.
    fn retire(&mut self, old: &Path) {
        let used = fs::metadata(old).map_or(0, |found| found.len());
        let Some(bytes) = self.wanted_bytes().filter(|bytes| used >= *bytes) else { return remove(old) };
        // Its name must be gone for good before what is in it.
        let path = self.fresh_path();
        let renamed = fs::rename(old, &path).and_then(|()| platform::sync_directory(&self.directory));
        let made = renamed.and_then(|()| {
            let file = File::options().read(true).write(true).open(&path)?;
            file.set_len(bytes)?;
            zeroed(file, bytes)
        });
        self.offer(path, bytes, made);
    }

    fn fresh_path(&mut self) -> PathBuf {
        self.made += 1;
        self.directory.join(format!("spare-{}.{FRESH_ENDING}", self.made))
    }

    /// How long the next one is to be: a small part of what the disk has left.
    fn wanted_bytes(&self) -> Option<u64> {
        if self.shared.state.lock().ready.is_some() {
            return None;
        }
        let free_bytes = platform::space(&self.directory).ok()?.free_bytes;
        let bytes = (free_bytes / SPARE_DISK_PARTS).min(SPARE_BYTES_MAX);
        (bytes >= SPARE_BYTES_MIN).then_some(bytes)
    }

    fn offer(&self, path: PathBuf, bytes: u64, made: io::Result<File>) {
        match made {
            Ok(file) => self.shared.state.lock().ready = Some(Spare { path, file, bytes }),
            Err(error) => {
                tracing::debug!(%error, "no file is made ahead for the journal");
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Zeros up to there, durable.
fn zeroed(mut file: File, bytes: u64) -> io::Result<File> {
    static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
    file.rewind()?;
    let mut left = bytes;
    while left > 0 {
        let part = left.min(ZEROS.len() as u64) as usize;
        file.write_all(&ZEROS[..part])?;
        left -= part as u64;
    }
    file.sync_all()?;
    file.rewind()?;
    Ok(file)
}
