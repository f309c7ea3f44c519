//! Stores in directories, and directories handled behind their back.

use rill_storage::{
    StoreError,
    embedded::{Entropy, OpenOptions, OpenStore, open_sled},
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
    OpenOptions::new(path, entropy())
}

pub(crate) fn open(path: &Path) -> OpenStore {
    open_sled(options(path)).unwrap()
}

/// The error of an opening that must fail.
pub(crate) fn refused(path: &Path) -> StoreError {
    match open_sled(options(path)) {
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

/// Changes what lies in a closed store, below the envelope.
pub(crate) fn tamper(path: &Path, change: impl FnOnce(&sled::Db)) {
    let db = (0..100)
        .find_map(|_| {
            let opened = sled::Config::new().path(path.join("sled")).flush_every_ms(None).open().ok();
            if opened.is_none() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            opened
        })
        .unwrap();
    change(&db);
    db.flush().unwrap();
}

/// Puts an older engine under a store.
pub(crate) fn put_back(path: &Path, older: &Path) {
    fs::remove_dir_all(path.join("sled")).unwrap();
    copy(&older.join("sled"), &path.join("sled"));
}
