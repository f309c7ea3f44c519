//! A store copied to another engine is the same store.

use crate::{
    files::{open, options, tamper},
    played::{ALICE, NOW_MS, appended, live, post, room, told},
    put_back::epoch_and_seq,
};
use rill_protocol::SessionId;
use rill_storage::{
    EngineKind, StoreError,
    embedded::{self, CopyStep, OpenOptions},
    model::{Digest, Replay, Session, TicketRecord},
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
    // What it left is no store, and the next one begins anew.
    assert!(!embedded::is_store(&to));
    fs::create_dir_all(to.join("incoming/sled")).unwrap();
    assert!(crate::files::unopened(&to).1.contains("cut short"));
    tamper(&from, |db| db.insert(&entry, sound));
    embedded::copy(&from, &to, crate::ENGINE, &mut |_| {}).unwrap();
    assert!(!to.join("incoming").exists());
    assert!(refused(&from, &to).contains("not empty"));
    open(&to).handle.close().unwrap();
}

#[tokio::test]
async fn a_store_that_is_written_anew_is_the_same_without_what_was_removed() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    appended(&opened.store, 1, post(10_000, "kept")).await;
    // Records that come and go.
    let session = Session {
        id: SessionId([3; 16]),
        user: ALICE,
        token: Digest([5; 32]),
        created_ms: NOW_MS,
        client: String::new(),
        used_ms: NOW_MS,
    };
    opened.store.sessions.create(session).await.unwrap();
    for round in 0..100 {
        let digest = |number: u8| {
            let mut digest = [number; 32];
            digest[0] = round;
            Digest(digest)
        };
        let ticket =
            |number| TicketRecord { digest: digest(number), session: SessionId([3; 16]), expires_ms: NOW_MS + 1 };
        opened.store.sessions.issue(ALICE, (0..200).map(ticket).collect(), NOW_MS).await.unwrap();
    }
    opened.handle.sweep(NOW_MS + 60_000).await.unwrap();
    let (before, head) = (told(&opened.store).await, epoch_and_seq(&opened.store, 1).await);
    opened.handle.close().unwrap();
    let copied = embedded::compact(directory.path(), &mut |_| {}).unwrap();
    assert!(copied.rows < 2_000, "{copied:?}");
    assert!(!directory.path().join("incoming").exists());
    assert_eq!(embedded::check(directory.path(), &mut |_| {}).unwrap().findings, []);

    let opened = open(directory.path());
    assert_eq!(told(&opened.store).await, before);
    assert_eq!(epoch_and_seq(&opened.store, 1).await, head);
    assert_eq!(appended(&opened.store, 1, post(10_000, "kept")).await.replay, Replay::Same);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_copy_knows_of_logs_that_have_lost_their_end() {
    let directory = tempfile::tempdir().unwrap();
    let (path, older, to) =
        (directory.path().join("data"), directory.path().join("older"), directory.path().join("to"));
    let opened = open(&path);
    live(&opened.store).await;
    opened.handle.close().unwrap();
    crate::files::copy(&path, &older);
    let opened = open(&path);
    appended(&opened.store, 1, post(700, "lost")).await;
    let epoch = epoch_and_seq(&opened.store, 1).await.0;
    opened.handle.close().unwrap();
    crate::files::put_back(&path, &older);

    let findings = embedded::check(&path, &mut |_| {}).unwrap().findings;
    let is_named = findings.iter().any(|found| found.table == "heads" && found.what.contains(&room(1).to_string()));
    assert!(is_named, "{findings:?}");
    embedded::copy(&path, &to, crate::ENGINE, &mut |_| {}).unwrap();
    let opened = open(&to);
    assert_ne!(epoch_and_seq(&opened.store, 1).await.0, epoch);
    opened.handle.close().unwrap();
}
