//! The journal in front of an engine on disk: what makes a batch durable.
//!
//! A batch is appended to a file of checksummed frames and synced; that is all that an
//! append waits for. It is then held in memory, over the engine, as part of the
//! *generation* that gathers. Past a size, and in pauses, a generation is handed to a
//! thread of its own that puts it into the engine in the order of keys, one row per key
//! however often it was written, and waits for the engine's barrier; only then does the
//! generation's file go. A start puts what the files still hold into the engine.
//!
//! So the engine need not be durable batch by batch, nor fast: it must come back with
//! what it had at its last barrier. It carries the number of the last batch in it
//! (`applied`); a journal that begins behind that number says that the engine has lost
//! something, and is not replayed over the gap.

mod applier;
mod frame;
mod layers;
mod recovery;
mod segment;
pub(crate) mod space;
mod spares;

#[cfg(test)]
mod tests;

use parking_lot::Mutex;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Direction, Engine, Overlay, Staging, Visit};
use crate::{
    StoreError,
    limits::{GENERATION_BYTES, GENERATION_BYTES_MAX, SPARE_AHEAD_BYTES, SPARE_FROM_BYTES},
};
use applier::{Applier, Handed};
use layers::Layers;
use segment::Segment;
use spares::Spares;

/// Where batches go, and the one that is on its way.
struct Writer {
    segment: Segment,
    /// Files that are full and hold batches of the generation that gathers, oldest first.
    full: Vec<PathBuf>,
    /// The number of the next batch.
    next: u64,
    is_unsynced: bool,
    frame: Vec<u8>,
}

/// An engine with a journal in front of it.
pub(crate) struct Journaled {
    directory: PathBuf,
    layers: Arc<Layers>,
    writer: Mutex<Writer>,
    applier: Applier,
    spares: Arc<Spares>,
}

/// Opens the journal in `directory` and brings the engine up to it. `engine_path` is
/// where the engine lies, for what is said of it.
///
/// Batches go on with a number that is higher by `leap`, which nobody can guess: frames hold
/// what people write, and where one is torn a text in it must not pass for the next frame.
pub(crate) fn open(
    engine: Arc<dyn Engine>,
    engine_path: &Path,
    directory: &Path,
    leap: u64,
) -> Result<Journaled, StoreError> {
    let begin = |next| {
        let segment = Segment::create(directory, next)?;
        segment::remove_before(directory, next).map(|()| segment)
    };
    let begin = |next| begin(next).map_err(|error| segment::unwritable(directory, &error));
    let mut next = recovery::recover(&*engine, engine_path, directory)?;
    let mut segment = begin(next)?;
    if leap > 0 {
        next = recovery::leap(&*engine, next, leap)?;
        segment = begin(next)?;
    }
    let layers = Arc::new(Layers::new(engine));
    let spares = Arc::new(Spares::start(directory)?);
    let applier = Applier::start(Arc::clone(&layers), Arc::clone(&spares))?;
    let writer = Mutex::new(Writer { segment, full: Vec::new(), next, is_unsynced: false, frame: Vec::new() });
    Ok(Journaled { directory: directory.to_owned(), layers, writer, applier, spares })
}

/// Whether there is a journal in `directory`, whatever its state.
pub(crate) fn is_begun(directory: &Path) -> bool {
    match segment::list(directory) {
        Ok(files) => !files.is_empty(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

impl Journaled {
    /// Hands the generation that gathered to the applier, which must be idle, and lets
    /// the next one begin, in a file of its own. After an error all goes on as it was.
    fn turn(&self, writer: &mut Writer) -> Result<(), StoreError> {
        space::ensure(&self.directory, self.layers.waiting_bytes())?;
        self.roll(writer)?;
        let rows = self.layers.freeze();
        let segments = std::mem::take(&mut writer.full);
        self.applier.hand(Handed { rows, through: writer.next - 1, segments });
        Ok(())
    }

    /// Lets the next batch begin a file.
    fn roll(&self, writer: &mut Writer) -> Result<(), StoreError> {
        if writer.segment.is_empty() {
            return Ok(());
        }
        let fresh = match self.spares.take() {
            Some(spare) => Segment::create_in(&self.directory, writer.next, spare),
            None => Segment::create(&self.directory, writer.next),
        };
        let fresh = fresh.map_err(|error| segment::failed("begun", &error))?;
        let old = std::mem::replace(&mut writer.segment, fresh);
        writer.full.push(old.into_path());
        Ok(())
    }
}

impl Journaled {
    /// Sees to it that a file made ahead takes the frame, if there is one.
    fn provide(&self, writer: &mut Writer) {
        let would_grow = writer.segment.would_grow(writer.frame.len());
        if would_grow && self.spares.is_ready() {
            if let Err(error) = self.roll(writer) {
                tracing::warn!(%error, "the journal goes on in its file");
            }
        } else if writer.segment.would_grow(SPARE_AHEAD_BYTES) && writer.segment.bytes() > SPARE_FROM_BYTES {
            self.spares.ask();
        }
    }
}

impl Engine for Journaled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.layers.get(key)
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.layers.scan(from, until, direction, visit)
    }

    fn commit(&self, batch: Overlay) -> Result<(), StoreError> {
        self.layers.stage(batch);
        self.commit_staged().inspect_err(|_| self.layers.unstage())
    }

    fn barrier(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        if writer.is_unsynced {
            writer.segment.sync()?;
            writer.is_unsynced = false;
        }
        Ok(())
    }

    fn shows_early(&self) -> bool {
        false
    }

    fn staging(&self) -> Option<&dyn Staging> {
        Some(self)
    }

    fn publish(&self) {
        self.layers.gather();
    }

    fn is_untended(&self) -> bool {
        self.layers.gathered_bytes() > 0
    }

    fn tend(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        if self.layers.gathered_bytes() > 0
            && self.applier.is_idle()?
            && let Err(error) = self.turn(&mut writer)
            && !matches!(error, StoreError::Full)
        {
            // What gathered is durable where it is; the next pause may find a file handle.
            tracing::warn!(%error, "the journal goes on in its file");
        }
        Ok(())
    }

    fn settle(&self) -> Result<(), StoreError> {
        self.applier.wait()?;
        // What it cannot hand over the next start puts into the engine.
        self.tend()?;
        self.applier.wait()?;
        self.spares.settle();
        Ok(())
    }
}

impl Staging for Journaled {
    fn stage(&self, batch: Overlay) {
        self.layers.stage(batch);
    }

    fn look_at_staged(&self, look: &mut dyn FnMut(&Overlay)) {
        self.layers.look_at_staged(look);
    }

    fn commit_staged(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        let writer = &mut *writer;
        let gathered = self.layers.gathered_bytes();
        if gathered >= GENERATION_BYTES_MAX {
            self.applier.wait()?;
        }
        if gathered >= GENERATION_BYTES
            && self.applier.is_idle()?
            && let Err(error) = self.turn(writer)
        {
            // The file that there is takes the batch too, where there is no space or no
            // file handle for another one.
            if gathered >= GENERATION_BYTES_MAX {
                return Err(error);
            }
            tracing::warn!(%error, "the journal goes on in its file");
        }
        let (next, frame) = (writer.next, &mut writer.frame);
        let encoded = self.layers.look_at_staged(|batch| frame::encode(next, batch, frame));
        encoded.unwrap_or_else(|| Err(StoreError::Engine("no batch is staged".into())))?;
        self.provide(writer);
        space::ensure(&self.directory, self.layers.waiting_bytes() + writer.frame.len())?;
        writer.segment.append(&writer.frame)?;
        writer.next += 1;
        writer.is_unsynced = true;
        Ok(())
    }

    fn unstage(&self) {
        self.layers.unstage();
    }

    fn get_ahead(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.layers.get_ahead(key)
    }

    fn scan_ahead(&self, range: (&[u8], &[u8]), direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.layers.scan_ahead(range, direction, visit)
    }
}
