//! Ports that stay free for a server while it is down.
//!
//! The system hands out ports of its own range to whoever asks, also to a connection that
//! goes out in the moment between a server's end and its next start: these lie below it. And
//! other tests look for one in that moment too: a lock says that it is taken.

use std::{
    env,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
};

/// Below the range of Linux, which begins at 32,768.
const PORTS: Range<u16> = 30_000..32_700;

/// One at which nobody listens, and that no other test is given while this process lives.
pub(crate) fn lasting() -> SocketAddr {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id().wrapping_mul(61);
    let len = u32::from(PORTS.end - PORTS.start);
    let nth = |number: u16| PORTS.start + (first.wrapping_add(number.into()) % len) as u16;
    let is_free = |at: &SocketAddr| is_ours(at.port()) && TcpListener::bind(at).is_ok() && UdpSocket::bind(at).is_ok();
    let mut places = (0..len).map(|_| (Ipv4Addr::LOCALHOST, nth(TAKEN.fetch_add(1, Relaxed))).into());
    places.find(is_free).expect("a free port")
}

/// Takes the port's lock, which the system gives back when the process ends.
fn is_ours(port: u16) -> bool {
    static LOCKS: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let folder = env::temp_dir().join("rill-test-ports");
    fs::create_dir_all(&folder).ok();
    // Of another user of this machine, who may be at work.
    let Ok(lock) = File::create(folder.join(port.to_string())) else { return false };
    let is_ours = lock.try_lock().is_ok();
    LOCKS.lock().expect("nobody panics with it").push(lock);
    is_ours
}
