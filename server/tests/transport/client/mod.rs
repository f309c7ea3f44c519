//! Clients, one for each transport, behind one face. None shares code with the server's
//! side of its transport, the memory pair apart.

pub(crate) mod memory;
pub(crate) mod quic;
mod quic_certificate;
pub(crate) mod quic_stream;
pub(crate) mod websocket;
pub(crate) mod webtransport;

use crate::host::{Ask, Host};
use bytes::{BufMut, Bytes, BytesMut};
use rill_protocol::Code;
use rill_server::transport::{RecvStream, SendStream, StreamError, TransportKind};
use std::{future::Future, net::SocketAddr};

/// A connected client.
pub(crate) trait Client: Sized + Send + Sync {
    type Send: SendStream;
    type Recv: RecvStream;

    const KIND: TransportKind;

    /// Starts whatever listens for `host`, and connects.
    fn connect(host: &Host) -> impl Future<Output = Self> + Send;
    /// Whether this is where the server sees the client.
    fn is_at(&self, peer: SocketAddr) -> bool;
    /// A stream; over the number that may be open it waits for one to end.
    fn open(&self) -> impl Future<Output = (Self::Send, Self::Recv)> + Send;
    fn send_datagram(&self, datagram: &'static [u8]);
    fn recv_datagram(&self) -> impl Future<Output = Bytes> + Send;
    fn close(&self, code: Code);
    /// The code and the reason that the server closed with.
    fn closed(&self) -> impl Future<Output = Option<(u32, String)>> + Send;
    /// The reason that arrives when the server closes with this one.
    fn told(_code: Code, reason: &str) -> String {
        reason.to_owned()
    }
}

/// Opens a stream and says what is to become of it.
pub(crate) async fn ask<C: Client>(client: &C, ask: Ask, number: u32) -> (C::Send, C::Recv) {
    let (mut send, recv) = client.open().await;
    let mut bytes = BytesMut::new();
    bytes.put_u8(ask as u8);
    bytes.put_u32(number);
    crate::soon("the first write", send.write(vec![bytes.freeze()])).await.expect("a fresh stream takes bytes");
    (send, recv)
}

/// Everything up to the end of the stream.
pub(crate) async fn read_to_end(recv: &mut impl RecvStream) -> Result<Bytes, StreamError> {
    let mut all = BytesMut::new();
    while let Some(bytes) = crate::soon("the next read", recv.read()).await? {
        all.extend_from_slice(&bytes);
    }
    Ok(all.freeze())
}

/// The `!` with which the host says that it is there.
pub(crate) async fn hear(recv: &mut impl RecvStream) {
    let bytes = crate::soon("the host's word", recv.read()).await.expect("the stream stands");
    assert_eq!(bytes.expect("the stream goes on")[0], b'!');
}
