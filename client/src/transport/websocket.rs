//! WebSocket: the protocol's mux over one TCP connection, with or without TLS.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use rill_protocol::{
    Code,
    limits::MUX_MESSAGE_BYTES_MAX,
    mux::{self, Class, OpenError, Role},
    version::WEBSOCKET_SUBPROTOCOL,
};
use rustls::pki_types::ServerName;
use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};
use url::Url;

use super::{Closed, StreamError};
use crate::{Error, limits};

/// WebSocket leaves 4000 to 4999 to applications (RFC 6455, section 7.4.2).
const CLOSE_CODE_FIRST: u16 = 4_000;

/// A connection; a task of its own carries its messages.
#[derive(Debug)]
pub(super) struct WebSocket {
    mux: mux::Connection,
    /// The code this side closes with.
    closing: Arc<OnceLock<Code>>,
    ended: watch::Receiver<Option<Closed>>,
}

impl WebSocket {
    pub(super) async fn connect(
        address: SocketAddr,
        url: &Url,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> Result<Self, Error> {
        let failed = |detail: String| Error::Transport(format!("websocket to {address}: {detail}"));
        let tcp = TcpStream::connect(address).await.map_err(|error| failed(error.to_string()))?;
        tune(&tcp).map_err(|error| failed(error.to_string()))?;
        match tls {
            None => Self::over(tcp, url).await.map_err(|error| failed(error.to_string())),
            Some(tls) => {
                let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
                let name = ServerName::try_from(host).map_err(|error| Error::Url(error.to_string()))?;
                let connecting = tokio_rustls::TlsConnector::from(tls).connect(name, tcp);
                let stream = connecting.await.map_err(|error| failed(error.to_string()))?;
                Self::over(stream, url).await.map_err(|error| failed(error.to_string()))
            }
        }
    }

    async fn over<S>(stream: S, url: &Url) -> Result<Self, tungstenite::Error>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut request = url.as_str().into_client_request()?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(WEBSOCKET_SUBPROTOCOL));
        let config = WebSocketConfig::default()
            .read_buffer_size(16 * 1024)
            .write_buffer_size(0)
            .max_message_size(Some(MUX_MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MUX_MESSAGE_BYTES_MAX));
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        let mux = mux::Connection::new(Role::Client);
        let closing = Arc::new(OnceLock::new());
        let (end, ended) = watch::channel(None);
        tokio::spawn(run(socket, mux.clone(), Arc::clone(&closing), end));
        Ok(Self { mux, closing, ended })
    }

    pub(super) fn open(&self, class: Class) -> Result<(mux::SendHalf, mux::RecvHalf), StreamError> {
        self.mux.open(class).map_err(|error| match error {
            OpenError::TooMany => StreamError::Peer(Code::TooManyStreams.number()),
            _ => StreamError::Closed,
        })
    }

    pub(super) fn send_datagram(&self, datagram: Bytes) {
        self.mux.send_datagram(datagram);
    }

    pub(super) async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        match poll_fn(|context| self.mux.poll_datagram(context)).await {
            Some(datagram) => Ok(datagram),
            None => Err(self.end().await),
        }
    }

    pub(super) fn close(&self, code: Code) {
        self.closing.get_or_init(|| code);
        self.mux.close();
    }

    pub(super) async fn gone(&self) {
        self.end().await;
    }

    async fn end(&self) -> Closed {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(closed)) => closed.clone(),
            _ => Closed { code: None, reason: "the connection's task is gone".to_owned() },
        }
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.mux.close();
    }
}

fn tune(tcp: &TcpStream) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(tcp).set_tcp_notsent_lowat(limits::TCP_UNSENT_BYTES_MAX)?;
    Ok(())
}

/// Carries messages both ways until either side ends the connection.
async fn run<S>(
    socket: WebSocketStream<S>,
    mux: mux::Connection,
    closing: Arc<OnceLock<Code>>,
    end: watch::Sender<Option<Closed>>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, mut stream) = socket.split();
    // Read and write do not wait for each other: two peers that both write into full
    // buffers would wait for ever.
    let outcome = tokio::select! {
        outcome = write(&mut sink, &mux) => outcome,
        outcome = read(&mut stream, &mux) => outcome,
    };
    mux.close();
    let closed = match outcome {
        End::Peer(closed) => {
            // Answers the peer's close frame.
            timeout(limits::CLOSE_TIMEOUT, sink.close()).await.ok();
            closed
        }
        End::Here(code) => {
            let code = code.or(closing.get().copied()).unwrap_or(Code::Normal);
            let frame = CloseFrame { code: close_code(code), reason: code.name().into() };
            let farewell = async {
                sink.send(Message::Close(Some(frame))).await.ok();
                while let Some(Ok(_)) = stream.next().await {}
            };
            timeout(limits::CLOSE_TIMEOUT, farewell).await.ok();
            Closed { code: Some(code.number()), reason: "closed by this side".to_owned() }
        }
    };
    end.send_replace(Some(closed));
}

enum End {
    /// The peer, or the way between, ended it.
    Peer(Closed),
    /// This side does, because of what the peer sent if a code is given.
    Here(Option<Code>),
}

impl End {
    fn broken(error: &tungstenite::Error) -> Self {
        Self::Peer(Closed { code: None, reason: error.to_string() })
    }
}

async fn write<S>(sink: &mut SplitSink<WebSocketStream<S>, Message>, mux: &mux::Connection) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| mux.poll_transmit(context)).await {
        if let Err(error) = sink.send(Message::Binary(message)).await {
            return End::broken(&error);
        }
    }
    End::Here(None)
}

async fn read<S>(stream: &mut SplitStream<WebSocketStream<S>>, mux: &mux::Connection) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match stream.next().await {
            Some(Ok(Message::Binary(message))) => {
                if let Err(error) = mux.receive(&message) {
                    tracing::warn!(%error, "the server broke the rules of the mux");
                    return End::Here(Some(error.code()));
                }
            }
            Some(Ok(Message::Close(frame))) => {
                return End::Peer(frame.map_or(Closed { code: None, reason: String::new() }, |frame| Closed {
                    code: code_of(frame.code),
                    reason: frame.reason.to_string(),
                }));
            }
            Some(Ok(Message::Text(_))) => return End::Here(Some(Code::MuxViolation)),
            Some(Ok(_)) => {}
            Some(Err(error)) => return End::broken(&error),
            None => return End::Peer(Closed { code: None, reason: "the connection ended".to_owned() }),
        }
    }
}

fn close_code(code: Code) -> CloseCode {
    // Codes stay below 1,000; a test of the protocol pins it.
    CloseCode::from(CLOSE_CODE_FIRST + u16::try_from(code.number()).unwrap_or(0))
}

fn code_of(code: CloseCode) -> Option<u32> {
    u16::from(code).checked_sub(CLOSE_CODE_FIRST).filter(|code| *code < 1_000).map(u32::from)
}
