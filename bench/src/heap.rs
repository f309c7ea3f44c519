//! How this program's heap treats large buffers.
//!
//! A QUIC socket comes with 3 MiB for what is received at once (32 messages of 64 packets, quinn),
//! of which little is ever used. Memory that is mapped for it costs only the pages that are touched. Once one
//! such buffer was freed, though, glibc keeps them on its heap (`M_MMAP_THRESHOLD` grows, mallopt(3)),
//! and each further one is filled with zeros: a thousand clients write 3 GiB, and the generator
//! measures itself.

/// Larger allocations are mapped, always.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED_FROM_BYTES: nix::libc::c_int = 1024 * 1024;

/// Before the first thread is started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)] // one call of the C library, which has no other form
pub(crate) fn map_large_buffers() {
    // SAFETY: mallopt(3) takes numbers and keeps one; no other thread allocates yet.
    let taken = unsafe { nix::libc::mallopt(nix::libc::M_MMAP_THRESHOLD, MAPPED_FROM_BYTES) };
    if taken == 0 {
        eprintln!("rill-bench: the heap keeps its threshold; many QUIC clients will cost more than they must");
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn map_large_buffers() {}
