//! Opening: lock, engine, identity, epochs, committer.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use super::{
    Embedded, Handle, OpenStore,
    birth::{self, Found},
    committer::Committer,
    context::{Context, Entropy},
    directory_lock::LockedDirectory,
    epochs,
    heads::{self, Heads, Latest},
    observers::Observers,
    queue::Queue,
    statistics::Counters,
    view::Durable,
};
use crate::{
    Store, StoreError,
    engine::{Engine, memory::MemoryEngine, sled},
    limits::{Bounds, CACHE_BYTES_DEFAULT, MEMORY_BYTES_MAX},
};

const ENGINE_DIRECTORY: &str = "sled";
const HEADS_FILE: &str = "heads";

/// How to open a store on disk.
#[derive(Clone)]
pub struct OpenOptions {
    /// The data directory; made if it is not there.
    pub path: PathBuf,
    pub cache_bytes: u64,
    pub bounds: Bounds,
    pub entropy: Entropy,
}

impl OpenOptions {
    /// The defaults.
    pub fn new(path: impl Into<PathBuf>, entropy: Entropy) -> Self {
        Self { path: path.into(), cache_bytes: CACHE_BYTES_DEFAULT, bounds: Bounds::default(), entropy }
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
    path.join(ENGINE_DIRECTORY).join("db").exists()
}

/// Opens or makes a store in a directory, with sled as its engine. Blocks: reading
/// what a crash left can take seconds.
pub fn open_sled(options: OpenOptions) -> Result<OpenStore, StoreError> {
    let directory = LockedDirectory::lock(&options.path)?;
    let path = directory.path.clone();
    let engine_path = path.join(ENGINE_DIRECTORY);
    let had_engine = is_store(&path);
    let heads_path = path.join(HEADS_FILE);
    let recorded = heads::load(&heads_path).map_err(|error| unreadable(&heads_path, &error))?;

    let engine = sled::open(&engine_path, options.cache_bytes, Box::new(directory))?;
    let engine: Arc<dyn Engine> = Arc::new(engine);
    let durable = Arc::new(Durable::new(Arc::clone(&engine)));
    let secret = match durable.read(|view| birth::find(view))? {
        Found::Store { secret } => secret,
        Found::Newer { version } => return Err(newer(&path, version)),
        Found::Empty if had_engine && recorded.is_some() => return Err(emptied(&engine_path)),
        Found::Empty => birth::create(&*engine, durable.ring(), &options.entropy)?,
    };

    let mut context = Context { bounds: options.bounds, entropy: options.entropy, lost: Default::default() };
    let latest = reconcile(recorded, &mut context, &durable, &*engine)?;
    let heads = Heads::rewrite(&heads_path, &latest).map_err(|error| unreadable(&heads_path, &error))?;
    start(engine, durable, context, Some(heads), secret)
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
fn reconcile(
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

pub(super) fn start(
    engine: Arc<dyn Engine>,
    durable: Arc<Durable>,
    context: Context,
    heads: Option<Heads>,
    secret: [u8; 32],
) -> Result<OpenStore, StoreError> {
    let counters = Arc::new(Counters::default());
    let observers = Arc::new(Observers::default());
    let (queue, orders) = Queue::new(Arc::clone(&counters));
    let committer = Committer {
        engine,
        durable: Arc::clone(&durable),
        context,
        heads,
        observers: Arc::clone(&observers),
        counters: Arc::clone(&counters),
        orders,
        failed: None,
    };
    let thread = thread::Builder::new()
        .name("rill-committer".into())
        .spawn(move || committer.run())
        .map_err(|error| StoreError::Engine(format!("the committer's thread cannot start: {error}")))?;
    let embedded = Arc::new(Embedded { durable, queue, observers });
    let store = Store {
        users: embedded.clone(),
        roster: embedded.clone(),
        invitations: embedded.clone(),
        sessions: embedded.clone(),
        rooms: embedded.clone(),
        directory: embedded.clone(),
        log: embedded.clone(),
        user_log: embedded.clone(),
        secret,
    };
    Ok(OpenStore { store, handle: Handle::new(embedded, counters, thread) })
}

fn unreadable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        detail: format!("{error}; check its permissions and the space on its disk"),
    }
}

fn newer(path: &Path, version: u32) -> StoreError {
    let known = birth::DATA_VERSION;
    StoreError::Open {
        path: path.to_owned(),
        detail: format!(
            "its data has version {version} and this server reads up to version {known}; use a newer server"
        ),
    }
}

fn emptied(path: &Path) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        detail: "sled opened it without its data, which was there before; keep a copy of the directory, then restore \
                 it from a backup, or remove it to begin with an empty store"
            .into(),
    }
}
