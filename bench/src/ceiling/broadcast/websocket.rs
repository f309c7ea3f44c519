//! Bare tungstenite: a message for each batch.

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use super::room::Room;
use crate::{
    ceiling::pipe::{ANY, Socket, server_tls},
    fanout::seat::{Heard, Seat},
    hostile::tls,
};

/// As Rill's server and its client have them.
const SERVER_READ_BUFFER_BYTES: usize = 4 * 1024;
const CLIENT_READ_BUFFER_BYTES: usize = 16 * 1024;

const HTTP: &[u8] = b"http/1.1";

/// Serves the room; where.
pub(super) async fn open(room: Room, plain: bool) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(ANY).await?;
    let address = listener.local_addr()?;
    let acceptor = if plain { None } else { Some(TlsAcceptor::from(Arc::new(server_tls(HTTP)?))) };
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (room, acceptor) = (room.clone(), acceptor.clone());
            tokio::spawn(async move {
                tcp.set_nodelay(true)?;
                match acceptor {
                    Some(acceptor) => member(acceptor.accept(tcp).await?, room).await,
                    None => member(tcp, room).await,
                }
            });
        }
    });
    Ok(address)
}

/// Until the connection ends, as it does when a run is over.
async fn member<S: Socket>(stream: S, room: Room) -> anyhow::Result<()> {
    let config = WebSocketConfig::default().read_buffer_size(SERVER_READ_BUFFER_BYTES);
    let mut socket = accept_async_with_config(stream, Some(config)).await?;
    let (ready, mut batches, mut posts) = room.join();
    socket.send(Message::Binary(ready)).await?;
    loop {
        tokio::select! {
            chunks = batches.next() => {
                for chunk in chunks? {
                    socket.feed(Message::Binary(chunk)).await?;
                }
                socket.flush().await?;
            }
            message = socket.next() => match message.context("a member left")?? {
                Message::Binary(bytes) => posts.take(&bytes).await?,
                Message::Close(_) => return Ok(()),
                _ => {}
            },
        }
    }
}

/// A member's end.
pub(crate) struct WebSocketSeat {
    socket: WebSocketStream<Box<dyn Socket>>,
    unsent: Option<Bytes>,
    is_unflushed: bool,
}

impl WebSocketSeat {
    pub(crate) async fn join(to: SocketAddr, plain: bool) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(to).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Socket> = if plain {
            Box::new(tcp)
        } else {
            Box::new(TlsConnector::from(Arc::new(tls::config(&[HTTP])?)).connect(tls::server_name(), tcp).await?)
        };
        let config = WebSocketConfig::default().read_buffer_size(CLIENT_READ_BUFFER_BYTES).write_buffer_size(0);
        let url = format!("{}://{to}/", if plain { "ws" } else { "wss" });
        let (mut socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        match socket.next().await.context("the broadcast sent a member away")?? {
            Message::Binary(_) => Ok(Self { socket, unsent: None, is_unflushed: false }),
            other => bail!("{other:?} came first"),
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<anyhow::Result<()>> {
        let mut socket = Pin::new(&mut self.socket);
        if self.unsent.is_some() {
            std::task::ready!(socket.as_mut().poll_ready(context))?;
            if let Some(frame) = self.unsent.take() {
                socket.as_mut().start_send(Message::Binary(frame))?;
                self.is_unflushed = true;
            }
        }
        if self.is_unflushed {
            std::task::ready!(socket.poll_flush(context))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl Seat for WebSocketSeat {
    const ANSWERS: bool = false;

    fn post(&mut self, frame: Bytes) {
        // The one before was read back, so it is not here any more.
        self.unsent = Some(frame);
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<anyhow::Result<Heard>> {
        // Reads go on while a write waits.
        let _ = self.poll_send(context)?;
        loop {
            let message = std::task::ready!(Pin::new(&mut self.socket).poll_next(context));
            match message.context("the broadcast ended")?? {
                Message::Binary(bytes) => return Poll::Ready(Ok(Heard::Entries(bytes))),
                Message::Close(_) => return Poll::Ready(Err(anyhow::anyhow!("the broadcast said goodbye"))),
                _ => {}
            }
        }
    }
}
