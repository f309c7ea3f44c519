//! QUIC's settings. The figures and their reasons are in [`limits`].

use crate::transport::limits::{
    self, DATAGRAM_BUFFER_BYTES, SEND_WINDOW_BYTES, STRANGER_WINDOW_BYTES, STREAM_WINDOW_BYTES, UNI_STREAMS_MAX,
};
use quinn::{IdleTimeout, ServerConfig, TransportConfig, VarInt, crypto::rustls::QuicServerConfig};
use rill_protocol::{
    limits::{DEAD_AFTER_MS, PING_INTERVAL_MS, STREAMS_MAX},
    version,
};
use rustls::server::ResolvesServerCert;
use std::{io, sync::Arc, time::Duration};

use super::ALPN_HTTP3;

/// The server's side of every handshake.
pub(super) fn server_config(certificate: Arc<dyn ResolvesServerCert>) -> io::Result<ServerConfig> {
    let protocols = [version::ALPN, ALPN_HTTP3];
    // QUIC is TLS 1.3 (RFC 9001, section 4.2).
    let tls =
        rill_certs::server_config(certificate, &[&rustls::version::TLS13], &protocols).map_err(io::Error::other)?;
    let tls = QuicServerConfig::try_from(tls).map_err(io::Error::other)?;
    let mut config = ServerConfig::with_crypto(Arc::new(tls));
    config.max_incoming(limits::HANDSHAKES_WAITING_MAX).transport_config(Arc::new(transport_config()));
    Ok(config)
}

fn transport_config() -> TransportConfig {
    let idle_timeout_ms = VarInt::from_u64(DEAD_AFTER_MS).unwrap_or(VarInt::MAX);
    let mut config = TransportConfig::default();
    config
        // One more for HTTP/3, where the request of the session is a stream too.
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_MAX as u32 + 1))
        .max_concurrent_uni_streams(VarInt::from_u32(UNI_STREAMS_MAX))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(STRANGER_WINDOW_BYTES))
        .send_window(SEND_WINDOW_BYTES)
        .max_idle_timeout(Some(IdleTimeout::from(idle_timeout_ms)))
        .keep_alive_interval(Some(Duration::from_millis(PING_INTERVAL_MS)))
        .datagram_receive_buffer_size(Some(DATAGRAM_BUFFER_BYTES))
        .datagram_send_buffer_size(DATAGRAM_BUFFER_BYTES)
        // Without it bulk falls to a third.
        .enable_segmentation_offload(true);
    config
}
