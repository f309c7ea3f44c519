//! Opening: lock, engine, identity, epochs, committer.

use parking_lot::Mutex;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use super::{
    Embedded, Handle, OpenStore,
    birth::{self, Found},
    cache::Cache,
    committer::Committer,
    context::{Context, Entropy},
    directory_lock::LockedDirectory,
    endings::LastEndings,
    epochs,
    finish::Finish,
    heads::{self, Heads, Latest, RecordHeads},
    observers::Observers,
    parts,
    pipeline::Pipeline,
    queue::Queue,
    statistics::Counters,
    tape::Tape,
    view::Durable,
};
use crate::{
    Store, StoreError,
    aggregates::Ports,
    engine::{self, Engine, EngineKind, journal, memory::MemoryEngine},
    limits::{Bounds, CACHE_BYTES_DEFAULT, JOURNAL_LEAP_MAX, MEMORY_BYTES_MAX},
};

/// How to open a store on disk.
#[derive(Clone)]
pub struct OpenOptions {
    /// The data directory; made if it is not there.
    pub path: PathBuf,
    /// The engine that it must have; with `None`, the one that it has, or the default
    /// where it is new.
    pub engine: Option<EngineKind>,
    pub cache_bytes: u64,
    pub bounds: Bounds,
    pub entropy: Entropy,
}

impl OpenOptions {
    /// The defaults.
    pub fn new(path: impl Into<PathBuf>, entropy: Entropy) -> Self {
        Self { path: path.into(), engine: None, cache_bytes: CACHE_BYTES_DEFAULT, bounds: Bounds::default(), entropy }
    }
}

/// How to make a store in memory.
#[derive(Clone)]
pub struct MemoryOptions {
    /// Keys and values together; past it the store fails.
    pub bytes_max: usize,
    pub bounds: Bounds,
    pub entropy: Entropy,
}

impl MemoryOptions {
    /// The defaults.
    pub fn new(entropy: Entropy) -> Self {
        Self { bytes_max: MEMORY_BYTES_MAX, bounds: Bounds::default(), entropy }
    }
}

/// Whether a directory holds a store; whether that can be opened is another question.
pub fn is_store(path: &Path) -> bool {
    parts::is_coming(path) || EngineKind::ALL.into_iter().any(|kind| kind.is_present(path))
}

/// Opens or makes a store in a directory. Blocks: reading what a crash left can take
/// seconds.
pub fn open(options: OpenOptions) -> Result<OpenStore, StoreError> {
    let directory = LockedDirectory::lock(&options.path)?;
    let path = directory.path.clone();
    parts::finish(&path)?;
    parts::must_not_be_half(&path)?;
    let kind = EngineKind::settle(&path, options.engine)?;
    let had_engine = kind.is_present(&path);
    let heads_path = path.join(parts::HEADS);
    let recorded = heads::load(&heads_path).map_err(|error| unreadable(&heads_path, &error))?;

    if !had_engine && recorded.is_none() && !journal::is_begun(&path.join(parts::JOURNAL)) {
        begin_again(&path.join(kind.name()))?;
    }
    let engine = engine::open(kind, &path, options.cache_bytes, Box::new(directory))?;
    migrate(&engine, &path)?;
    let leap = journal_leap(&options.entropy);
    let journaled = journal::open(engine, &path.join(kind.name()), &path.join(parts::JOURNAL), leap)?;
    let engine: Arc<dyn Engine> = Arc::new(journaled);
    let durable = Arc::new(Durable::new(Arc::clone(&engine)));
    let secret = match durable.read(|view| birth::find(view))? {
        Found::Store { secret, .. } => secret,
        Found::Newer { version } => return Err(newer(&path, version)),
        Found::Empty if had_engine && recorded.is_some() => return Err(emptied(&path.join(kind.name()), kind)),
        Found::Empty => birth::create(&*engine, durable.ring(), &options.entropy)?,
    };

    let mut context = Context { bounds: options.bounds, entropy: options.entropy, lost: Default::default() };
    let latest = reconcile(recorded, &mut context, &durable, &*engine)?;
    let heads = Heads::rewrite(&heads_path, &latest).map_err(|error| unreadable(&heads_path, &error))?;
    start(engine, durable, context, Some(Box::new(heads)), secret)
}

fn journal_leap(entropy: &Entropy) -> u64 {
    let mut bytes = [0; 8];
    entropy(&mut bytes);
    1 + u64::from_le_bytes(bytes) % JOURNAL_LEAP_MAX
}

/// Removes what a first start that was cut short left of an engine: an engine cannot always
/// go on from there. Nothing was ever acknowledged, for that takes a journal.
fn begin_again(engine: &Path) -> Result<(), StoreError> {
    match std::fs::remove_dir_all(engine) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unreadable(engine, &error)),
        _ => Ok(()),
    }
}

/// Before the journal is used: what an older version left must say that older versions
/// cannot read it any more, and what a newer one left stays as it is.
fn migrate(engine: &Arc<dyn Engine>, path: &Path) -> Result<(), StoreError> {
    let durable = Durable::new(Arc::clone(engine));
    match durable.read(|view| birth::find(view))? {
        Found::Newer { version } => Err(newer(path, version)),
        Found::Store { secret, version } if version < birth::DATA_VERSION => {
            tracing::info!(from = version, to = birth::DATA_VERSION, "the store's data gets a newer version");
            birth::write(&**engine, durable.ring(), secret)
        }
        Found::Store { .. } | Found::Empty => Ok(()),
    }
}

/// Makes an empty store in memory: the same aggregates over an engine that forgets.
pub fn memory(options: MemoryOptions) -> Result<OpenStore, StoreError> {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new(options.bytes_max));
    let durable = Arc::new(Durable::new(Arc::clone(&engine)));
    let secret = birth::create(&*engine, durable.ring(), &options.entropy)?;
    let context = Context { bounds: options.bounds, entropy: options.entropy, lost: Default::default() };
    start(engine, durable, context, None, secret)
}

/// Gives logs that were put back their new epochs; returns where every log ends.
pub(super) fn reconcile(
    recorded: Option<(Latest, usize)>,
    context: &mut Context,
    durable: &Durable,
    engine: &dyn Engine,
) -> Result<Latest, StoreError> {
    let Some((recorded, damaged)) = recorded else { return epochs::survey(durable) };
    if damaged > 0 {
        tracing::warn!(damaged, "recorded heads are damaged; a log that lost entries may go unnoticed");
    }
    let mut verdict = epochs::judge(durable, recorded)?;
    epochs::renew(&mut verdict, context, durable, engine)?;
    context.lost = verdict.lost;
    Ok(verdict.latest)
}

/// A store that nothing runs yet.
pub(super) struct Parts {
    pub(super) store: Store,
    pub(super) embedded: Arc<Embedded>,
    pub(super) committer: Committer,
    pub(super) counters: Arc<Counters>,
}

pub(super) fn assemble(
    engine: Arc<dyn Engine>,
    durable: Arc<Durable>,
    context: Context,
    heads: Option<Box<dyn RecordHeads>>,
    secret: [u8; 32],
) -> Parts {
    let counters = Arc::new(Counters::default());
    let observers = Arc::new(Observers::default());
    let endings = Arc::new(LastEndings::default());
    let tape = Arc::new(Tape::default());
    let (queue, orders) = Queue::new(Arc::clone(&counters));
    let finish = Finish {
        engine: Arc::clone(&engine),
        durable: Arc::clone(&durable),
        heads,
        observers: Arc::clone(&observers),
        endings: Arc::clone(&endings),
        tape: Arc::clone(&tape),
        counters: Arc::clone(&counters),
    };
    let committer = Committer {
        engine,
        durable: Arc::clone(&durable),
        context,
        cache: Cache::default(),
        finish: Arc::new(Mutex::new(finish)),
        pipeline: None,
        counters: Arc::clone(&counters),
        orders,
        failed: None,
    };
    let embedded = Arc::new(Embedded { durable, queue, observers, endings, stepping_down: Mutex::default(), tape });
    let ports = Ports::new(Arc::clone(&embedded));
    let store = Store {
        users: ports.clone(),
        roster: embedded.clone(),
        people: ports.clone(),
        invitations: ports.clone(),
        sessions: ports.clone(),
        endings: embedded.clone(),
        rooms: ports.clone(),
        doors: ports.clone(),
        directory: embedded.clone(),
        log: ports.clone(),
        user_log: ports.clone(),
        transfers: ports.clone(),
        contents: ports.clone(),
        emoji: ports.clone(),
        reports: ports.clone(),
        audit: ports.clone(),
        changes: ports.clone(),
        marks: ports,
        secret,
    };
    Parts { store, embedded, committer, counters }
}

pub(super) fn start(
    engine: Arc<dyn Engine>,
    durable: Arc<Durable>,
    context: Context,
    heads: Option<Box<dyn RecordHeads>>,
    secret: [u8; 32],
) -> Result<OpenStore, StoreError> {
    let Parts { store, embedded, mut committer, counters } = assemble(engine, durable, context, heads, secret);
    if committer.engine.staging().is_some() {
        let (engine, finish) = (Arc::clone(&committer.engine), Arc::clone(&committer.finish));
        committer.pipeline = Some(Pipeline::start(engine, finish, embedded.queue.waker())?);
    }
    let thread = thread::Builder::new()
        .name("rill-committer".into())
        .spawn(move || committer.run())
        .map_err(|error| StoreError::Engine(format!("the committer's thread cannot start: {error}")))?;
    Ok(OpenStore { store, handle: Handle::new(embedded, counters, Some(thread)) })
}

fn unreadable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        detail: format!("{error}; check its permissions and the space on its disk"),
    }
}

pub(super) fn newer(path: &Path, version: u32) -> StoreError {
    let known = birth::DATA_VERSION;
    StoreError::Open {
        path: path.to_owned(),
        detail: format!(
            "its data has version {version} and this server reads up to version {known}; use a newer server"
        ),
    }
}

fn emptied(path: &Path, kind: EngineKind) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        detail: format!(
            "{kind} opened it without its data, which was there before; keep a copy of the directory, then restore it \
             from a backup, or remove it to begin with an empty store"
        ),
    }
}
