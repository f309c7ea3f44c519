//! New connections, many at once: what they can share they share, which is the configuration
//! of TLS and, over QUIC, the sockets.

use anyhow::Context;
use quinn::{ClientConfig, Endpoint, EndpointConfig, TokioRuntime};
use rill_client::{TransportKind, limits::UDP_BUFFER_BYTES};
use rill_protocol::version::{ALPN, WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL};
use socket2::SockRef;
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{
        self,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use crate::hostile::{
    answer::Answer,
    ground::Ground,
    tcp::{self, Pipe},
    tls,
    wire::{Wire, quic, websocket::Socket, webtransport::Browser},
};

/// Addresses of the loopback network that connections come from, in turn: each has about
/// 28,000 ports of its own, and a socket of its own for QUIC.
const SOURCES: u8 = 16;
/// Of a connection that brings a line now and then.
const READ_BUFFER_BYTES: usize = 4 * 1024;
const HTTP3_ALPN: &[u8] = b"h3";

/// A way into a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) transport: TransportKind,
    /// WebSocket without TLS, on the port for this machine.
    pub(crate) plain: bool,
}

impl Door {
    pub(crate) fn has_tls(self) -> bool {
        !self.plain
    }
}

/// See the module.
pub(crate) struct Dialer {
    door: Door,
    address: SocketAddr,
    url: String,
    tls: Option<TlsConnector>,
    endpoints: Vec<Endpoint>,
    quic: Option<ClientConfig>,
    next: AtomicUsize,
}

impl Dialer {
    pub(crate) fn new(door: Door, ground: &Ground) -> anyhow::Result<Self> {
        let mut dialer = Self {
            door,
            address: ground.quic,
            url: String::new(),
            tls: None,
            endpoints: Vec::new(),
            quic: None,
            next: AtomicUsize::new(0),
        };
        match (door.transport, door.plain) {
            (TransportKind::WebSocket, true) => {
                dialer.address = ground.http;
                dialer.url = format!("ws://{}{WEBSOCKET_PATH}", ground.loopback_host());
            }
            (TransportKind::WebSocket, false) => {
                dialer.address = ground.https;
                dialer.url = format!("wss://{}{WEBSOCKET_PATH}", ground.tls_host());
                dialer.tls = Some(Arc::new(tls::config(&[b"http/1.1"])?).into());
            }
            (transport, _) => {
                let alpn = if transport == TransportKind::Quic { ALPN } else { HTTP3_ALPN };
                dialer.quic = Some(quic::config(&[alpn])?);
                dialer.endpoints = (0..SOURCES).map(endpoint).collect::<anyhow::Result<_>>()?;
            }
        }
        Ok(dialer)
    }

    pub(crate) async fn dial(&self) -> Result<Wire, Answer> {
        let number = self.next.fetch_add(1, Relaxed);
        let Some(config) = &self.quic else { return self.websocket(number).await.map(Wire::WebSocket) };
        let endpoint = &self.endpoints[number % self.endpoints.len()];
        let connecting = endpoint.connect_with(config.clone(), self.address, "localhost");
        let connecting = connecting.map_err(|error| Answer::Wrong(error.to_string()))?;
        let quic = connecting.await.map_err(|error| Answer::of_quic(&error, false))?;
        match self.door.transport {
            TransportKind::WebTransport => {
                Browser::over(quic).await.map(|browser| Wire::WebTransport(Box::new(browser)))
            }
            _ => Ok(Wire::Quic(quic)),
        }
    }

    async fn websocket(&self, number: usize) -> Result<Socket, Answer> {
        let tcp = tcp::plain(source((number % usize::from(SOURCES)) as u8).into(), self.address).await?;
        let pipe: Box<dyn Pipe> = match &self.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let connected = tls.connect(tls::server_name(), tcp).await;
                Box::new(connected.map_err(|error| tcp::of_tls(&error))?)
            }
        };
        let odd = |error: tungstenite::Error| Answer::Wrong(format!("the request itself: {error}"));
        let mut request = self.url.as_str().into_client_request().map_err(odd)?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(WEBSOCKET_SUBPROTOCOL));
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
        match client_async_with_config(request, pipe, Some(config)).await {
            Ok((socket, _)) => Ok(Socket::over(socket)),
            Err(tungstenite::Error::Http(response)) => Err(Answer::Http(response.status().as_u16(), None)),
            Err(_) => Err(Answer::Cut),
        }
    }
}

/// 127.0.2.1 and up.
fn source(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 2, number + 1)
}

fn endpoint(number: u8) -> anyhow::Result<Endpoint> {
    let socket = UdpSocket::bind((source(number), 0)).context("no socket for QUIC")?;
    // At best effort: the system may cap them.
    let buffers = SockRef::from(&socket);
    let _ = buffers.set_recv_buffer_size(UDP_BUFFER_BYTES);
    let _ = buffers.set_send_buffer_size(UDP_BUFFER_BYTES);
    Ok(Endpoint::new(EndpointConfig::default(), None, socket, Arc::new(TokioRuntime))?)
}
