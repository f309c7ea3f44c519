//! The TCP ports.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};
use tokio::net::{TcpListener, TcpSocket};

use super::StartError;
use crate::{config::Config, transport::limits::CONNECTIONS_WAITING_MAX};

/// How often another free port is tried when only one family has it.
const FREE_PORT_TRIES: u32 = 16;

/// Bound and not yet served.
pub struct Listeners {
    /// Plain HTTP on the loopback addresses. `localhost` is ::1 first in browsers, and
    /// 127.0.0.1 in most other programs.
    pub http: Vec<TcpListener>,
    pub https: TcpListener,
}

impl Listeners {
    /// Binds, or names the port that is in use.
    pub fn bind(config: &Config) -> Result<Self, StartError> {
        let local = |listener: &TcpListener| listener.local_addr();
        Ok(Self {
            http: everywhere_here("--http", config.http.listen, bind, local)?,
            https: bind(config.https.listen)
                .map_err(|error| StartError::bind("--https", config.https.listen, error))?,
        })
    }
}

/// Binds an address; a loopback address in both families, on one port: programs that are
/// told `localhost` take the one or the other, and browsers over QUIC never try both.
pub(super) fn everywhere_here<T>(
    flag: &'static str,
    address: SocketAddr,
    bind: impl Fn(SocketAddr) -> io::Result<T>,
    local: impl Fn(&T) -> io::Result<SocketAddr>,
) -> Result<Vec<T>, StartError> {
    let mut tries = FREE_PORT_TRIES;
    loop {
        let first = bind(address).map_err(|error| StartError::bind(flag, address, error))?;
        let port = local(&first).map_err(|error| StartError::bind(flag, address, error))?.port();
        let Some(twin) = other_family(address.ip()).map(|ip| SocketAddr::new(ip, port)) else { return Ok(vec![first]) };
        match bind(twin) {
            Ok(second) => return Ok(vec![first, second]),
            // Free in one family and taken in the other: any other port will do.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && address.port() == 0 && tries > 0 => tries -= 1,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(StartError::bind(flag, twin, error)),
            // A machine without IPv6.
            Err(error) => {
                tracing::debug!(%twin, %error, "not listened on");
                return Ok(vec![first]);
            }
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match listen(address) {
        // "Every address" on a machine without IPv6.
        Err(error)
            if address.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED) && error.kind() != io::ErrorKind::AddrInUse =>
        {
            listen(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port()))
        }
        bound => bound,
    }
}

/// As `TcpListener::bind` does it, with room for a crowd that comes back behind a restart.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port whose last connections still end is free (on Windows it would be anybody's).
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(CONNECTIONS_WAITING_MAX)
}

fn other_family(ip: IpAddr) -> Option<IpAddr> {
    if ip == IpAddr::from(Ipv4Addr::LOCALHOST) {
        Some(Ipv6Addr::LOCALHOST.into())
    } else if ip == IpAddr::from(Ipv6Addr::LOCALHOST) {
        Some(Ipv4Addr::LOCALHOST.into())
    } else {
        None
    }
}
