//! A [`Disk`] as a file: a file system in user space with one file in it, spoken to the
//! kernel directly (`/dev/fuse`, protocol 7.31, `include/uapi/linux/fuse.h`). A loop device
//! over that file hands every write of a file system above through here, and every
//! flush as an `FSYNC`.

use crate::disk::Disk;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::{
    ffi::CString,
    fs::{self, File},
    io::{Read, Write},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

const ROOT: u64 = 1;
const FILE: u64 = 2;
const NAME: &str = "disk";

const WRITE_BYTES_MAX: u32 = 128 * 1024;
const HEADER_BYTES: usize = 40;
/// A day: nobody else changes anything.
const VALID_S: u64 = 86_400;

const ENOENT: i32 = -2;
const ENOSYS: i32 = -38;

/// The mounted file system.
pub(crate) struct Mounted {
    place: PathBuf,
    server: Option<JoinHandle<()>>,
}

impl Mounted {
    /// Shows the disk as a file below `place`.
    pub(crate) fn new(disk: Disk, place: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(place)?;
        let device = File::options().read(true).write(true).open("/dev/fuse")?;
        let options = CString::new(format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd()))?;
        mount("rill-power", place, "fuse", MountFlags::NOSUID | MountFlags::NODEV, Some(options.as_c_str()))?;
        let server = thread::spawn(move || serve(&disk, device));
        Ok(Self { place: place.to_owned(), server: Some(server) })
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.place.join(NAME)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = unmount(self.place.as_path(), UnmountFlags::DETACH);
        if unmounted.is_ok()
            && let Some(server) = self.server.take()
        {
            let _ = server.join();
        }
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Integers one after the other.
#[derive(Default)]
struct Answer(Vec<u8>);

impl Answer {
    fn u16(mut self, numbers: &[u16]) -> Self {
        numbers.iter().for_each(|number| self.0.extend_from_slice(&number.to_le_bytes()));
        self
    }

    fn u32(mut self, numbers: &[u32]) -> Self {
        numbers.iter().for_each(|number| self.0.extend_from_slice(&number.to_le_bytes()));
        self
    }

    fn u64(mut self, numbers: &[u64]) -> Self {
        numbers.iter().for_each(|number| self.0.extend_from_slice(&number.to_le_bytes()));
        self
    }

    fn attributes(self, node: u64, disk: &Disk) -> Self {
        let (mode, bytes) = if node == FILE { (0o100_600, disk.bytes() as u64) } else { (0o40_700, 0) };
        self.u64(&[node, bytes, bytes / 512, 0, 0, 0]).u32(&[0, 0, 0, mode, 1, 0, 0, 0, 4096, 0])
    }
}

/// Answers until the file system is unmounted.
fn serve(disk: &Disk, mut device: File) {
    let mut request = vec![0; WRITE_BYTES_MAX as usize + 64 * 1024];
    while let Ok(length) = device.read(&mut request) {
        let request = &request[..length];
        if length < HEADER_BYTES {
            return;
        }
        let answer = match answer(disk, u32_at(request, 4), u64_at(request, 16), &request[HEADER_BYTES..]) {
            None => continue,
            Some(answer) => answer,
        };
        let (error, body) = match answer {
            Ok(Answer(body)) => (0, body),
            Err(error) => (error, Vec::new()),
        };
        let mut reply = Vec::with_capacity(16 + body.len());
        reply.extend_from_slice(&(16 + body.len() as u32).to_le_bytes());
        reply.extend_from_slice(&i32::to_le_bytes(error));
        reply.extend_from_slice(&u64_at(request, 8).to_le_bytes());
        reply.extend_from_slice(&body);
        // An interrupted request is nobody's any more.
        let _ = device.write_all(&reply);
    }
}

fn answer(disk: &Disk, operation: u32, node: u64, body: &[u8]) -> Option<Result<Answer, i32>> {
    let none = Answer::default;
    Some(Ok(match operation {
        // LOOKUP
        1 if body.strip_suffix(&[0]) == Some(NAME.as_bytes()) => {
            none().u64(&[FILE, 0, VALID_S, VALID_S]).u32(&[0, 0]).attributes(FILE, disk)
        }
        1 => return Some(Err(ENOENT)),
        // FORGET, INTERRUPT, BATCH_FORGET
        2 | 36 | 42 => return None,
        // GETATTR, SETATTR
        3 | 4 => none().u64(&[VALID_S]).u32(&[0, 0]).attributes(node.max(ROOT), disk),
        // OPEN, OPENDIR
        14 | 27 => none().u64(&[0]).u32(&[0, 0]),
        // READ
        15 => Answer(disk.read(u64_at(body, 8) as usize, u32_at(body, 16) as usize)),
        // WRITE
        16 => {
            let bytes = u32_at(body, 16);
            disk.write(u64_at(body, 8) as usize, &body[40..40 + bytes as usize]);
            none().u32(&[bytes, 0])
        }
        // STATFS
        17 => none().u64(&[0; 5]).u32(&[4096, 255, 4096, 0, 0, 0, 0, 0, 0, 0]),
        // FSYNC
        20 => {
            disk.flush();
            none()
        }
        // RELEASE, FLUSH, RELEASEDIR, ACCESS, DESTROY
        18 | 25 | 29 | 34 | 38 => none(),
        // INIT: large writes, of as many pages as they need.
        26 => none()
            .u32(&[7, 31, 128 * 1024, 1 << 5 | 1 << 22])
            .u16(&[16, 12])
            .u32(&[WRITE_BYTES_MAX, 1])
            .u16(&[(WRITE_BYTES_MAX / 4096) as u16, 0])
            .u32(&[0; 8]),
        _ => return Some(Err(ENOSYS)),
    }))
}
