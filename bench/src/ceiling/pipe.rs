//! Bytes both ways over one stream of each transport, with TLS, and nothing on top.

use anyhow::{Context, anyhow};
use bytes::{Buf, Bytes};
use futures_util::{SinkExt, StreamExt};
use quinn::{
    EndpointConfig, TokioRuntime, TransportConfig, VarInt,
    crypto::rustls::{QuicClientConfig, QuicServerConfig},
};
use rill_client::TransportKind;
use socket2::SockRef;
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::hostile::tls;

/// Not one of Rill's: no server of it is meant.
pub(super) const ALPN: &[u8] = b"rill-bench-ceiling";
const HTTP3: &[u8] = b"h3";
/// What was found to carry most over loopback.
const STREAM_WINDOW_BYTES: u32 = 8 << 20;
const WINDOW_BYTES: u32 = 32 << 20;
const SEND_WINDOW_BYTES: u64 = 16 << 20;
/// Taken of a stream at once.
const READ_BYTES_MAX: usize = 1 << 20;

const UDP_BUFFER_BYTES: usize = 4 << 20;
pub(super) const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// One stream.
pub(super) enum Pipe {
    Quic { send: quinn::SendStream, recv: quinn::RecvStream, _endpoint: Option<quinn::Endpoint> },
    WebTransport { send: wtransport::SendStream, recv: wtransport::RecvStream, _session: wtransport::Connection },
    WebSocket(Box<WebSocketStream<Box<dyn Socket>>>),
}

impl Pipe {
    pub(super) async fn connect(kind: TransportKind, to: SocketAddr) -> anyhow::Result<Self> {
        match kind {
            TransportKind::Quic => {
                let crypto = QuicClientConfig::try_from(tls::config(&[ALPN])?)?;
                let mut config = quinn::ClientConfig::new(Arc::new(crypto));
                config.transport_config(Arc::new(tuned()));
                let endpoint = quinn::Endpoint::new(EndpointConfig::default(), None, udp()?, Arc::new(TokioRuntime))?;
                let connection = endpoint.connect_with(config, to, "localhost")?.await?;
                let (send, recv) = connection.open_bi().await?;
                Ok(Self::Quic { send, recv, _endpoint: Some(endpoint) })
            }
            TransportKind::WebTransport => {
                let config = wtransport::ClientConfig::builder()
                    .with_bind_socket(udp()?)
                    .with_custom_tls_and_transport(tls::config(&[HTTP3])?, tuned())
                    .build();
                let endpoint = wtransport::Endpoint::client(config)?;
                let session = endpoint.connect(format!("https://127.0.0.1:{}/", to.port())).await?;
                let (send, recv) = session.open_bi().await?.await?;
                Ok(Self::WebTransport { send, recv, _session: session })
            }
            TransportKind::WebSocket => {
                let tcp = TcpStream::connect(to).await?;
                tcp.set_nodelay(true)?;
                let connector = tokio_rustls::TlsConnector::from(Arc::new(tls::config(&[b"http/1.1"])?));
                let stream: Box<dyn Socket> = Box::new(connector.connect(tls::server_name(), tcp).await?);
                let url = format!("wss://127.0.0.1:{}/", to.port());
                let (socket, _) = client_async_with_config(url, stream, Some(unbuffered())).await?;
                Ok(Self::WebSocket(Box::new(socket)))
            }
        }
    }

    pub(super) async fn send(&mut self, bytes: Bytes) -> anyhow::Result<()> {
        match self {
            Self::Quic { send, .. } => Ok(send.write_chunk(bytes).await?),
            Self::WebTransport { send, .. } => Ok(send.quic_stream_mut().write_chunk(bytes).await?),
            Self::WebSocket(socket) => Ok(socket.send(Message::Binary(bytes)).await?),
        }
    }

    /// The next bytes; nothing at the end.
    pub(super) async fn recv(&mut self) -> anyhow::Result<Option<Bytes>> {
        let quic = match self {
            Self::Quic { recv, .. } => recv,
            Self::WebTransport { recv, .. } => recv.quic_stream_mut(),
            Self::WebSocket(socket) => {
                return match socket.next().await {
                    Some(Ok(Message::Binary(bytes))) => Ok(Some(bytes)),
                    Some(Ok(_)) | None => Ok(None),
                    Some(Err(error)) => Err(error.into()),
                };
            }
        };
        Ok(quic.read_chunk(READ_BYTES_MAX, true).await?.map(|chunk| chunk.bytes))
    }

    /// So many bytes, and what came behind them.
    pub(super) async fn exactly(&mut self, mut bytes: Bytes, count: usize) -> anyhow::Result<(Vec<u8>, Bytes)> {
        let mut taken = Vec::with_capacity(count);
        loop {
            let part = bytes.len().min(count - taken.len());
            taken.extend_from_slice(&bytes[..part]);
            bytes.advance(part);
            if taken.len() == count {
                return Ok((taken, bytes));
            }
            bytes = self.recv().await?.context("the stream ended early")?;
        }
    }
}

/// A peer that waits for pipes.
pub(super) enum Door {
    Quic(quinn::Endpoint),
    WebTransport(wtransport::Endpoint<wtransport::endpoint::endpoint_side::Server>),
    WebSocket(TcpListener, tokio_rustls::TlsAcceptor),
}

impl Door {
    pub(super) async fn open(kind: TransportKind) -> anyhow::Result<(Self, SocketAddr)> {
        match kind {
            TransportKind::Quic => {
                let crypto = QuicServerConfig::try_from(server_tls(ALPN)?)?;
                let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
                config.transport_config(Arc::new(tuned()));
                let (options, runtime) = (EndpointConfig::default(), Arc::new(TokioRuntime));
                let endpoint = quinn::Endpoint::new(options, Some(config), udp()?, runtime)?;
                let address = endpoint.local_addr()?;
                Ok((Self::Quic(endpoint), address))
            }
            TransportKind::WebTransport => {
                let config = wtransport::ServerConfig::builder()
                    .with_bind_socket(udp()?)
                    .with_custom_tls_and_transport(server_tls(HTTP3)?, tuned())
                    .build();
                let endpoint = wtransport::Endpoint::server(config)?;
                let address = endpoint.local_addr()?;
                Ok((Self::WebTransport(endpoint), address))
            }
            TransportKind::WebSocket => {
                let listener = TcpListener::bind(ANY).await?;
                let address = listener.local_addr()?;
                let tls = Arc::new(server_tls(b"http/1.1")?);
                Ok((Self::WebSocket(listener, tls.into()), address))
            }
        }
    }

    pub(super) async fn accept(&self) -> anyhow::Result<Pipe> {
        match self {
            Self::Quic(endpoint) => {
                let connection = endpoint.accept().await.context("the endpoint is closed")?.await?;
                let (send, recv) = connection.accept_bi().await?;
                Ok(Pipe::Quic { send, recv, _endpoint: None })
            }
            Self::WebTransport(endpoint) => {
                let session = endpoint.accept().await.await?.accept().await?;
                let (send, recv) = session.accept_bi().await?;
                Ok(Pipe::WebTransport { send, recv, _session: session })
            }
            Self::WebSocket(listener, tls) => {
                let (tcp, _) = listener.accept().await?;
                tcp.set_nodelay(true)?;
                let stream: Box<dyn Socket> = Box::new(tls.accept(tcp).await?);
                let socket = accept_async_with_config(stream, Some(unbuffered())).await?;
                Ok(Pipe::WebSocket(Box::new(socket)))
            }
        }
    }
}

/// With buffers as large as the system grants.
pub(super) fn udp() -> anyhow::Result<UdpSocket> {
    let socket = UdpSocket::bind(ANY)?;
    let buffers = SockRef::from(&socket);
    buffers.set_recv_buffer_size(UDP_BUFFER_BYTES).ok();
    buffers.set_send_buffer_size(UDP_BUFFER_BYTES).ok();
    Ok(socket)
}

pub(super) fn tuned() -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(WINDOW_BYTES))
        .send_window(SEND_WINDOW_BYTES);
    config
}

fn unbuffered() -> WebSocketConfig {
    WebSocketConfig::default().write_buffer_size(0).read_buffer_size(READ_BYTES_MAX / 4)
}

pub(super) fn server_tls(alpn: &[u8]) -> anyhow::Result<rustls::ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(|why| anyhow!(why))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![alpn.to_vec()];
    Ok(config)
}
