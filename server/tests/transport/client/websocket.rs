//! WebSocket by tokio-tungstenite, with the client's end of the mux, and a server that
//! upgrades.

use super::{
    Client,
    memory::{self, Recv, Send},
};
use crate::host::Host;
use axum::{
    Router,
    extract::{ConnectInfo, State, WebSocketUpgrade},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use rill_protocol::{
    Code,
    mux::{self, Class, Role},
};
use rill_server::transport::{TransportKind, websocket};
use std::{
    future::poll_fn,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::sync::watch;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Serves `host` at the one path.
pub(crate) async fn start(host: &Host) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/rill/v1/ws", any(upgrade)).with_state(host.clone());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn upgrade(
    State(host): State<Host>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    request: WebSocketUpgrade,
) -> Response {
    let tasks = host.tasks.clone();
    websocket::upgrade(request, &headers, peer, host, &tasks)
        .unwrap_or_else(|code| (StatusCode::from_u16(code.http_status()).unwrap(), code.name()).into_response())
}

/// Connects with the given subprotocol and Origin.
pub(crate) async fn dial(
    to: SocketAddr,
    protocol: Option<&str>,
    origin: Option<&str>,
) -> Result<Socket, (u16, String)> {
    let mut request = format!("ws://{to}/rill/v1/ws").into_client_request().unwrap();
    for (name, value) in [("sec-websocket-protocol", protocol), ("origin", origin)] {
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    match tokio_tungstenite::connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            Err((response.status().as_u16(), String::from_utf8(body).unwrap()))
        }
        Err(other) => panic!("{other}"),
    }
}

pub(crate) struct WebSocket {
    mux: mux::Connection,
    server: SocketAddr,
    close: watch::Sender<Option<Code>>,
    closed: watch::Receiver<Option<Option<(u32, String)>>>,
}

impl Client for WebSocket {
    type Send = Send;
    type Recv = Recv;

    const KIND: TransportKind = TransportKind::WebSocket;

    async fn connect(host: &Host) -> Self {
        let server = start(host).await;
        let socket = dial(server, Some("rill.v1"), None).await.unwrap();
        let mux = mux::Connection::new(Role::Client);
        let (close, wanted) = watch::channel(None);
        let (told, closed) = watch::channel(None);
        let pumped = mux.clone();
        tokio::spawn(async move {
            let code = pump(socket, &pumped, wanted).await;
            pumped.close();
            told.send_replace(Some(code));
        });
        Self { mux, server, close, closed }
    }

    fn is_at(&self, peer: SocketAddr) -> bool {
        peer.ip() == Ipv4Addr::LOCALHOST && peer.port() != self.server.port()
    }

    async fn open(&self) -> (Send, Recv) {
        memory::open(&self.mux, Class::LaneOthers).await
    }

    fn send_datagram(&self, datagram: &'static [u8]) {
        self.mux.send_datagram(Bytes::from_static(datagram));
    }

    async fn recv_datagram(&self) -> Bytes {
        poll_fn(|context| self.mux.poll_datagram(context)).await.unwrap()
    }

    fn close(&self, code: Code) {
        self.close.send_replace(Some(code));
    }

    async fn closed(&self) -> Option<(u32, String)> {
        self.closed.clone().wait_for(Option::is_some).await.unwrap().clone().unwrap()
    }

    /// A frame of 125 bytes has no place for ours.
    fn told(code: Code, _reason: &str) -> String {
        code.name().to_owned()
    }
}

/// Runs until either side closes; the server's code and reason.
async fn pump(
    socket: Socket,
    mux: &mux::Connection,
    mut wanted: watch::Receiver<Option<Code>>,
) -> Option<(u32, String)> {
    let (mut sink, mut stream) = socket.split();
    loop {
        tokio::select! {
            code = async { wanted.wait_for(Option::is_some).await.ok().and_then(|code| *code) } => {
                let code = code?;
                let code_on_wire = CloseCode::from(4_000 + code.number() as u16);
                let frame = CloseFrame { code: code_on_wire, reason: code.name().into() };
                sink.send(Message::Close(Some(frame))).await.unwrap();
                return None;
            }
            message = poll_fn(|context| mux.poll_transmit(context)) => match message {
                // A server that has just closed takes no more.
                Some(message) => drop(sink.send(Message::Binary(message)).await),
                None => return None,
            },
            message = stream.next() => match message {
                Some(Ok(Message::Binary(bytes))) => drop(mux.receive(&bytes).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    let code = u32::from(u16::from(frame.code)).checked_sub(4_000)?;
                    return Some((code, frame.reason.as_str().to_owned()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            },
        }
    }
}
