//! `storage.engine`: a new directory is made with it, and an old one must have it.

use std::fs;
use tempfile::TempDir;

use crate::running::{Running, refused};

const FJALL: [&str; 2] = ["--set", "storage.engine=fjall"];
const SLED: [&str; 2] = ["--set", "storage.engine=sled"];

#[test]
fn a_directory_keeps_the_engine_that_it_was_made_with() {
    let data = TempDir::new().unwrap();
    let engine = || fs::read_to_string(data.path().join("engine")).unwrap();
    let folders = || (data.path().join("sled").is_dir(), data.path().join("fjall").is_dir());

    assert_eq!(Running::start(data.path(), &[&FJALL[..], &["--demo"]].concat()).terminate(), Some(0));
    assert_eq!((engine().trim(), folders()), ("fjall", (false, true)));

    let said = refused(data.path(), &[&SLED[..], &["--set", "log.filter=off"]].concat());
    assert!(said.starts_with("rill: ") && said.lines().count() == 1, "{said}");
    assert!(said.contains(data.path().to_str().unwrap()) && said.contains("rill store copy"), "{said}");
    assert!(said.contains("the engine fjall") && said.contains("set to sled"), "{said}");

    // Without a word it opens with what it has.
    assert_eq!(Running::start(data.path(), &[]).terminate(), Some(0));
    assert_eq!((engine().trim(), folders()), ("fjall", (false, true)));
}

#[test]
fn a_new_directory_is_made_with_sled_where_nothing_else_is_asked_for() {
    let data = TempDir::new().unwrap();
    assert_eq!(Running::start(data.path(), &["--demo"]).terminate(), Some(0));
    assert_eq!(fs::read_to_string(data.path().join("engine")).unwrap().trim(), "sled");
    let said = refused(data.path(), &[&FJALL[..], &["--set", "log.filter=off"]].concat());
    assert!(said.contains("the engine sled") && said.contains("rill store copy"), "{said}");
}
