//! WebTransport by wtransport, which knows the server by its certificate's hash.

use super::{
    Client,
    quic::Server,
    quic_stream::{self, Codes},
};
use crate::host::Host;
use bytes::Bytes;
use rill_protocol::Code;
use rill_server::transport::{Priority, RecvStream, SendStream, StreamError, TransportKind};
use std::net::{Ipv4Addr, SocketAddr};
use wtransport::{ClientConfig, Endpoint, VarInt, error::ConnectionError, tls::Sha256Digest};

pub(crate) struct WebTransport {
    pub(crate) server: Server,
    pub(crate) connection: wtransport::Connection,
}

impl WebTransport {
    /// Knows the server by one of its hashes.
    pub(crate) async fn dial(server: &Server, url: &str, hash: usize) -> Result<wtransport::Connection, String> {
        let hash = Sha256Digest::new(*server.pinned.hashes()[hash].as_bytes());
        let config = ClientConfig::builder()
            .with_bind_address("127.0.0.1:0".parse().unwrap())
            .with_server_certificate_hashes([hash])
            .build();
        Endpoint::client(config).unwrap().connect(url).await.map_err(|error| error.to_string())
    }
}

impl Client for WebTransport {
    type Send = SendHalf;
    type Recv = RecvHalf;

    const KIND: TransportKind = TransportKind::WebTransport;

    async fn connect(host: &Host) -> Self {
        let server = Server::start(host);
        let url = format!("https://{}/rill/v1", server.address);
        let connection = Self::dial(&server, &url, 0).await.unwrap();
        Self { server, connection }
    }

    fn is_at(&self, peer: SocketAddr) -> bool {
        peer.ip() == Ipv4Addr::LOCALHOST && peer.port() != self.server.address.port()
    }

    async fn open(&self) -> (SendHalf, RecvHalf) {
        let (send, recv) = self.connection.open_bi().await.unwrap().await.unwrap();
        (SendHalf(send), RecvHalf(recv))
    }

    fn send_datagram(&self, datagram: &'static [u8]) {
        self.connection.send_datagram(datagram).unwrap();
    }

    async fn recv_datagram(&self) -> Bytes {
        self.connection.receive_datagram().await.unwrap().payload()
    }

    fn close(&self, code: Code) {
        self.connection.close(VarInt::from_u32(code.number()), code.name().as_bytes());
    }

    async fn closed(&self) -> Option<(u32, String)> {
        // Its `closed` knows the QUIC connection only; the session's own end is told here.
        match self.connection.accept_uni().await.map(drop).unwrap_err() {
            ConnectionError::ApplicationClosed(close) => {
                let reason = String::from_utf8_lossy(close.reason()).into_owned();
                Some((close.code().into_inner().try_into().ok()?, reason))
            }
            _ => None,
        }
    }
}

/// wtransport leaves the mapping of codes to its user.
pub(crate) struct SendHalf(wtransport::SendStream);

impl SendStream for SendHalf {
    async fn write(&mut self, chunks: Vec<Bytes>) -> Result<(), StreamError> {
        quic_stream::write(self.0.quic_stream_mut(), Codes::WebTransport, chunks).await
    }

    fn finish(&mut self) {
        self.0.quic_stream_mut().finish().unwrap();
    }

    fn reset(&mut self, code: Code) {
        self.0.quic_stream_mut().reset(Codes::WebTransport.write(code.number())).unwrap();
    }

    fn set_priority(&mut self, _: Priority) {}
}

/// See [`SendHalf`].
pub(crate) struct RecvHalf(wtransport::RecvStream);

impl RecvStream for RecvHalf {
    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        quic_stream::read(self.0.quic_stream_mut(), Codes::WebTransport).await
    }

    fn stop(&mut self, code: Code) {
        self.0.quic_stream_mut().stop(Codes::WebTransport.write(code.number())).unwrap();
    }
}
