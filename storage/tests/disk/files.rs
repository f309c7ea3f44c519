//! Stores in directories, and directories handled behind their back.

use rill_storage::{
    EngineKind, StoreError,
    embedded::{self, Entropy, OpenOptions, OpenStore},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Bytes that never repeat within this process.
fn entropy() -> Entropy {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    Arc::new(|bytes: &mut [u8]| {
        let seed = blake3::hash(&COUNT.fetch_add(1, Relaxed).to_le_bytes());
        bytes.iter_mut().zip(seed.as_bytes().iter().cycle()).for_each(|(byte, random)| *byte = *random);
    })
}

pub(crate) fn options(path: &Path) -> OpenOptions {
    OpenOptions { engine: Some(crate::ENGINE), ..OpenOptions::new(path, entropy()) }
}

pub(crate) fn open(path: &Path) -> OpenStore {
    embedded::open(options(path)).unwrap()
}

/// The error of an opening that must fail.
pub(crate) fn refused(path: &Path) -> StoreError {
    match embedded::open(options(path)) {
        Ok(_) => panic!("the store opened"),
        Err(error) => error,
    }
}

/// The path and the words of an opening that must fail for what is on the disk.
pub(crate) fn unopened(path: &Path) -> (PathBuf, String) {
    match refused(path) {
        StoreError::Open { path, detail } => (path, detail),
        other => panic!("{other}"),
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The folder of the engine.
pub(crate) fn engine(path: &Path) -> PathBuf {
    path.join(crate::ENGINE.name())
}

/// The files of the engine, folders within it too.
pub(crate) fn engine_files(path: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![engine(path)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}

/// The rows of a closed store's engine, below the envelope.
pub(crate) enum Rows {
    Sled(sled::Db),
    Fjall(fjall::Database, fjall::Keyspace),
}

impl Rows {
    /// An engine that was just closed lets go of its files a moment later.
    fn open(path: &Path) -> Self {
        let opened = (0..250).find_map(|_| {
            let opened = match crate::ENGINE {
                EngineKind::Sled => {
                    sled::Config::new().path(engine(path)).flush_every_ms(None).open().ok().map(Self::Sled)
                }
                EngineKind::Fjall => {
                    fjall::Database::builder(engine(path)).worker_threads(1).open().ok().map(|database| {
                        let rows = database.keyspace("rows", fjall::KeyspaceCreateOptions::default).unwrap();
                        Self::Fjall(database, rows)
                    })
                }
            };
            if opened.is_none() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            opened
        });
        opened.unwrap()
    }

    pub(crate) fn get(&self, key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        match self {
            Self::Sled(db) => db.get(key).unwrap().map(|value| value.to_vec()),
            Self::Fjall(_, rows) => rows.get(key).unwrap().map(|value| value.to_vec()),
        }
    }

    pub(crate) fn insert(&self, key: impl AsRef<[u8]>, value: Vec<u8>) {
        match self {
            Self::Sled(db) => drop(db.insert(key, value).unwrap()),
            Self::Fjall(_, rows) => rows.insert(key.as_ref(), value).unwrap(),
        }
    }

    pub(crate) fn remove(&self, key: impl AsRef<[u8]>) {
        match self {
            Self::Sled(db) => drop(db.remove(key).unwrap()),
            Self::Fjall(_, rows) => rows.remove(key.as_ref()).unwrap(),
        }
    }

    /// Those of the store, in order; the engine's own are left out.
    pub(crate) fn all(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = match self {
            Self::Sled(db) => db.iter().map(|row| row.unwrap()).map(|(k, v)| (k.to_vec(), v.to_vec())).collect(),
            Self::Fjall(_, rows) => {
                rows.iter().map(|row| row.into_inner().unwrap()).map(|(k, v)| (k.to_vec(), v.to_vec())).collect()
            }
        };
        rows.into_iter().filter(|(key, _)| key[0] != u8::MAX).collect()
    }
}

/// Changes what lies in a closed store, below the envelope.
pub(crate) fn tamper(path: &Path, change: impl FnOnce(&Rows)) {
    fs::create_dir_all(path).unwrap();
    let rows = Rows::open(path);
    change(&rows);
    match rows {
        Rows::Sled(db) => drop(db.flush().unwrap()),
        Rows::Fjall(database, _) => database.persist(fjall::PersistMode::SyncAll).unwrap(),
    }
}

/// Puts an older engine under a store, with the journal that was before it.
pub(crate) fn put_back(path: &Path, older: &Path) {
    for folder in [crate::ENGINE.name(), "journal"] {
        fs::remove_dir_all(path.join(folder)).unwrap();
        copy(&older.join(folder), &path.join(folder));
    }
}
