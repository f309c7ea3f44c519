//! The command as a process, and a store for it.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

use crate::running::Running;

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) error: String,
}

pub(crate) fn store(data: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rill"));
    // Away from whatever rill.toml lies where the tests run.
    command.current_dir(data.parent().unwrap()).arg("store").args(args).arg("--data").arg(data);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
}

/// What it prints, if it succeeds.
pub(crate) fn done(data: &Path, args: &[&str]) -> String {
    let said = store(data, args);
    assert_eq!(said.code, Some(0), "{args:?}: {}{}", said.out, said.error);
    said.out
}

/// What it prints for a program.
pub(crate) fn json(data: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&done(data, &[args, &["--json"]].concat())).unwrap()
}

/// Why it does not.
pub(crate) fn refused(data: &Path, args: &[&str]) -> String {
    let said = store(data, args);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{args:?}: {}", said.error);
    assert!(said.error.starts_with("rill: ") && said.error.lines().count() == 1, "{args:?}: {}", said.error);
    said.error
}

/// The data of a server that ran for a moment, with what `--demo` makes.
pub(crate) fn lived(args: &[&str]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    assert_eq!(Running::start(&data, &[&["--demo"], args].concat()).terminate(), Some(0));
    (folder, data)
}
