//! The parts of a data directory that are the store, and how another store takes their
//! place: it is made whole in `incoming` beside them, then a list of moves is written
//! down durably, and the moves are made. Cut short before the list, nothing has happened
//! and the next attempt begins anew; cut short behind it, the next opening makes the
//! moves that are left. At no moment is half a store in place.
//!
//! Everything here needs the directory's lock.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::directory_lock::{LOCK_FILE, LockedDirectory};
use crate::{
    StoreError,
    engine::{EngineKind, journal::space},
    limits::REWRITE_WAITING_BYTES,
    platform,
};

pub(super) const ENGINE: &str = "engine";
pub(super) const JOURNAL: &str = "journal";
pub(super) const HEADS: &str = "heads";
const INCOMING: &str = "incoming";
const MOVES: &str = "incoming.moves";
/// The list of moves while it is being written.
const MOVES_NEW: &str = "incoming.new";

/// What a new file system has by itself.
const FILE_SYSTEMS_OWN: &str = "lost+found";

fn all() -> impl Iterator<Item = &'static str> {
    EngineKind::ALL.into_iter().map(EngineKind::name).chain([ENGINE, JOURNAL, HEADS])
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        detail: format!("{error}; check its permissions and the space on its disk"),
    }
}

/// Whether there is any part of a store.
pub(super) fn is_any(directory: &Path) -> bool {
    all().any(|part| directory.join(part).exists())
}

/// Whether a store is about to be put in place.
pub(super) fn is_coming(directory: &Path) -> bool {
    directory.join(MOVES).exists()
}

/// Refuses a directory that holds more than an attempt to fill it.
pub(crate) fn must_be_empty(directory: &Path) -> Result<(), StoreError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(directory, &error)),
    };
    for entry in entries {
        let name = entry.map_err(|error| failed(directory, &error))?.file_name();
        if ![LOCK_FILE, INCOMING, MOVES_NEW, FILE_SYSTEMS_OWN].into_iter().any(|known| name == known) {
            let detail = format!("it is not empty: it holds {}; name a directory that is", name.display());
            return Err(StoreError::Open { path: directory.to_owned(), detail });
        }
    }
    Ok(())
}

/// A server must not begin an empty store where a copy was to be.
pub(super) fn must_not_be_half(directory: &Path) -> Result<(), StoreError> {
    match directory.join(INCOMING).exists() && !is_any(directory) {
        true => Err(StoreError::Open {
            path: directory.to_owned(),
            detail: format!(
                "a copy or restore into it was cut short; do it again, or remove {INCOMING} from it to begin with an \
                 empty store"
            ),
        }),
        false => Ok(()),
    }
}

/// An empty place for a store that is made; what an earlier attempt left goes.
pub(crate) fn begin(directory: &LockedDirectory) -> Result<PathBuf, StoreError> {
    let incoming = directory.path.join(INCOMING);
    clear(&directory.path)
        .and_then(|()| platform::create_private_directory(&incoming))
        .map_err(|error| failed(&incoming, &error))?;
    Ok(incoming)
}

/// What an attempt has left, for whoever can go on with it.
pub(crate) fn begun(directory: &LockedDirectory) -> Option<PathBuf> {
    let incoming = directory.path.join(INCOMING);
    incoming.is_dir().then_some(incoming)
}

/// Refuses to go on with a store that is made where the disk might not hold it: the
/// directory's other users need room too, and an engine at the end of its disk is lost.
/// `bytes` are the keys and values in it so far.
pub(crate) fn must_have_room(directory: &LockedDirectory, bytes: u64) -> Result<(), StoreError> {
    let waiting = usize::try_from(bytes).unwrap_or(usize::MAX).min(REWRITE_WAITING_BYTES);
    space::ensure(&directory.path, waiting).map_err(|error| match error {
        StoreError::Full => StoreError::Open {
            path: directory.path.clone(),
            detail: "its disk has no room for another store; nothing was changed; make space, or name a directory on \
                     another disk"
                .into(),
        },
        other => other,
    })
}

/// Nothing came of what was begun.
pub(crate) fn abandon(directory: &LockedDirectory) {
    let _ = clear(&directory.path);
}

/// Removes what an attempt has made that came to no list of moves.
fn clear(directory: &Path) -> io::Result<()> {
    remove(&directory.join(MOVES_NEW))?;
    remove(&directory.join(INCOMING))
}

/// Puts the store in `incoming`, which is whole and durable, in the place of the one
/// there is; nothing of that one stays.
pub(crate) fn put_in_place(directory: &LockedDirectory) -> Result<(), StoreError> {
    let directory = &directory.path;
    let written = || {
        let incoming = directory.join(INCOMING);
        platform::sync_directory(&incoming)?;
        platform::sync_directory(directory)?;
        let mut moves = String::new();
        for part in all() {
            match incoming.join(part).exists() {
                true => moves.push_str(&format!("place {part}\n")),
                false => moves.push_str(&format!("remove {part}\n")),
            }
        }
        let fresh = directory.join(MOVES_NEW);
        let mut file = File::create(&fresh)?;
        file.write_all(moves.as_bytes())?;
        file.sync_all()?;
        fs::rename(fresh, directory.join(MOVES))?;
        platform::sync_directory(directory)
    };
    written().map_err(|error| failed(directory, &error))?;
    finish(directory)
}

/// Makes the moves that were written down and not yet made. Each can be made twice. Where
/// none were, what an attempt left beside a store goes, and with it the space it takes.
pub(super) fn finish(directory: &Path) -> Result<(), StoreError> {
    let moves = match fs::read_to_string(directory.join(MOVES)) {
        Ok(moves) => moves,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match is_any(directory) {
                true => clear(directory).map_err(|error| failed(directory, &error)),
                false => Ok(()),
            };
        }
        Err(error) => return Err(failed(&directory.join(MOVES), &error)),
    };
    make(directory, &moves).map_err(|error| failed(directory, &error))
}

fn make(directory: &Path, moves: &str) -> io::Result<()> {
    let incoming = directory.join(INCOMING);
    for part in all() {
        let (from, to) = (incoming.join(part), directory.join(part));
        if moves.lines().any(|line| line == format!("remove {part}")) {
            remove(&to)?;
        } else if from.exists() && moves.lines().any(|line| line == format!("place {part}")) {
            remove(&to)?;
            fs::rename(from, to)?;
        }
    }
    platform::sync_directory(directory)?;
    remove(&incoming)?;
    remove(&directory.join(MOVES))?;
    platform::sync_directory(directory)
}

/// A file or a whole directory, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What lies in a directory, folders with what is in them.
    fn seen(directory: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                true => found.extend(seen(&path).into_iter().map(|inner| format!("{name}/{inner}"))),
                false => found.push(format!("{name} {}", fs::read_to_string(path).unwrap())),
            }
        }
        found.sort();
        found
    }

    #[test]
    fn moves_that_were_cut_anywhere_are_finished_at_the_next_opening() {
        for made in 0..=5 {
            let directory = tempfile::tempdir().unwrap();
            let at = |path: &str| directory.path().join(path);
            for (path, text) in [
                ("sled/db", "old"),
                ("engine", "sled"),
                ("journal/1", "old"),
                ("heads", "old"),
                ("certs/key", "kept"),
                ("incoming/fjall/version", "new"),
                ("incoming/engine", "fjall"),
                ("incoming/LOCK", "1"),
                ("incoming.moves", "remove sled\nplace fjall\nplace engine\nremove journal\n"),
            ] {
                write(&at(path), text);
            }
            // As far as the process came.
            let steps: [&dyn Fn(); 5] = [
                &|| remove(&at("sled")).unwrap(),
                &|| fs::rename(at("incoming/fjall"), at("fjall")).unwrap(),
                &|| remove(&at("engine")).unwrap(),
                &|| fs::rename(at("incoming/engine"), at("engine")).unwrap(),
                &|| remove(&at("incoming")).unwrap(),
            ];
            steps.into_iter().take(made).for_each(|step| step());
            finish(directory.path()).unwrap();
            let expected = ["certs/key kept", "engine fjall", "fjall/version new", "heads old"];
            assert_eq!(seen(directory.path()), expected, "after {made}");
            finish(directory.path()).unwrap();
            assert_eq!(seen(directory.path()), expected);
        }
    }
}
