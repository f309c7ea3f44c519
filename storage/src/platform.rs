//! What differs between operating systems; the only file with `cfg` for one.

use std::{fs::File, io, path::Path};

/// Makes the names in a directory durable: files created, renamed and removed.
#[cfg(unix)]
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere a directory cannot be opened as a file; the file systems there journal
/// their names.
#[cfg(not(unix))]
pub(crate) fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes a directory and its parents, for its owner alone: it will hold what people said.
#[cfg(unix)]
pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The same, with the rights that the system gives by default.
#[cfg(not(unix))]
pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// `fdatasync`: content and the length needed to read it.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    // Opened for writing because some systems refuse to sync a file that is not.
    sync_data(&File::options().write(true).open(path)?)
}

/// The same for an open file. On macOS the standard library asks for `F_FULLFSYNC`
/// (fcntl(2)), without which the disk itself may still hold the bytes back: that is why
/// every sync of this crate goes through `std`, and none through `fsync` itself.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    file.sync_data()
}

/// Whether two looks are at one file, whatever its names.
#[cfg(unix)]
pub(crate) fn is_same_file(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere a file that is open keeps its name.
#[cfg(not(unix))]
pub(crate) fn is_same_file(_one: &std::fs::Metadata, _other: &std::fs::Metadata) -> bool {
    true
}

/// The room of the file system that a directory lies on.
pub(crate) struct Space {
    /// What this process may still write.
    pub(crate) free_bytes: u64,
    pub(crate) disk_bytes: u64,
}

#[cfg(unix)]
pub(crate) fn space(path: &Path) -> io::Result<Space> {
    let found = rustix::fs::statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Space { free_bytes: bytes(found.f_bavail), disk_bytes: bytes(found.f_blocks) })
}

/// Elsewhere a full disk is met by the writes themselves.
#[cfg(not(unix))]
pub(crate) fn space(_path: &Path) -> io::Result<Space> {
    Ok(Space { free_bytes: u64::MAX, disk_bytes: u64::MAX })
}

/// Whether an error says that the disk, or what one may use of it, is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// How much work that nobody waits for gives way.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The calling thread runs when no other wants its core. Linux alone has priorities of
/// threads behind this call (setpriority(2), "C library/kernel differences").
#[cfg(target_os = "linux")]
pub(crate) fn yield_to_other_threads() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "a thread's priority stays as it is");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn yield_to_other_threads() {}
