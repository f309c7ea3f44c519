//! A small disk of its own, in memory, for tests of one that is full. Mounting needs root: where
//! nobody may these tests say so, and fail in CI.
#![allow(dead_code)] // not every test needs all of it

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    thread,
};
use tempfile::TempDir;

/// Taken down when it is dropped.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None`, after a word, where nobody may mount.
    pub(crate) fn new(bytes: u64) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            assert!(env::var_os("CI").is_none(), "full disks need root, for mounting");
            eprintln!("NOT TESTED: full disks need root, for mounting");
            return None;
        }
        let place = tempfile::tempdir().unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"], place.path());
        Some(Self(place))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes all the space that is left.
    pub(crate) fn fill(&self) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        let error = io::copy(&mut io::repeat(1), &mut filler).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
    }

    /// Takes all the space but that.
    pub(crate) fn fill_but(&self, free_bytes: u64) {
        self.fill();
        let filler = fs::File::options().write(true).open(self.filler()).unwrap();
        filler.set_len(filler.metadata().unwrap().len() - free_bytes).unwrap();
    }

    pub(crate) fn make_space(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    pub(crate) fn read_only(&self) {
        mount(&["-o", "remount,ro"], self.path());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || thread::panicking(), "umount");
    }
}

fn mount(args: &[&str], place: &Path) {
    let said = Command::new("mount").args(args).arg(place).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}
