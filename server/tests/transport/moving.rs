//! Clients whose address changes, and clients of which nothing is heard any more: raw QUIC
//! and WebTransport, by quinn, whose endpoint can be given another socket.

use crate::{
    client::quic::Server,
    host::{Ask, Event, Events, HOME, Host, checksum, sequence},
    soon,
};
use bytes::{Buf as _, Bytes};
use h3::ext::Protocol;
use http::Request;
use rill_protocol::limits::DEAD_AFTER_MS;
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

type Request3 = h3::client::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

/// A client and what its streams begin with.
pub(crate) struct Client {
    endpoint: quinn::Endpoint,
    connection: quinn::Connection,
    prefix: Vec<u8>,
    events: Events,
    pub(crate) host: Host,
    /// Kept for as long as the session is to last.
    _session: Vec<Request3>,
    _server: Server,
}

impl Client {
    pub(crate) async fn connect(protocol: &[u8]) -> Self {
        Self::connect_behind(protocol, &[]).await
    }

    /// A session that begins when requests for these paths are being answered.
    pub(crate) async fn connect_behind(protocol: &[u8], paths: &[&str]) -> Self {
        let (host, mut events) = Host::new();
        let server = Server::start(&host);
        let endpoint = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let connection = server.dial_on(&endpoint, server.address, protocol).await.unwrap();
        let is_session = protocol == b"h3";
        let session = if is_session { session(&connection, paths).await } else { Vec::new() };
        events.connected().await;
        // Streams that a client opens are numbered in fours.
        let prefix = if is_session { vec![0x40, 0x41, 4 * paths.len() as u8] } else { Vec::new() };
        Self { endpoint, connection, prefix, events, host, _session: session, _server: server }
    }

    pub(crate) async fn ask(&self, ask: Ask, number: u32) -> (quinn::SendStream, quinn::RecvStream) {
        let (mut send, recv) = self.connection.open_bi().await.unwrap();
        send.write_all(&self.prefix).await.unwrap();
        send.write_all(&[&[ask as u8][..], &number.to_be_bytes()].concat()).await.unwrap();
        (send, recv)
    }

    /// Goes on from another address.
    fn move_to(&self, address: SocketAddr) {
        self.endpoint.rebind(UdpSocket::bind(address).unwrap()).unwrap();
    }

    /// Goes where no packet reaches the server, which speaks IPv4 with this client.
    pub(crate) fn vanish(&self) {
        self.move_to((Ipv6Addr::LOCALHOST, 0).into());
    }
}

/// The streams of the requests, and of the session's behind them.
async fn session(quic: &quinn::Connection, paths: &[&str]) -> Vec<Request3> {
    let (mut driver, mut requests) = h3::client::builder()
        .enable_extended_connect(true)
        .enable_datagram(true)
        .build(h3_quinn::Connection::new(quic.clone()))
        .await
        .unwrap();
    let mut streams = Vec::new();
    for path in paths {
        let request = Request::get(format!("https://localhost{path}")).body(()).unwrap();
        let mut stream = requests.send_request(request).await.unwrap();
        stream.finish().await.unwrap();
        assert_eq!(stream.recv_response().await.unwrap().status(), 200);
        streams.push(stream);
    }
    let mut connect =
        Request::builder().method("CONNECT").uri("https://localhost/rill/v1").header("origin", HOME).body(()).unwrap();
    connect.extensions_mut().insert(Protocol::WEB_TRANSPORT);
    let mut stream = requests.send_request(connect).await.unwrap();
    assert_eq!(stream.recv_response().await.unwrap().status(), 200);
    // The connection's requests, of which there are no more, go on as long as it does.
    tokio::spawn(async move {
        driver.wait_idle().await;
        drop(requests);
    });
    streams.push(stream);
    streams
}

async fn a_client_that_moves_stays_connected(protocol: &[u8]) {
    const BYTES: usize = 3_000_000;
    let mut client = Client::connect(protocol).await;
    let before = client.endpoint.local_addr().unwrap();
    let (mut up, mut sum) = client.ask(Ask::Sum, 0).await;
    let (_down_send, mut down) = client.ask(Ask::Make, BYTES as u32).await;
    let mut made = Vec::new();
    for piece in sequence(0..BYTES).chunks(BYTES / 10) {
        // Data is on its way in both directions at every move.
        soon("the write", up.write_all(piece)).await.unwrap();
        let wanted = made.len() + BYTES / 20;
        while made.len() < wanted {
            let chunk = soon("the read", down.read_chunk(usize::MAX, true)).await.unwrap().unwrap();
            made.extend_from_slice(&chunk.bytes);
        }
        client.move_to((Ipv4Addr::LOCALHOST, 0).into());
    }
    up.finish().unwrap();
    let mut sum = Bytes::from(soon("the sum", sum.read_to_end(64)).await.unwrap());
    assert_eq!((sum.get_u64(), sum.get_u64()), (BYTES as u64, checksum(0, &sequence(0..BYTES))));
    made.extend(soon("the rest", down.read_to_end(BYTES)).await.unwrap());
    assert!(sequence(0..BYTES) == made);
    assert_ne!(client.endpoint.local_addr().unwrap(), before);
    assert!(client.events.is_empty(), "nobody has connected again, and nobody has left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_moves_stays_connected_over_quic() {
    a_client_that_moves_stays_connected(b"rill/1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_moves_stays_connected_over_webtransport() {
    a_client_that_moves_stays_connected(b"h3").await;
}

async fn a_peer_that_vanishes_is_gone_within_the_dead_time(protocol: &[u8]) {
    let mut client = Client::connect(protocol).await;
    let (_send, mut recv) = client.ask(Ask::Hold, 0).await;
    assert_eq!(soon("the word", recv.read_chunk(1, true)).await.unwrap().unwrap().bytes, "!");
    client.vanish();
    tokio::time::pause();
    let vanished = tokio::time::Instant::now();
    let dead = tokio::time::timeout(Duration::from_millis(DEAD_AFTER_MS + 1_000), async {
        loop {
            if let Some(Event::Closed(closed)) = client.events.any().await {
                return closed;
            }
        }
    });
    let closed = dead.await.expect("the server notices");
    assert_eq!(closed.code, None, "{closed:?}");
    // Not at once: a network may fail for a while.
    assert!(vanished.elapsed() > Duration::from_secs(10), "{:?}", vanished.elapsed());
    tokio::time::resume();
    soon("the end of every task", client.host.tasks.idle()).await;
}

#[tokio::test]
async fn a_peer_that_vanishes_is_gone_within_the_dead_time_over_quic() {
    a_peer_that_vanishes_is_gone_within_the_dead_time(b"rill/1").await;
}

#[tokio::test]
async fn a_peer_that_vanishes_is_gone_within_the_dead_time_over_webtransport() {
    a_peer_that_vanishes_is_gone_within_the_dead_time(b"h3").await;
}
