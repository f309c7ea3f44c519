//! The UDP socket of the endpoint.

use crate::transport::limits::UDP_BUFFER_BYTES;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// Binds `address`. `[::]` takes IPv4 too, and means IPv4 alone where the machine has
/// no IPv6.
///
/// # Errors
/// Name the address, and say so when the port is taken.
pub(super) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let everywhere = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    match open(address) {
        Err(error) if address.ip() == everywhere && no_ipv6(&error) => {
            let address = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port());
            tracing::info!(%error, "no IPv6 here: QUIC listens on IPv4 alone");
            open(address).map_err(|error| explain(address, &error))
        }
        result => result.map_err(|error| explain(address, &error)),
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // At best effort: a system may cap them, and small ones only cost throughput.
    for result in [socket.set_recv_buffer_size(UDP_BUFFER_BYTES), socket.set_send_buffer_size(UDP_BUFFER_BYTES)] {
        if let Err(error) = result {
            tracing::debug!(%error, "the UDP buffers stay as they are");
        }
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Kernels without IPv6 refuse the socket or the address.
fn no_ipv6(error: &io::Error) -> bool {
    // EAFNOSUPPORT on Linux and macOS, WSAEAFNOSUPPORT.
    matches!(error.raw_os_error(), Some(97 | 47 | 10047)) || error.kind() == io::ErrorKind::AddrNotAvailable
}

fn explain(address: SocketAddr, error: &io::Error) -> io::Error {
    let text = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "UDP port {} of {} is in use: stop the other program or choose another port",
                address.port(),
                address.ip()
            )
        }
        io::ErrorKind::AddrNotAvailable => format!("{} is no address of this machine", address.ip()),
        io::ErrorKind::PermissionDenied => format!("UDP port {} may not be opened by this user", address.port()),
        _ => format!("UDP port {} of {} cannot be opened: {error}", address.port(), address.ip()),
    };
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        let error = bind(address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&format!("port {} of 127.0.0.1 is in use", address.port())), "{error}");
    }

    #[test]
    fn a_foreign_address_is_named() {
        let error = bind("192.0.2.1:0".parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "192.0.2.1 is no address of this machine");
    }

    #[test]
    fn everywhere_takes_ipv4_too() {
        let socket = bind("[::]:0".parse().unwrap()).unwrap();
        let port = socket.local_addr().unwrap().port();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.send_to(b"x", ("127.0.0.1", port)).unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        assert_eq!(socket.recv_from(&mut [0; 8]).unwrap().0, 1);
    }
}
