//! A store copied to another engine is the same store.

use crate::{
    files::{open, options, tamper},
    played::{appended, live, post, room, told},
};
use rill_storage::{
    EngineKind, StoreError,
    embedded::{self, CopyStep, OpenOptions},
    model::Replay,
};
use std::fs;

#[tokio::test]
async fn a_copy_has_everything_with_either_engine_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let from = directory.path().join("from");
    let opened = open(&from);
    live(&opened.store).await;
    let made = appended(&opened.store, 1, post(900, "once")).await;
    let (before, secret) = (told(&opened.store).await, opened.store.secret);
    opened.handle.close().unwrap();

    for kind in EngineKind::ALL {
        let to = directory.path().join("to").join(kind.name());
        let mut steps = Vec::new();
        let copied = embedded::copy(&from, &to, kind, &mut |progress| steps.push(progress)).unwrap();
        assert!(copied.rows > 100 && copied.bytes > 10_000, "{copied:?}");
        let last = |step| steps.iter().rfind(|progress| progress.step == step).map(|progress| progress.rows);
        assert_eq!(last(CopyStep::Copying), Some(copied.rows));
        assert_eq!(last(CopyStep::Verifying), Some(copied.rows));

        assert_eq!(EngineKind::of(&to).unwrap(), Some(kind));
        let opened = embedded::open(OpenOptions { engine: Some(kind), ..options(&to) }).unwrap();
        assert_eq!(opened.store.secret, secret);
        assert_eq!(told(&opened.store).await, before);
        let again = appended(&opened.store, 1, post(900, "once")).await;
        assert_eq!((again.replay, again.entry.seq, again.epoch), (Replay::Same, made.entry.seq, made.epoch));
        assert_eq!(appended(&opened.store, 1, post(901, "next")).await.entry.seq, made.entry.seq + 1);
        assert_eq!(opened.handle.check(|_| {}).unwrap().findings, []);
        opened.handle.close().unwrap();
    }
    // The source is as it was.
    let opened = open(&from);
    assert_eq!(told(&opened.store).await, before);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn what_a_killed_server_left_in_the_journal_is_copied_too() {
    let directory = tempfile::tempdir().unwrap();
    let (running, left, to) =
        (directory.path().join("running"), directory.path().join("left"), directory.path().join("to"));
    let opened = open(&running);
    live(&opened.store).await;
    let before = told(&opened.store).await;
    crate::files::copy(&running, &left);
    opened.handle.close().unwrap();
    embedded::copy(&left, &to, crate::ENGINE, &mut |_| {}).unwrap();
    let opened = open(&to);
    assert_eq!(told(&opened.store).await, before);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn copies_that_would_do_harm_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    let refused =
        |from: &std::path::Path, to: &std::path::Path| match embedded::copy(from, to, crate::ENGINE, &mut |_| {}) {
            Err(error) => error.to_string(),
            Ok(copied) => panic!("{copied:?}"),
        };
    fs::create_dir_all(&from).unwrap();
    assert!(refused(&from, &to).contains("no store"));
    let opened = open(&from);
    live(&opened.store).await;
    assert!(matches!(embedded::copy(&from, &to, crate::ENGINE, &mut |_| {}), Err(StoreError::Locked { .. })));
    opened.handle.close().unwrap();

    // A damaged row is not handed on.
    let entry = [&[8][..], &room(1).0, &9u64.to_be_bytes()].concat();
    let mut sound = Vec::new();
    tamper(&from, |db| {
        sound = db.get(&entry).unwrap();
        let mut value = sound.clone();
        value[50] ^= 1;
        db.insert(&entry, value);
    });
    assert!(refused(&from, &to).contains("entry is damaged"));
    // What it left is no store, and is not written over.
    tamper(&from, |db| db.insert(&entry, sound));
    assert!(refused(&from, &to).contains("cut short"));
    fs::remove_dir_all(&to).unwrap();
    embedded::copy(&from, &to, crate::ENGINE, &mut |_| {}).unwrap();
    assert!(refused(&from, &to).contains("a store in it already"));
}
