//! Keeps secret files: readable by their owner alone, replaced whole or not at all.

use crate::Error;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Replaces `path`, creating its directory if need be. A crash leaves the old content
/// or the new, never a part.
pub(crate) fn write(path: &Path, content: &str) -> Result<(), Error> {
    replace(path, content).map_err(|source| Error::Write { path: path.into(), source })
}

fn replace(path: &Path, content: &str) -> io::Result<()> {
    let Some(dir) = path.parent() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    create_dir(dir)?;
    let draft = path.with_extension("pem.new");
    // A draft that a crash left behind may have another mode.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&draft)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    sync_dir(dir)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn create_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn create_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

/// Makes the rename durable, where a directory can be synced.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_is_readable_by_its_owner_alone_even_over_an_open_draft() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("certs").join("quic.pem");
        write(&path, "one").unwrap();
        fs::write(path.with_extension("pem.new"), "left by a crash").unwrap();
        fs::set_permissions(path.with_extension("pem.new"), fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("certs"), "a file in the way").unwrap();
        let error = write(&root.path().join("certs").join("quic.pem"), "x").unwrap_err().to_string();
        assert!(error.contains("certs/quic.pem cannot be written"), "{error}");
    }
}
