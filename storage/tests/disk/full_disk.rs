//! Disks that are full, that cannot be written, that give no more file handles.

use rill_storage::{
    StoreError,
    embedded::{self, BackupLabel, RestoreOptions},
    model::Replay,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    files::{open, options, refused},
    played::{appended, live, new_room, post, room, told},
    small_disk::SmallDisk,
};

const DISK_BYTES: u64 = 48 * 1024 * 1024;

fn data(disk: &SmallDisk) -> PathBuf {
    disk.path().join("data")
}

#[tokio::test]
async fn on_a_full_disk_writes_say_so_reads_go_on_and_writes_do_once_there_is_space() {
    let Some(disk) = SmallDisk::new(DISK_BYTES) else { return };
    let opened = open(&data(&disk));
    opened.store.rooms.create(new_room(1)).await.unwrap();
    appended(&opened.store, 1, post(1, "before")).await;
    for round in 1..=3 {
        disk.fill();
        for number in 0..20 {
            let error = opened.store.log.append(room(1), post(100 * round + number, "during")).await.unwrap_err();
            assert!(matches!(error, StoreError::Full), "{error}");
        }
        let head = opened.store.log.head(room(1)).await.unwrap().unwrap();
        assert_eq!(head.seq, 2 + round, "nothing of what was refused is there");
        assert_eq!(opened.store.log.entries(room(1), 0, 10, usize::MAX).await.unwrap().len() as u64, head.seq);
        assert!(!opened.handle.statistics().failed);
        disk.make_space();
        // What was refused can be sent again as it was.
        let again = appended(&opened.store, 1, post(100 * round, "during")).await;
        assert_eq!((again.replay, again.entry.seq), (Replay::First, head.seq + 1));
    }
    opened.handle.close().unwrap();
    let opened = open(&data(&disk));
    assert_eq!(opened.store.log.head(room(1)).await.unwrap().unwrap().seq, 6);
    let checked = opened.handle.check(|_| {}).unwrap();
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_disk_that_fills_up_under_load_costs_nothing_that_was_acknowledged() {
    let Some(disk) = SmallDisk::new(DISK_BYTES) else { return };
    let opened = open(&data(&disk));
    opened.store.rooms.create(new_room(1)).await.unwrap();
    let (text, mut acknowledged, mut refusals) = ("x".repeat(16_000), Vec::new(), 0);
    for number in 0u64.. {
        match opened.store.log.append(room(1), post(number, &text)).await {
            Ok(made) => acknowledged.push((number, made.unwrap().entry.seq)),
            Err(StoreError::Full) if refusals < 200 => refusals += 1,
            Err(StoreError::Full) => break,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    // A stop keeps what does not fit into the engine; a start says what it needs, or goes on.
    opened.handle.close().unwrap();
    let opened = open(&data(&disk));
    for (number, seq) in acknowledged {
        let found = opened.store.log.entries(room(1), seq - 1, 1, usize::MAX).await.unwrap();
        assert_eq!(found[0].seq, seq, "post {number}");
    }
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_is_named_at_the_start() {
    let Some(disk) = SmallDisk::new(DISK_BYTES) else { return };
    let opened = open(&data(&disk));
    opened.store.rooms.create(new_room(1)).await.unwrap();
    opened.handle.close().unwrap();
    drop(opened);
    disk.read_only();
    let said = refused(&data(&disk)).to_string();
    assert!(said.contains(data(&disk).to_str().unwrap()), "{said}");
    assert!(said.contains("Read-only") || said.contains("read-only"), "{said}");
}

#[tokio::test]
async fn a_store_is_not_written_anew_where_there_is_no_room_for_a_second_one() {
    let Some(disk) = SmallDisk::new(DISK_BYTES) else { return };
    let opened = open(&data(&disk));
    live(&opened.store).await;
    let before = told(&opened.store).await;
    let (elsewhere, backup) = (tempfile::tempdir().unwrap(), disk.path().join("backup"));
    let label = BackupLabel { software: "test".into(), made_ms: 1 };
    opened.handle.backup(&mut fs::File::create(&backup).unwrap(), label, |_| {}).unwrap();
    opened.handle.close().unwrap();

    // Less than what is left to those who share the disk.
    disk.fill_but(2 * 1024 * 1024);
    let restore = |to: &Path| {
        let options = RestoreOptions {
            from: backup.clone(),
            to: to.to_owned(),
            engine: crate::ENGINE,
            replace: true,
            entropy: options(to).entropy,
        };
        embedded::restore(options, &mut |_, _| {}).map(drop)
    };
    let compacted = || embedded::compact(&data(&disk), &mut |_| {}).map(drop);
    let copied = || embedded::copy(&data(&disk), &disk.path().join("copy"), crate::ENGINE, &mut |_| {}).map(drop);
    for refused in [compacted(), copied(), restore(&data(&disk)), restore(&disk.path().join("restored"))] {
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("no room") && said.contains(disk.path().to_str().unwrap()), "{said}");
    }
    assert!(!data(&disk).join("incoming").exists());
    // To another disk it goes.
    let copy = elsewhere.path().join("copy");
    embedded::copy(&data(&disk), &copy, crate::ENGINE, &mut |_| {}).unwrap();
    disk.make_space();
    compacted().unwrap();
    for path in [data(&disk), copy] {
        let opened = open(&path);
        assert_eq!(told(&opened.store).await, before);
        opened.handle.close().unwrap();
    }
}
