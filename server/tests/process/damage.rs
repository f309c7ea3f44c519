//! A store that cannot be used: the server says which file and what to do, in one line
//! that is no panic, and ends with a code.

use std::fs;
use tempfile::TempDir;

use crate::running::{Running, refused};

#[test]
fn a_damaged_store_is_named_with_its_file_and_what_to_do() {
    let data = TempDir::new().unwrap();
    assert_eq!(Running::start(data.path(), &["--demo"]).terminate(), Some(0));
    let file = data.path().join("sled/db");
    let length = fs::metadata(&file).unwrap().len() as usize;
    let garbage: Vec<u8> = (0..length).map(|at| (at * 31 + at / 251) as u8).collect();
    fs::write(&file, garbage).unwrap();
    let said = refused(data.path(), &["--set", "log.filter=off"]);
    assert!(said.starts_with("rill: ") && said.lines().count() == 1, "{said}");
    assert!(said.contains(data.path().join("sled").to_str().unwrap()) && said.contains("backup"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    // A place where nobody may make a file, not even the superuser.
    let said = refused("/sys/kernel/rill".as_ref(), &["--set", "log.filter=off"]);
    assert!(said.starts_with("rill: ") && said.lines().count() == 1, "{said}");
    assert!(
        said.contains("/sys/kernel/rill") && said.contains("let the user who runs the server write there"),
        "{said}"
    );
}
