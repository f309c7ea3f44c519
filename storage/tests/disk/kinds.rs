//! A directory belongs to one engine.

use crate::{
    files::{open, options, unopened},
    played::{live, told},
};
use rill_storage::{
    EngineKind,
    embedded::{self, OpenOptions},
};
use std::fs;

#[tokio::test]
async fn another_engine_than_the_one_that_wrote_it_is_refused_by_both_names() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    let before = told(&opened.store).await;
    opened.handle.close().unwrap();
    for other in EngineKind::ALL.into_iter().filter(|kind| *kind != crate::ENGINE) {
        let Err(error) = embedded::open(OpenOptions { engine: Some(other), ..options(directory.path()) }) else {
            panic!("the store opened");
        };
        let text = error.to_string();
        assert!(text.contains(other.name()) && text.contains(crate::ENGINE.name()) && text.contains("copy"), "{text}");
        assert!(!directory.path().join(other.name()).exists());
    }
    // Nobody asked for one: it is the one that it has.
    assert_eq!(EngineKind::of(directory.path()).unwrap(), Some(crate::ENGINE));
    let opened = embedded::open(OpenOptions { engine: None, ..options(directory.path()) }).unwrap();
    assert_eq!(told(&opened.store).await, before);
    opened.handle.close().unwrap();
}

#[test]
fn an_engine_that_nobody_knows_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("engine"), "rocks\n").unwrap();
    let (path, detail) = unopened(directory.path());
    assert_eq!(path, directory.path().join("engine"));
    assert!(detail.contains("rocks"), "{detail}");
}

#[test]
fn a_first_start_that_was_cut_short_is_begun_again() {
    let directory = tempfile::tempdir().unwrap();
    let engine = crate::files::engine(directory.path());
    // What the engines make first, without what they make last.
    std::fs::create_dir_all(engine.join("keyspaces")).unwrap();
    for name in ["lock", "0.jnl", "conf"] {
        std::fs::write(engine.join(name), "").unwrap();
    }
    crate::files::open(directory.path()).handle.close().unwrap();
    crate::files::open(directory.path()).handle.close().unwrap();
}
