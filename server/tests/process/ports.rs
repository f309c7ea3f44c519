//! Ports that stay free for a server while it is down.
//!
//! The system hands out ports of its own range to whoever asks, also to a connection that
//! goes out in the moment between a server's end and its next start: these lie below it.

use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    ops::Range,
    sync::atomic::{AtomicU16, Ordering::Relaxed},
};

/// Below the range of Linux, which begins at 32,768, and above that of the tests' Redis.
const PORTS: Range<u16> = 30_000..32_700;

/// One that nobody listens at on any of these addresses, and that no other test of this
/// process is given.
pub(crate) fn lasting(addresses: &[Ipv4Addr]) -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id().wrapping_mul(61);
    let is_free = |port: &u16| {
        addresses.iter().all(|ip| TcpListener::bind((*ip, *port)).is_ok() && UdpSocket::bind((*ip, *port)).is_ok())
    };
    let len = u32::from(PORTS.end - PORTS.start);
    let nth = |number: u16| PORTS.start + ((first.wrapping_add(number.into())) % len) as u16;
    (0..len).map(|_| nth(TAKEN.fetch_add(1, Relaxed))).find(is_free).expect("a free port")
}

/// The same as an address of this machine.
pub(crate) fn lasting_address() -> String {
    format!("127.0.0.1:{}", lasting(&[Ipv4Addr::LOCALHOST]))
}
