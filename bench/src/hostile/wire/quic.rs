//! Raw QUIC.

use quinn::{TransportConfig, VarInt, crypto::rustls::QuicClientConfig};
use rill_protocol::version::ALPN;
use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::hostile::{answer::Answer, attacker::Attacker, tls};

/// What an attacker waits for a server that says nothing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection that speaks Rill.
pub(crate) async fn connect(attacker: &Attacker) -> Result<quinn::Connection, Answer> {
    dial(attacker, attacker.ground.quic, &[ALPN]).await
}

/// A connection to `address` with these application protocols.
pub(crate) async fn dial(
    attacker: &Attacker,
    address: SocketAddr,
    alpn: &[&[u8]],
) -> Result<quinn::Connection, Answer> {
    let config = config(alpn).map_err(|error| Answer::Wrong(error.to_string()))?;
    let endpoint = attacker.endpoint().await?;
    let connecting = endpoint.connect_with(config, address, "localhost");
    let connecting = connecting.map_err(|error| Answer::Wrong(error.to_string()))?;
    connecting.await.map_err(|error| Answer::of_quic(&error, false))
}

/// Windows small enough that a thousand connections fit.
pub(crate) fn config(alpn: &[&[u8]]) -> anyhow::Result<quinn::ClientConfig> {
    let crypto = QuicClientConfig::try_from(tls::config(alpn)?)?;
    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(Some(IDLE_TIMEOUT.try_into()?))
        .stream_receive_window(VarInt::from_u32(256 * 1024))
        .receive_window(VarInt::from_u32(1024 * 1024))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(8));
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    Ok(config)
}
