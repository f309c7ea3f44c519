//! WebTransport through wtransport: another implementation than the server's, so
//! that two meet.

use bytes::Bytes;
use rill_protocol::Code;
use std::{future, io, net::SocketAddr, pin::Pin};
use wtransport::{
    ClientConfig, Endpoint, VarInt,
    config::{DnsLookupFuture, DnsResolver},
    endpoint::endpoint_side,
    error::ConnectionError,
};

use super::{
    Closed, StreamError, quic,
    quic_stream::{QuicRecv, QuicSend},
    udp,
};
use crate::Error;

/// A session and the socket under it.
pub(super) struct WebTransport {
    endpoint: Endpoint<endpoint_side::Client>,
    session: wtransport::Connection,
}

impl std::fmt::Debug for WebTransport {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "WebTransport({})", self.session.remote_address())
    }
}

impl WebTransport {
    /// `url` names the host for the certificate and the request; `address` is where
    /// the packets go.
    pub(super) async fn connect(address: SocketAddr, url: &str, tls: rustls::ClientConfig) -> Result<Self, Error> {
        let failed = |detail: String| Error::Transport(format!("webtransport to {address}: {detail}"));
        let socket = udp::socket(address).map_err(|error| failed(format!("no socket: {error}")))?;
        let config = ClientConfig::builder()
            .with_bind_socket(socket)
            .with_custom_tls_and_transport(tls, quic::transport_config())
            .dns_resolver(Known(address))
            .build();
        let endpoint = Endpoint::client(config).map_err(|error| failed(format!("no socket: {error}")))?;
        let session = endpoint.connect(url).await.map_err(|error| failed(error.to_string()))?;
        Ok(Self { endpoint, session })
    }

    pub(super) async fn open(&self) -> Result<(QuicSend, QuicRecv), StreamError> {
        let opening = self.session.open_bi().await.map_err(|_| StreamError::Closed)?;
        let (send, recv) = opening.await.map_err(|_| StreamError::Closed)?;
        Ok((QuicSend::webtransport(send), QuicRecv::webtransport(recv)))
    }

    pub(super) fn send_datagram(&self, datagram: &[u8]) {
        self.session.send_datagram(datagram).ok();
    }

    pub(super) async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        // wtransport learns of the session's own close where it reads datagrams; its
        // `closed` knows the QUIC connection only.
        match self.session.receive_datagram().await {
            Ok(datagram) => Ok(datagram.payload()),
            Err(error) => Err(closed(&error)),
        }
    }

    pub(super) fn close(&self, code: Code) {
        self.session.close(VarInt::from_u32(code.number()), code.name().as_bytes());
    }

    pub(super) async fn gone(&self) {
        self.endpoint.wait_idle().await;
    }
}

fn closed(error: &ConnectionError) -> Closed {
    let code = match error {
        ConnectionError::ApplicationClosed(close) => u32::try_from(close.code().into_inner()).ok(),
        _ => None,
    };
    // Codes of HTTP/3 itself come the same way; they are none of ours.
    let code = code.filter(|code| Code::from_number(*code).is_some());
    Closed { code, reason: error.to_string() }
}

/// Resolves every name to the one address that is tried.
#[derive(Debug)]
struct Known(SocketAddr);

impl DnsResolver for Known {
    fn resolve(&self, _: &str) -> Pin<Box<dyn DnsLookupFuture>> {
        let answer: io::Result<Option<SocketAddr>> = Ok(Some(self.0));
        Box::pin(future::ready(answer))
    }
}
