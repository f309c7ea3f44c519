//! Ports that stay free for a server while it is down.
//!
//! The system hands out ports of its own range to whoever asks, also to a client that
//! connects in the moment between a server's end and its restart: ports are taken below
//! that range. On Linux a socket in the abstract namespace keeps other tests away from one
//! for as long as its server may come back; elsewhere chance does.

use std::net::{Ipv4Addr, TcpListener};

/// A cluster's own traffic takes a port so far above the clients' one.
pub(crate) const BUS_ABOVE: u16 = 10_000;
/// With the bus above, all below the range of Linux, which begins at 32,768.
const PORTS: std::ops::Range<u16> = 10_100..19_900;

/// A port, and the one for a cluster's traffic above it, until it is dropped.
pub(crate) struct Port {
    pub(crate) number: u16,
    _claim: Claim,
}

#[cfg(target_os = "linux")]
type Claim = std::os::unix::net::UnixListener;
#[cfg(not(target_os = "linux"))]
type Claim = ();

#[cfg(target_os = "linux")]
fn claim(number: u16) -> Option<Claim> {
    use std::os::{linux::net::SocketAddrExt as _, unix::net};
    let name = net::SocketAddr::from_abstract_name(format!("rill-redis-port-{number}")).ok()?;
    net::UnixListener::bind_addr(&name).ok()
}

#[cfg(not(target_os = "linux"))]
fn claim(_number: u16) -> Option<Claim> {
    Some(())
}

fn is_free(number: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()
}

impl Port {
    /// A free one, from a place that others are unlikely to begin at.
    pub(crate) fn take() -> Option<Self> {
        let mut random = [0; 2];
        getrandom::fill(&mut random).ok()?;
        let first = u16::from_ne_bytes(random) % PORTS.len() as u16;
        let mut numbers = (0..PORTS.len() as u16).map(|step| PORTS.start + (first + step) % PORTS.len() as u16);
        numbers.find_map(|number| {
            let _claim = claim(number)?;
            (is_free(number) && is_free(number + BUS_ABOVE)).then_some(Self { number, _claim })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_taken_at_once_differ_and_come_back() {
        let ports: Vec<_> = (0..20).map(|_| Port::take().unwrap()).collect();
        let numbers: std::collections::HashSet<_> = ports.iter().map(|port| port.number).collect();
        assert_eq!(numbers.len(), 20);
        drop(ports);
        assert!(is_free(*numbers.iter().next().unwrap()));
    }
}
