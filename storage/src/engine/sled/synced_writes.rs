//! sled's writes made durable one by one, as it believes they are.
//!
//! On Linux sled follows each write of its log with sync_file_range(2), which neither
//! flushes the disk's cache nor the file's length, and goes on as if the bytes were safe:
//! it uses a segment again once what was in it has been written elsewhere. A loss of
//! power between two barriers then leaves a file with holes that sled cannot read. On
//! other systems it calls `sync_all` in this place.
//!
//! sled offers no setting for it. So the name is defined here, and the linker takes this
//! definition before the system's: it does more than was asked for, never less.
#![allow(unsafe_code)] // a name of the C library and a file handle that somebody else owns

use std::{
    ffi::{c_int, c_uint},
    fs::File,
    mem::ManuallyDrop,
    os::fd::FromRawFd as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

static CALLS: AtomicU64 = AtomicU64::new(0);

/// How many writes were synced by this definition. Nobody asks for the number but a test;
/// asking links the definition in wherever sled is opened.
pub(super) fn count() -> u64 {
    let definition: extern "C" fn(c_int, i64, i64, c_uint) -> c_int = sync_file_range;
    std::hint::black_box(definition);
    CALLS.load(Relaxed)
}

/// Of the whole file, which includes the range.
// SAFETY: the name, the parameters and what is returned are those of the C library.
#[unsafe(no_mangle)]
extern "C" fn sync_file_range(file: c_int, _from: i64, _bytes: i64, _flags: c_uint) -> c_int {
    CALLS.fetch_add(1, Relaxed);
    // SAFETY: the caller keeps the file open during the call; it is not closed here.
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd(file) });
    // `errno` is what the failed call has left there.
    if crate::platform::sync_data(&file).is_ok() { 0 } else { -1 }
}
