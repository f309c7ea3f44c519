//! rill-bench as a program: what it is told, and what is seen of it from outside.

use serde_json::Value;
use std::{ffi::OsStr, fs, process::Command};

/// A run that is over.
pub(crate) struct Ran {
    /// None if a signal has ended it.
    pub(crate) exit_code: Option<i32>,
    /// On stdout, then on stderr.
    pub(crate) said: String,
    /// Null where none was written, as of a run that never began.
    pub(crate) report: Value,
}

/// Runs it to its end. The report is asked for here: `--json` is not among the arguments.
pub(crate) fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("report");
    let output = Command::new(env!("CARGO_BIN_EXE_rill-bench"))
        .args(args)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("rill-bench runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let report = fs::read(&json).map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).expect("JSON"));
    Ran { exit_code: output.status.code(), said, report }
}
