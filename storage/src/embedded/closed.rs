//! A store that no server has open, as rows: for whoever checks, copies, compacts,
//! migrates or backs it up. Unlike an opening for use it gives no log a new epoch and
//! leaves the data's version as it is.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    birth::{self, Found},
    directory_lock::LockedDirectory,
    open::newer,
    parts,
    view::Durable,
};
use crate::{
    StoreError,
    engine::{self, Direction, Engine, EngineKind, OWN_KEYS, journal},
    limits::{CACHE_BYTES_DEFAULT, READ_ROWS_MAX},
};

/// See the module. The directory is locked for as long as it lives.
pub(crate) struct Closed {
    pub(crate) path: PathBuf,
    pub(crate) kind: EngineKind,
    pub(crate) engine: Arc<dyn Engine>,
    pub(super) durable: Durable,
    /// The version of its data.
    pub(super) version: u32,
    pub(crate) secret: [u8; 32],
    /// For who goes on when the engine is closed.
    pub(crate) lock: Arc<LockedDirectory>,
}

/// Rows in the order of their keys.
pub(super) type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn none(path: &Path) -> StoreError {
    StoreError::Open { path: path.to_owned(), detail: "there is no store in it".into() }
}

impl Closed {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        if !parts::is_any(path) && !parts::is_coming(path) {
            return Err(none(path));
        }
        let lock = Arc::new(LockedDirectory::lock(path)?);
        parts::finish(path)?;
        let kind = EngineKind::of(path)?.filter(|kind| kind.is_present(path)).ok_or_else(|| none(path))?;
        let engine = engine::open(kind, path, CACHE_BYTES_DEFAULT, Box::new(Arc::clone(&lock)))?;
        // A newer version may mean another thing by its journal.
        let durable = Durable::new(engine);
        if let Found::Newer { version } = durable.read(|view| birth::find(view))? {
            return Err(newer(path, version));
        }
        let engine = durable.engine()?;
        let engine: Arc<dyn Engine> =
            Arc::new(journal::open(engine, &path.join(kind.name()), &path.join(parts::JOURNAL), 0)?);
        let durable = Durable::new(Arc::clone(&engine));
        match durable.read(|view| birth::find(view))? {
            Found::Store { secret, version } => {
                Ok(Self { path: path.to_owned(), kind, engine, durable, version, secret, lock })
            }
            Found::Newer { version } => Err(newer(path, version)),
            Found::Empty => Err(none(path)),
        }
    }

    /// Lets go of the engine's files; the lock of the directory stays with the caller.
    pub(crate) fn close(self) -> Result<Arc<LockedDirectory>, StoreError> {
        self.engine.settle()?;
        Ok(self.lock)
    }
}

/// Rows behind a key, as many as a read may have; none at the end.
pub(super) fn page(engine: &dyn Engine, after: Option<&[u8]>) -> Result<Rows, StoreError> {
    let mut from = after.map_or_else(Vec::new, <[u8]>::to_vec);
    if after.is_some() {
        // The first key that is larger.
        from.push(0);
    }
    let mut rows = Rows::new();
    engine.scan(&from, &[OWN_KEYS], Direction::Forward, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        if rows.len() < READ_ROWS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(rows)
}
