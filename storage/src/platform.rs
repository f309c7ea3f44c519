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

/// `fdatasync`: content and the length needed to read it.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    // Opened for writing because some systems refuse to sync a file that is not.
    File::options().write(true).open(path)?.sync_data()
}
