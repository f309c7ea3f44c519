//! What differs between operating systems; the only file with `cfg` for one, beside the
//! signals.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Replaces a file whole, readable by its owner alone from its first byte.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    let draft = Path::new(&draft);
    // A draft that a crash left behind may have other rights.
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    create_private(draft)?.write_all(content)?;
    fs::rename(draft, path)
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// With the rights that the system gives by default: those of the directory.
#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// What this process takes of the machine.
pub(crate) struct Usage {
    pub(crate) resident_bytes: u64,
    pub(crate) cpu_seconds: f64,
}

/// From proc(5); the other systems do not tell without an interface of their own.
#[cfg(target_os = "linux")]
pub(crate) fn usage() -> Option<Usage> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; behind it stand fields 3 and on, of which 14
    // and 15 are utime and stime (proc_pid_stat(5)).
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(14 - 3);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()? + ticks()?;
    let page_bytes = rustix::param::page_size() as u64;
    let cpu_seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    Some(Usage { resident_bytes: pages * page_bytes, cpu_seconds })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn usage() -> Option<Usage> {
    None
}

/// How far behind others: a thread at 10 gets a tenth of a core that another one wants.
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

/// Bytes that this user may still write on the disk of a directory.
#[cfg(unix)]
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
pub(crate) fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

/// Lets this process open as many files as the system allows it: every TCP connection is
/// one, and the usual start is 1,024. Returns how many; nothing where that is no matter.
#[cfg(unix)]
pub fn raise_open_files_max() -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
pub fn raise_open_files_max() -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::process::{Resource, getrlimit};

    #[test]
    fn as_many_files_as_are_allowed_may_be_open() {
        let allowed = getrlimit(Resource::Nofile).maximum;
        assert_eq!(raise_open_files_max(), allowed);
        assert_eq!(getrlimit(Resource::Nofile).current, allowed);
    }
}
