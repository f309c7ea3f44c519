//! Bare quinn: a one-way stream to each member, and one from each who posts.

use anyhow::Context as _;
use bytes::{Buf, Bytes};
use quinn::{
    EndpointConfig, TokioRuntime, TransportConfig, VarInt,
    crypto::rustls::{QuicClientConfig, QuicServerConfig},
};
use rill_client::limits;
use std::{
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use super::room::{Posts, Room};
use crate::{
    ceiling::pipe::{ALPN, server_tls, tuned, udp},
    fanout::seat::{Heard, Seat},
    hostile::tls,
};

/// Serves the room; where.
pub(super) fn open(room: Room) -> anyhow::Result<SocketAddr> {
    let crypto = QuicServerConfig::try_from(server_tls(ALPN)?)?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(tuned()));
    let endpoint = quinn::Endpoint::new(EndpointConfig::default(), Some(config), udp()?, Arc::new(TokioRuntime))?;
    let address = endpoint.local_addr()?;
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            tokio::spawn(member(incoming, room.clone()));
        }
    });
    Ok(address)
}

/// Until the connection ends, as it does when a run is over.
async fn member(incoming: quinn::Incoming, room: Room) -> anyhow::Result<()> {
    let connection = incoming.await?;
    let mut entries = connection.open_uni().await?;
    let (ready, mut batches, posts) = room.join();
    entries.write_chunk(ready).await?;
    tokio::spawn(listen(connection, posts));
    loop {
        let mut chunks = batches.next().await?;
        entries.write_all_chunks(&mut chunks).await?;
    }
}

async fn listen(connection: quinn::Connection, mut posts: Posts) -> anyhow::Result<()> {
    let mut stream = connection.accept_uni().await?;
    while let Some(chunk) = stream.read_chunk(usize::MAX, true).await? {
        posts.take(&chunk.bytes).await?;
    }
    Ok(())
}

/// A member's end, with the windows of a client of Rill.
pub(crate) struct QuicSeat {
    entries: quinn::RecvStream,
    posts: quinn::SendStream,
    unsent: Bytes,
    _connection: quinn::Connection,
    _endpoint: quinn::Endpoint,
}

impl QuicSeat {
    pub(crate) async fn join(to: SocketAddr) -> anyhow::Result<Self> {
        let crypto = QuicClientConfig::try_from(tls::config(&[ALPN])?)?;
        let mut config = quinn::ClientConfig::new(Arc::new(crypto));
        let mut transport = TransportConfig::default();
        transport
            .stream_receive_window(VarInt::from_u32(limits::QUIC_STREAM_WINDOW_BYTES))
            .receive_window(VarInt::from_u32(limits::QUIC_WINDOW_BYTES))
            .send_window(limits::QUIC_SEND_WINDOW_BYTES)
            .keep_alive_interval(Some(limits::QUIC_KEEP_ALIVE));
        config.transport_config(Arc::new(transport));
        let endpoint = quinn::Endpoint::new(EndpointConfig::default(), None, udp()?, Arc::new(TokioRuntime))?;
        let connection = endpoint.connect_with(config, to, "localhost")?.await?;
        let mut entries = connection.accept_uni().await?;
        let ready = entries.read_chunk(usize::MAX, true).await?;
        ready.context("the broadcast sent a member away")?;
        let posts = connection.open_uni().await?;
        Ok(Self { entries, posts, unsent: Bytes::new(), _connection: connection, _endpoint: endpoint })
    }
}

impl Seat for QuicSeat {
    const ANSWERS: bool = false;

    fn post(&mut self, frame: Bytes) {
        // The one before was read back, so it is not here any more.
        self.unsent = frame;
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<anyhow::Result<Heard>> {
        while !self.unsent.is_empty() {
            match Pin::new(&mut self.posts).poll_write(context, &self.unsent)? {
                Poll::Ready(count) => self.unsent.advance(count),
                Poll::Pending => break,
            }
        }
        // The future holds no state of its own, so a fresh one each time loses nothing.
        let chunk = pin!(self.entries.read_chunk(limits::READ_CHUNK_BYTES_MAX, true)).poll(context)?;
        chunk.map(|chunk| Ok(Heard::Entries(chunk.context("the broadcast ended")?.bytes)))
    }
}
