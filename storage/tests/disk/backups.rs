//! A backup is the state of one moment, of a store at rest and of one in use; a restored
//! store has all of it, and every log in a new epoch.

use crate::{
    files::{open, options, tamper},
    played::{ALICE, appended, live, post, room, told},
    put_back::epoch_and_seq,
};
use rill_storage::{
    EngineKind, StoreError,
    embedded::{self, BackupLabel, Handle, RestoreOptions, Restored},
    model::{Anchor, Body, Replay},
};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

fn label() -> BackupLabel {
    BackupLabel { software: "test".into(), made_ms: 7 }
}

fn backed_up(handle: &Handle, file: &Path) {
    let manifest = handle.backup(&mut File::create(file).unwrap(), label(), |_| {}).unwrap();
    assert_eq!(embedded::verify_backup(file, &mut |_| {}).unwrap(), manifest);
    assert_eq!((manifest.software.as_str(), manifest.made_ms), ("test", 7));
}

fn to(from: &Path, to: &Path) -> RestoreOptions {
    let (from, to) = (from.to_owned(), to.to_owned());
    let entropy = options(&to).entropy;
    RestoreOptions { from, to, engine: crate::ENGINE, replace: false, entropy }
}

fn restored(options: RestoreOptions) -> Result<Restored, StoreError> {
    embedded::restore(options, &mut |_, _| {})
}

#[tokio::test]
async fn a_restored_store_has_everything_and_every_log_a_new_epoch() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let opened = open(&at("data"));
    live(&opened.store).await;
    appended(&opened.store, 1, post(900, "before the backup")).await;
    let (secret, before) = (opened.store.secret, epoch_and_seq(&opened.store, 1).await);
    let user = opened.store.user_log.head(ALICE).await.unwrap().unwrap();
    backed_up(&opened.handle, &at("running"));
    let lost = appended(&opened.store, 1, post(901, "behind the backup")).await;
    opened.handle.close().unwrap();
    // A store at rest gives one that is told apart by what came since.
    embedded::backup(&at("data"), &mut File::create(at("resting")).unwrap(), label(), &mut |_| {}).unwrap();

    for kind in EngineKind::ALL {
        let path = at(kind.name());
        let made = restored(RestoreOptions { engine: kind, ..to(&at("running"), &path) }).unwrap();
        assert_eq!((made.checked.findings.as_slice(), made.logs), (&[][..], 4));
        let reopen = || embedded::open(embedded::OpenOptions { engine: Some(kind), ..options(&path) }).unwrap();
        let opened = reopen();
        assert_eq!(opened.store.secret, secret);
        let now = epoch_and_seq(&opened.store, 1).await;
        assert_eq!(now.1, before.1);
        assert_ne!(now.0, before.0);
        assert_ne!(opened.store.user_log.head(ALICE).await.unwrap().unwrap().epoch, user.epoch);
        // What was acknowledged before is there, and its retry makes nothing new.
        let again = appended(&opened.store, 1, post(900, "before the backup")).await;
        assert_eq!((again.replay, again.entry.seq, again.epoch), (Replay::Same, before.1, now.0));
        // What came behind is not; its retry is stored, once, under the seq that it had.
        for expected in [Replay::First, Replay::Same] {
            let again = appended(&opened.store, 1, post(901, "behind the backup")).await;
            assert_eq!((again.replay, again.entry.seq, again.epoch), (expected, lost.entry.seq, now.0));
        }
        opened.handle.close().unwrap();
        // The next start gives no further epoch.
        let opened = reopen();
        assert_eq!(epoch_and_seq(&opened.store, 1).await.0, now.0);
        opened.handle.close().unwrap();
    }
    restored(to(&at("resting"), &at("later"))).unwrap();
    let opened = open(&at("later"));
    assert_eq!(epoch_and_seq(&opened.store, 1).await.1, before.1 + 1);
    opened.handle.close().unwrap();
}

/// Takes what is written slowly enough that a store goes on meanwhile.
struct Slow<F>(File, F);

impl<F: FnMut()> Write for Slow<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A page of rows, not one of the batches that this brings about.
        if bytes.len() > 20_000 {
            (self.1)();
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[tokio::test]
async fn a_backup_of_a_store_in_use_is_the_state_of_one_moment() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let opened = open(&at("data"));
    live(&opened.store).await;
    for client in 0..1_500 {
        appended(&opened.store, 1, post(10_000 + client, "before")).await;
    }
    let (store, handle, file) = (opened.store.clone(), opened.handle.clone(), at("backup"));
    let (begun, begins) = std::sync::mpsc::sync_channel(1);
    let (acked, last) = std::sync::mpsc::sync_channel(100_000);
    let backup = std::thread::spawn(move || {
        let (mut begun, mut waited) = (Some(begun), 0);
        let mut step = || {
            if let Some(begun) = begun.take() {
                begun.send(()).unwrap();
            }
            // Some posts between two writes, so that pages and batches interleave.
            for _ in 0..5 {
                waited = last.recv().unwrap();
            }
        };
        let manifest = handle.backup(&mut Slow(File::create(file).unwrap(), &mut step), label(), |_| {}).unwrap();
        // Those acknowledged before the last write must be in it.
        (manifest, waited)
    });
    begins.recv().unwrap();
    let mut client = 0_u64;
    while !backup.is_finished() {
        let made = appended(&store, 1 + (client % 2) as u8, post(50_000 + client, "meanwhile")).await;
        if client.is_multiple_of(2) {
            // Nobody takes it any more once the backup is done.
            let _ = acked.send(made.entry.seq);
        }
        client += 1;
    }
    let (manifest, seen): (_, u64) = backup.join().unwrap();
    assert!(manifest.changes > 100, "{manifest:?}");
    opened.handle.close().unwrap();

    let made = restored(to(&at("backup"), &at("again"))).unwrap();
    assert_eq!(made.checked.findings, [], "{manifest:?}");
    let again = open(&at("again"));
    let now = epoch_and_seq(&again.store, 1).await.1;
    assert!(now >= seen, "{now} {seen}");
    let other = epoch_and_seq(&again.store, 2).await.1;
    let page = again.store.log.messages(room(2), Anchor::After(0), 2_000, usize::MAX).await.unwrap().unwrap();
    assert!(page.messages.iter().filter(|message| message.body == Body::Text("meanwhile".into())).count() > 3);
    // Posts went to one room and the other in turn: both are as they were at one moment.
    let source = open(&at("data"));
    let (first, second) =
        (epoch_and_seq(&source.store, 1).await.1 - now, epoch_and_seq(&source.store, 2).await.1 - other);
    assert!(first.abs_diff(second) <= 1, "room 1 ends {first} before, room 2 {second}");
    source.handle.close().unwrap();
    again.handle.close().unwrap();
}

#[tokio::test]
async fn a_backup_that_is_cut_or_changed_anywhere_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let opened = open(&at("data"));
    live(&opened.store).await;
    backed_up(&opened.handle, &at("whole"));
    opened.handle.close().unwrap();
    let whole = fs::read(at("whole")).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(at("part"), bytes).unwrap();
        match embedded::verify_backup(&at("part"), &mut |_| {}) {
            Err(StoreError::Backup(detail)) => assert!(detail.contains("part"), "{detail}"),
            other => panic!("{other:?}"),
        }
    };
    for length in (0..whole.len()).step_by(97) {
        refused(&whole[..length]);
    }
    for place in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        refused(&bytes);
    }
    refused(&[&whole[..], b"x"].concat());

    // Nothing of it reaches a directory.
    fs::write(at("part"), &whole[..whole.len() - 9]).unwrap();
    assert!(restored(to(&at("part"), &at("never"))).is_err());
    assert!(!at("never").exists());
}

#[tokio::test]
async fn a_damaged_row_is_not_backed_up_and_the_file_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let opened = open(&at("data"));
    live(&opened.store).await;
    opened.handle.close().unwrap();
    tamper(&at("data"), |db| {
        let key = [&[8][..], &room(1).0, &9u64.to_be_bytes()].concat();
        let mut value = db.get(&key).unwrap();
        value[50] ^= 1;
        db.insert(key, value);
    });
    let opened = open(&at("data"));
    let failed = opened.handle.backup(&mut File::create(at("backup")).unwrap(), label(), |_| {});
    let Err(StoreError::Damaged { detail, .. }) = failed else { panic!("{failed:?}") };
    assert!(detail.contains("entry 9"), "{detail}");
    let Err(error) = embedded::verify_backup(&at("backup"), &mut |_| {}) else { panic!("it is none") };
    assert!(error.to_string().contains("not finished") && error.to_string().contains("entry 9"), "{error}");
    // The next one may begin.
    let failed = opened.handle.backup(&mut io::sink(), label(), |_| {});
    assert!(matches!(failed, Err(StoreError::Damaged { .. })), "{failed:?}");
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_store_is_replaced_only_when_that_is_said_and_only_by_a_whole_one() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let opened = open(&at("data"));
    live(&opened.store).await;
    backed_up(&opened.handle, &at("backup"));
    appended(&opened.store, 1, post(901, "behind the backup")).await;
    let before = told(&opened.store).await;
    let replacing = || RestoreOptions { replace: true, ..to(&at("backup"), &at("data")) };
    assert!(matches!(restored(replacing()), Err(StoreError::Locked { .. })));
    opened.handle.close().unwrap();
    fs::create_dir(at("data/certs")).unwrap();

    let Err(error) = restored(to(&at("backup"), &at("data"))) else { panic!("it was replaced") };
    assert!(error.to_string().contains("a store in it already"), "{error}");
    let opened = open(&at("data"));
    assert_eq!(told(&opened.store).await, before);
    opened.handle.close().unwrap();

    // To the other engine, over what an attempt before left.
    let other = EngineKind::ALL.into_iter().find(|kind| *kind != crate::ENGINE).unwrap();
    fs::create_dir_all(at("data/incoming/sled")).unwrap();
    restored(RestoreOptions { engine: other, ..replacing() }).unwrap();
    assert_eq!(EngineKind::of(&at("data")).unwrap(), Some(other));
    assert!(at("data/certs").exists() && !at("data/incoming").exists());
    restored(replacing()).unwrap();
    let opened = open(&at("data"));
    assert_eq!(opened.handle.check(|_| {}).unwrap().findings, []);
    assert_eq!(appended(&opened.store, 1, post(901, "behind the backup")).await.replay, Replay::First);
    opened.handle.close().unwrap();

    embedded::reset(&at("data")).unwrap();
    assert!(!embedded::is_store(&at("data")) && at("data/certs").exists());
    assert!(embedded::reset(&at("data")).is_err());
    restored(to(&at("backup"), &at("data"))).unwrap();
    open(&at("data")).handle.close().unwrap();
}
