//! Raw QUIC by quinn, under the protocol's own ALPN.

use bytes::Bytes;
use quinn::{ConnectionError, EndpointConfig, TokioRuntime, TransportConfig, VarInt, crypto::rustls::QuicClientConfig};
use rill_protocol::{Code, limits::DATAGRAM_BYTES_MAX};
use std::{io, net::SocketAddr, sync::Arc};

use super::{
    Closed, StreamError,
    quic_stream::{QuicRecv, QuicSend},
    udp,
};
use crate::{Error, limits};

/// A connection and the socket under it.
#[derive(Debug)]
pub(super) struct Quic {
    endpoint: quinn::Endpoint,
    connection: quinn::Connection,
}

impl Quic {
    pub(super) async fn connect(address: SocketAddr, host: &str, tls: rustls::ClientConfig) -> Result<Self, Error> {
        let failed = |detail: String| Error::Transport(format!("quic to {address}: {detail}"));
        let crypto = QuicClientConfig::try_from(tls).map_err(|error| Error::Trust(error.to_string()))?;
        let mut config = quinn::ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::new(transport_config()));
        let endpoint = udp::socket(address)
            .and_then(|socket| quinn::Endpoint::new(EndpointConfig::default(), None, socket, Arc::new(TokioRuntime)))
            .map_err(|error| failed(format!("no socket: {error}")))?;
        let connecting = endpoint.connect_with(config, address, host).map_err(|error| failed(error.to_string()))?;
        let connection = connecting.await.map_err(|error| failed(error.to_string()))?;
        Ok(Self { endpoint, connection })
    }

    pub(super) async fn open(&self) -> Result<(QuicSend, QuicRecv), StreamError> {
        let (send, recv) = self.connection.open_bi().await.map_err(|_| StreamError::Closed)?;
        Ok((QuicSend::quic(send), QuicRecv::quic(recv)))
    }

    pub(super) fn send_datagram(&self, datagram: Bytes) {
        // A path too narrow for it, or a peer without datagrams: it may be lost.
        self.connection.send_datagram(datagram).ok();
    }

    pub(super) async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        self.connection.read_datagram().await.map_err(closed)
    }

    pub(super) fn rebind(&self) -> io::Result<()> {
        self.endpoint.rebind(udp::socket(self.connection.remote_address())?)
    }

    pub(super) fn close(&self, code: Code) {
        self.connection.close(VarInt::from_u32(code.number()), code.name().as_bytes());
    }

    pub(super) async fn gone(&self) {
        self.endpoint.wait_idle().await;
    }
}

fn closed(error: ConnectionError) -> Closed {
    match error {
        ConnectionError::ApplicationClosed(close) => Closed {
            code: u32::try_from(close.error_code.into_inner()).ok(),
            reason: String::from_utf8_lossy(&close.reason).into_owned(),
        },
        other => Closed { code: None, reason: other.to_string() },
    }
}

/// For raw QUIC and WebTransport alike.
pub(super) fn transport_config() -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_idle_timeout(limits::QUIC_IDLE_TIMEOUT.try_into().ok())
        .keep_alive_interval(Some(limits::QUIC_KEEP_ALIVE))
        .initial_rtt(limits::QUIC_INITIAL_ROUND_TRIP)
        .stream_receive_window(VarInt::from_u32(limits::QUIC_STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(limits::QUIC_WINDOW_BYTES))
        .send_window(limits::QUIC_SEND_WINDOW_BYTES)
        // The server opens none; HTTP/3 under WebTransport needs a few one-way streams.
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(8))
        .datagram_receive_buffer_size(Some(64 * DATAGRAM_BYTES_MAX))
        .datagram_send_buffer_size(64 * DATAGRAM_BYTES_MAX);
    config
}
