//! The socket under QUIC and WebTransport.

use socket2::SockRef;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use crate::limits::UDP_BUFFER_BYTES;

/// Any port of this machine, in the family of the peer's address.
pub(super) fn socket(peer: SocketAddr) -> io::Result<UdpSocket> {
    let ip = match peer {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind(SocketAddr::new(ip, 0))?;
    // At best effort: a system may cap them, and small ones only lose packets of a file that
    // comes fast.
    let buffers = SockRef::from(&socket);
    for result in [buffers.set_recv_buffer_size(UDP_BUFFER_BYTES), buffers.set_send_buffer_size(UDP_BUFFER_BYTES)] {
        if let Err(error) = result {
            tracing::debug!(%error, "the UDP buffers stay as they are");
        }
    }
    Ok(socket)
}
