//! Raw QUIC by quinn, and the server's endpoint for it and for WebTransport.

use super::{
    Client,
    quic_certificate::client_config,
    quic_stream::{Recv, Send},
};
use crate::host::Host;
use bytes::Bytes;
use rill_certs::{Fingerprint, Pinned};
use rill_protocol::Code;
use rill_server::{
    runtime::Tasks,
    transport::{Answer, TransportKind, quic},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::Notify;

pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// The endpoint under test, with its certificates.
pub(crate) struct Server {
    pub(crate) endpoint: Arc<quic::Endpoint>,
    pub(crate) pinned: Pinned,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Arc<Notify>,
    /// Told when `run` has returned.
    pub(crate) stopped: Arc<Notify>,
    _dir: tempfile::TempDir,
}

impl Server {
    /// Listens on a free port of every address and serves `host`.
    pub(crate) fn start(host: &Host) -> Self {
        Self::serve(host.clone(), &host.tasks)
    }

    /// The same for any other server.
    pub(crate) fn serve<S: Answer>(serve: S, tasks: &Tasks) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let pinned = Pinned::open(dir.path(), now_ms()).unwrap();
        let address = "[::]:0".parse().unwrap();
        let config = quic::Config { address, certificate: pinned.slot(), key: [7; 32], tasks: tasks.clone() };
        let endpoint = Arc::new(quic::Endpoint::bind(config).unwrap());
        let address = (Ipv4Addr::LOCALHOST, endpoint.local_addr().port()).into();
        let (shutdown, stopped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (running, stop, end) = (endpoint.clone(), shutdown.clone(), stopped.clone());
        tokio::spawn(async move {
            running.run(serve, stop.notified()).await;
            end.notify_one();
        });
        Self { endpoint, pinned, address, shutdown, stopped, _dir: dir }
    }

    pub(crate) fn hash(&self) -> Fingerprint {
        self.pinned.hashes()[0]
    }

    /// A connection under one ALPN, by hash, to any of the server's addresses.
    pub(crate) async fn dial(
        &self,
        to: SocketAddr,
        protocol: &[u8],
    ) -> Result<quinn::Connection, quinn::ConnectionError> {
        let from = if to.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        self.dial_from(from.parse().unwrap(), to, protocol).await
    }

    /// The same from an address of the client's own.
    pub(crate) async fn dial_from(
        &self,
        from: SocketAddr,
        to: SocketAddr,
        protocol: &[u8],
    ) -> Result<quinn::Connection, quinn::ConnectionError> {
        let endpoint = quinn::Endpoint::client(from).unwrap();
        self.dial_on(&endpoint, to, protocol).await
    }

    /// The same through an endpoint that the client keeps.
    pub(crate) async fn dial_on(
        &self,
        endpoint: &quinn::Endpoint,
        to: SocketAddr,
        protocol: &[u8],
    ) -> Result<quinn::Connection, quinn::ConnectionError> {
        let config = client_config(Some(self.hash()), protocol);
        endpoint.connect_with(config, to, "localhost").unwrap().await
    }
}

pub(crate) struct Quic {
    pub(crate) server: Server,
    pub(crate) connection: quinn::Connection,
}

impl Client for Quic {
    type Send = Send;
    type Recv = Recv;

    const KIND: TransportKind = TransportKind::Quic;

    async fn connect(host: &Host) -> Self {
        let server = Server::start(host);
        let connection = server.dial(server.address, b"rill/1").await.unwrap();
        Self { server, connection }
    }

    fn is_at(&self, peer: SocketAddr) -> bool {
        // An IPv4 client of a socket for both families.
        peer.ip() == Ipv4Addr::LOCALHOST && peer.port() != self.server.address.port()
    }

    async fn open(&self) -> (Send, Recv) {
        let (send, recv) = self.connection.open_bi().await.unwrap();
        (Send(send), Recv(recv))
    }

    fn send_datagram(&self, datagram: &'static [u8]) {
        self.connection.send_datagram(Bytes::from_static(datagram)).unwrap();
    }

    async fn recv_datagram(&self) -> Bytes {
        self.connection.read_datagram().await.unwrap()
    }

    fn close(&self, code: Code) {
        self.connection.close(code.number().into(), code.name().as_bytes());
    }

    async fn closed(&self) -> Option<(u32, String)> {
        let close = match self.connection.closed().await {
            quinn::ConnectionError::ApplicationClosed(close) => close,
            quinn::ConnectionError::Reset => return None,
            other => panic!("{other:?} instead of a close with a code"),
        };
        let reason = String::from_utf8_lossy(&close.reason).into_owned();
        Some((close.error_code.into_inner().try_into().ok()?, reason))
    }
}
