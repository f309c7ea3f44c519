//! Disks that are full, that cannot be written, that give no more file handles.

use rill_storage::{
    StoreError,
    embedded::{self, BackupLabel, RestoreOptions},
    model::Replay,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

use crate::{
    files::{open, options, refused},
    played::{appended, live, new_room, post, room, told},
};

const DISK_BYTES: usize = 48 * 1024 * 1024;

/// A small disk of its own, in memory; taken down when it is dropped.
struct SmallDisk {
    place: TempDir,
}

impl SmallDisk {
    /// `None`, after a word, where nobody may mount; that is a failure in CI.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            assert!(std::env::var_os("CI").is_none(), "full disks need root, for mounting");
            eprintln!("full disks need root, for mounting; nothing was tested");
            return None;
        }
        let place = tempfile::tempdir().unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"], place.path());
        Some(Self { place })
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// Takes all the space that is left.
    fn fill(&self) {
        let mut filler = fs::File::create(self.place.path().join("filler")).unwrap();
        let error = io::copy(&mut io::repeat(1), &mut filler).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
    }

    /// Takes all the space but that.
    fn fill_but(&self, free_bytes: u64) {
        self.fill();
        let filler = fs::File::options().write(true).open(self.place.path().join("filler")).unwrap();
        filler.set_len(filler.metadata().unwrap().len() - free_bytes).unwrap();
    }

    fn make_space(&self) {
        fs::remove_file(self.place.path().join("filler")).unwrap();
    }

    fn read_only(&self) {
        mount(&["-o", "remount,ro"], self.place.path());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.place.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking(), "umount");
    }
}

fn mount(args: &[&str], place: &Path) {
    let said = Command::new("mount").args(args).arg(place).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

#[tokio::test]
async fn on_a_full_disk_writes_say_so_reads_go_on_and_writes_do_once_there_is_space() {
    let Some(disk) = SmallDisk::new() else { return };
    let opened = open(&disk.data());
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
    let opened = open(&disk.data());
    assert_eq!(opened.store.log.head(room(1)).await.unwrap().unwrap().seq, 6);
    let checked = opened.handle.check(|_| {}).unwrap();
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_disk_that_fills_up_under_load_costs_nothing_that_was_acknowledged() {
    let Some(disk) = SmallDisk::new() else { return };
    let opened = open(&disk.data());
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
    let opened = open(&disk.data());
    for (number, seq) in acknowledged {
        let found = opened.store.log.entries(room(1), seq - 1, 1, usize::MAX).await.unwrap();
        assert_eq!(found[0].seq, seq, "post {number}");
    }
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_is_named_at_the_start() {
    let Some(disk) = SmallDisk::new() else { return };
    let opened = open(&disk.data());
    opened.store.rooms.create(new_room(1)).await.unwrap();
    opened.handle.close().unwrap();
    drop(opened);
    disk.read_only();
    let said = refused(&disk.data()).to_string();
    assert!(said.contains(disk.data().to_str().unwrap()), "{said}");
    assert!(said.contains("Read-only") || said.contains("read-only"), "{said}");
}

#[tokio::test]
async fn a_store_is_not_written_anew_where_there_is_no_room_for_a_second_one() {
    let Some(disk) = SmallDisk::new() else { return };
    let opened = open(&disk.data());
    live(&opened.store).await;
    let before = told(&opened.store).await;
    let (elsewhere, backup) = (tempfile::tempdir().unwrap(), disk.place.path().join("backup"));
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
    let compacted = || embedded::compact(&disk.data(), &mut |_| {}).map(drop);
    let copied = || embedded::copy(&disk.data(), &disk.place.path().join("copy"), crate::ENGINE, &mut |_| {}).map(drop);
    for refused in [compacted(), copied(), restore(&disk.data()), restore(&disk.place.path().join("restored"))] {
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("no room") && said.contains(disk.place.path().to_str().unwrap()), "{said}");
    }
    assert!(!disk.data().join("incoming").exists());
    // To another disk it goes.
    let copy = elsewhere.path().join("copy");
    embedded::copy(&disk.data(), &copy, crate::ENGINE, &mut |_| {}).unwrap();
    disk.make_space();
    compacted().unwrap();
    for path in [disk.data(), copy] {
        let opened = open(&path);
        assert_eq!(told(&opened.store).await, before);
        opened.handle.close().unwrap();
    }
}
