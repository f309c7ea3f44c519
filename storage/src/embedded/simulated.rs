//! A store for simulations: nothing in it runs by itself. There is no thread and no
//! file; the one who simulates says when what waits is committed, when the disk fails,
//! and when the power is cut.
//!
//! Everything else is what it is on a real disk, the recorded heads and the epochs that
//! follow from them included.

use parking_lot::Mutex;
use rill_protocol::Epoch;
use std::{
    io,
    ops::ControlFlow,
    sync::{Arc, mpsc::TryRecvError},
};
use tokio::sync::Notify;

use super::{
    Handle,
    birth::{self, Found},
    committer::Committer,
    context::{Context, Entropy},
    heads::{Latest, LogId, RecordHeads, Recorded},
    open::{self, Parts},
    queue::Order,
    view::Durable,
};
use crate::{
    Store, StoreError,
    engine::{
        Engine,
        simulated::{Rows, SimulatedEngine},
    },
    limits::Bounds,
};

pub use crate::engine::simulated::Fault;

/// A disk that outlives the stores on it, with the recorded heads beside the engine.
/// Clones are the same disk.
#[derive(Clone)]
pub struct Disk {
    engine: SimulatedEngine,
    heads: Arc<Mutex<HeadsFile>>,
}

/// The file of the recorded heads.
#[derive(Default)]
struct HeadsFile {
    exists: bool,
    synced: Latest,
    unsynced: Vec<(LogId, Recorded)>,
}

impl HeadsFile {
    /// The first `kept` of those that are not synced are.
    fn sync(&mut self, kept: usize) {
        self.synced.extend(self.unsynced.drain(..).take(kept));
    }
}

/// A backup: what was durable at one moment, without the recorded heads.
#[derive(Clone)]
pub struct Backup(Rows);

impl Disk {
    /// An empty disk. `shows_early`: whether its engine shows a batch before it is
    /// durable, as one without a journal does.
    pub fn new(shows_early: bool) -> Self {
        Self { engine: SimulatedEngine::new(shows_early), heads: Arc::default() }
    }

    /// What the disk does wrong from now on.
    pub fn set_fault(&self, fault: Fault) {
        self.engine.set_fault(fault);
    }

    /// Batches that a power cut may lose.
    pub fn unflushed(&self) -> usize {
        self.engine.unflushed()
    }

    /// The power is cut: of the batches that were not flushed the first `batches`
    /// survive, of the recorded heads that were not synced the first `heads`. The store
    /// that is open on it is to be [abandoned](Committing::abandon) first.
    pub fn cut_power(&self, batches: usize, heads: usize) {
        self.engine.cut_power(batches);
        self.heads.lock().sync(heads);
    }

    /// Copies what is durable.
    pub fn back_up(&self) -> Backup {
        Backup(self.engine.copy())
    }

    /// Puts a backup in the place of the data. The recorded heads stay: they are how the
    /// next start knows.
    pub fn restore(&self, backup: &Backup) {
        self.engine.put_back(&backup.0);
        self.heads.lock().sync(usize::MAX);
    }
}

impl RecordHeads for Disk {
    fn append(&mut self, heads: &[(LogId, Epoch, u64)]) -> io::Result<()> {
        let recorded = heads.iter().map(|(log, epoch, seq)| (*log, Recorded { epoch: *epoch, seq: *seq }));
        self.heads.lock().unsynced.extend(recorded);
        Ok(())
    }

    fn is_unsynced(&self) -> bool {
        !self.heads.lock().unsynced.is_empty()
    }

    fn tend(&mut self) -> io::Result<()> {
        self.heads.lock().sync(usize::MAX);
        Ok(())
    }
}

/// An open store.
pub struct Simulated {
    pub store: Store,
    /// Sweeps, checks and measures. It closes nothing: see [`Committing::end`].
    pub handle: Handle,
    pub committing: Committing,
}

/// The committer, which runs when it is told to.
pub struct Committing {
    committer: Committer,
    bell: Arc<Notify>,
}

/// Opens the store of a disk, or makes one: as [`super::open`] does on a real disk.
pub fn open(disk: &Disk, bounds: Bounds, entropy: Entropy) -> Result<Simulated, StoreError> {
    let engine: Arc<dyn Engine> = Arc::new(disk.engine.clone());
    let durable = Arc::new(Durable::new(Arc::clone(&engine)));
    let secret = match durable.read(|view| birth::find(view))? {
        Found::Store { secret, .. } => secret,
        Found::Newer { version } => return Err(StoreError::Engine(format!("data of version {version}"))),
        Found::Empty => birth::create(&*engine, durable.ring(), &entropy)?,
    };
    let mut context = Context { bounds, entropy, lost: Default::default() };
    let recorded = {
        let file = disk.heads.lock();
        file.exists.then(|| (file.synced.clone(), 0))
    };
    let latest = open::reconcile(recorded, &mut context, &durable, &*engine)?;
    *disk.heads.lock() = HeadsFile { exists: true, synced: latest, unsynced: Vec::new() };
    let Parts { store, embedded, committer, counters } =
        open::assemble(engine, durable, context, Some(Box::new(disk.clone())), secret);
    let bell = embedded.queue.bell();
    Ok(Simulated { store, handle: Handle::new(embedded, counters, None), committing: Committing { committer, bell } })
}

impl Committing {
    /// Rings when a command is queued.
    pub fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    /// Commits what waits, in one batch; whether anything did.
    pub fn commit(&mut self) -> bool {
        match self.committer.orders.try_recv() {
            Ok(Order::Run(first)) => {
                let _: ControlFlow<()> = self.committer.commit_with_what_waits(first);
                true
            }
            Ok(Order::Stop | Order::Wake) | Err(TryRecvError::Empty | TryRecvError::Disconnected) => false,
        }
    }

    /// Uses a pause, as the thread does when nothing comes for a while.
    pub fn tend(&mut self) {
        self.committer.tend();
    }

    /// Commits all that waits and closes the store.
    ///
    /// # Errors
    /// The failure after which the store refused writes, if there was one.
    pub fn end(mut self) -> Result<(), StoreError> {
        while self.commit() {}
        self.committer.end()
    }

    /// The process is gone in the middle of whatever it did: nothing more is written,
    /// answered or read.
    pub fn abandon(self) {
        self.committer.durable.close();
    }
}
