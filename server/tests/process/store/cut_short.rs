//! `rill store` killed in the middle of its work: before every single change that it
//! makes to names and files. The next command, or the next server, finds one whole store.

use serde_json::Value;
use sled::Config;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

use super::{
    command::{done, json, lived, store},
    traced::{Ending, NAMES, WRITES, killed_before},
};
use crate::running::Running;

/// A store with a life behind it, and what `rill store` made of it.
struct Ground {
    folder: TempDir,
    before: PathBuf,
}

/// Files and folders as they are.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

impl Ground {
    fn new(engine: &str) -> Self {
        let (folder, before) = lived(&["--set", &format!("storage.engine={engine}")]);
        Self { folder, before }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The store in a place of its own, as it was before.
    fn laid_out(&self) -> PathBuf {
        let data = self.at("data-of-a-round");
        let _ = fs::remove_dir_all(&data);
        copy(&self.before, &data);
        data
    }

    /// Runs a command once for every call that it makes, killed before that call, and
    /// then lets `judge` look; until it comes through.
    fn killed_everywhere(&self, calls: &[i64], args: &[&str], judge: impl Fn(usize, &Path)) {
        for nth in 1.. {
            let data = self.laid_out();
            let ending = killed_before(calls, nth, &data, args);
            judge(nth, &data);
            if ending == Ending::CameThrough {
                assert!(nth > 15, "{args:?} makes {nth} calls");
                return;
            }
        }
    }
}

/// What `check` finds, which must be nothing, without what no two stores share.
fn sound(data: &Path, nth: usize) -> Value {
    let found = json(data, &["check"]);
    assert_eq!((&found["sound"], &found["findings_total"]), (&true.into(), &0.into()), "killed before call {nth}");
    found
}

/// A server starts on it and ends, and leaves nothing of the attempt behind.
fn serves(data: &Path, nth: usize) {
    assert_eq!(Running::start(data, &[]).terminate(), Some(0), "killed before call {nth}");
    for left in ["incoming", "incoming.new", "incoming.moves"] {
        assert!(!data.join(left).exists(), "{left}, killed before call {nth}");
    }
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_store_or_the_new_one() {
    let ground = Ground::new("sled");
    let backup = ground.at("backup");
    done(&ground.before, &["backup", backup.to_str().unwrap()]);
    // The store goes on, so that the two can be told apart.
    done_admin(&ground.before);
    let (old, made) = (sound(&ground.before, 0), ground.at("made"));
    done(&made, &["restore", backup.to_str().unwrap()]);
    let new = sound(&made, 0);
    assert_ne!(old["users"], new["users"]);

    let is_new = std::cell::Cell::new(false);
    let args = ["restore", backup.to_str().unwrap(), "--replace", "--yes"];
    ground.killed_everywhere(NAMES, &args, |nth, data| {
        // By turns the next one is a command or a server.
        if nth % 2 == 0 {
            serves(data, nth);
        }
        let found = sound(data, nth);
        let was_new = is_new.replace(found["users"] == new["users"]);
        assert!(found["users"] == old["users"] || is_new.get(), "{found}, killed before call {nth}");
        assert!(is_new.get() || !was_new, "the old one again, killed before call {nth}");
    });
    assert!(is_new.get());
}

/// One account more.
fn done_admin(data: &Path) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rill"));
    let made = command.current_dir(data.parent().unwrap()).args(["admin", "create", "later", "--data"]).arg(data);
    assert!(made.output().unwrap().status.success());
}

#[test]
fn a_store_that_is_killed_while_it_is_written_anew_is_whole() {
    let ground = Ground::new("fjall");
    let before = sound(&ground.before, 0);
    ground.killed_everywhere(NAMES, &["compact"], |nth, data| {
        if nth % 2 == 1 {
            serves(data, nth);
        }
        assert_eq!(sound(data, nth), before, "killed before call {nth}");
    });
}

#[test]
fn a_copy_that_is_killed_is_made_again_or_whole_and_its_source_is_as_it_was() {
    let ground = Ground::new("sled");
    let (before, to) = (sound(&ground.before, 0), ground.at("to"));
    let args = ["copy", "--to", "fjall", to.to_str().unwrap()];
    ground.killed_everywhere(NAMES, &args, |nth, data| {
        assert_eq!(sound(data, nth), before, "the source, killed before call {nth}");
        let again = store(data, &args);
        if again.code != Some(0) {
            // It is there already.
            assert!(again.error.contains("not empty"), "{}, killed before call {nth}", again.error);
            if nth % 2 == 0 {
                serves(&to, nth);
            }
        }
        assert_eq!(sound(&to, nth), before, "the copy, killed before call {nth}");
        fs::remove_dir_all(&to).unwrap();
    });
}

#[test]
fn a_migration_that_is_killed_is_gone_on_with() {
    let folder = TempDir::new().unwrap();
    let ground = Ground { before: folder.path().join("before"), folder };
    // As the first version wrote it, without a journal and without the name of its engine.
    fs::create_dir_all(&ground.before).unwrap();
    let rows = concat!(env!("CARGO_MANIFEST_DIR"), "/../storage/tests/disk/fixtures/version-1.rows");
    let unhex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let db = Config::new().path(ground.before.join("sled")).flush_every_ms(None).open().unwrap();
    for row in fs::read_to_string(rows).unwrap().lines() {
        let (key, value) = row.split_once(' ').unwrap();
        db.insert(unhex(key), unhex(value)).unwrap();
    }
    db.flush().unwrap();
    drop(db);

    ground.killed_everywhere(WRITES, &["migrate", "--yes"], |nth, data| {
        if nth % 2 == 0 {
            serves(data, nth);
        }
        let told = json(data, &["migrate", "--yes"]);
        assert_eq!(told["to"], 3, "killed before call {nth}");
        assert!(done(data, &["migrate"]).contains("nothing to do"), "killed before call {nth}");
        let found = sound(data, nth);
        assert_eq!((&found["users"], &found["rooms"]), (&2.into(), &2.into()), "killed before call {nth}");
    });
}
