//! A disk that is full in the middle: the sender is told to come again, and nothing is lost.
#![cfg(target_os = "linux")] // mounts a small disk in memory

use rill_server::{
    config,
    files::service::{Begun, FileError, Upload},
};
use rill_storage::blobs::BlobPlace;
use std::{fs, io, path::Path, process::Command};
use tempfile::TempDir;

use crate::{client::random, stopped::Bare};

/// A small disk that is taken down when it is dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=32m", "tmpfs"]).arg(place.path()).status();
        assert!(mounted.unwrap().success());
        Self(place)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) {
        let mut filler = fs::File::create(self.path().join("filler")).unwrap();
        let error = io::copy(&mut io::repeat(1), &mut filler).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
    }

    fn make_space(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

/// Writes on, to the end or until it cannot.
async fn write(upload: &mut Upload, bytes: &bytes::Bytes) -> Result<(), FileError> {
    while upload.offset() < upload.size() {
        let from = upload.offset() as usize;
        upload.write(bytes.slice(from..bytes.len().min(from + 65_536))).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_full_disk_in_the_middle_loses_nothing_and_leaves_nothing() {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none(), "a full disk needs root, for mounting");
        eprintln!("a full disk needs root, for mounting; nothing was tested");
        return;
    }
    let disk = SmallDisk::new();
    let place = BlobPlace::Folder(disk.path().join("blobs"));
    let bare = Bare::over(config::Files::default(), place, TempDir::new().unwrap()).await;
    let bytes = random(12 << 20);
    let new = bare.told(&bytes);
    let begin = async || match bare.files.begin(bare.user, new.clone()).await {
        Ok(Begun::Going(upload)) => Ok(upload),
        Ok(Begun::Settled(_)) => panic!("bytes are wanted"),
        Err(error) => Err(error),
    };
    let mut upload = begin().await.unwrap();
    let (_, seq) = upload.message();
    upload.write(bytes.slice(..3 << 20)).await.unwrap();
    upload.suspend().await.unwrap();

    let mut upload = begin().await.unwrap();
    disk.fill();
    let full = match write(&mut upload, &bytes).await {
        Ok(()) => upload.finish(*blake3::hash(&bytes).as_bytes()).await.expect_err("there is no room"),
        Err(error) => {
            assert!(!error.ends_transfer());
            drop(upload.suspend().await);
            error
        }
    };
    assert_eq!(full.code().name(), "storage_full");
    // Neither does who comes again too soon end it, nor does a sweep.
    assert_eq!(begin().await.err().unwrap().code().name(), "storage_full");
    bare.sweep_after(60_000).await;
    assert_eq!(bare.files.begin(bare.user, bare.told(&bytes)).await.err().unwrap().code().name(), "storage_full");
    disk.make_space();
    let mut upload = begin().await.unwrap();
    assert!(upload.offset() >= 3 << 20, "{}", upload.offset());
    assert_eq!(upload.message().1, seq);
    write(&mut upload, &bytes).await.unwrap();
    upload.finish(*blake3::hash(&bytes).as_bytes()).await.unwrap();
    assert!(bare.read(seq).await.unwrap() == bytes);
    assert_eq!(fs::read_dir(disk.path().join("blobs/staging")).unwrap().count(), 0);
}
