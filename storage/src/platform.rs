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
