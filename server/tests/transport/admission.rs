//! The gate before QUIC's handshakes: Retry, and limits by address.

use crate::{
    client::quic::Server,
    host::{Events, Host},
    soon,
};
use http::{Request, Response};
use rill_server::{
    admission::Gate,
    config::Limits,
    runtime::Tasks,
    transport::{Admission, Answer, Connection, Serve, http3, limits::HANDSHAKE_TIMEOUT_MS},
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::net::UdpSocket;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A host behind the gate of the real server.
#[derive(Clone)]
struct Guarded {
    host: Host,
    gate: Arc<Gate>,
    /// Handshakes that were admitted with a proof of the address.
    proven: Arc<AtomicUsize>,
}

impl Guarded {
    fn start(limits: Limits) -> (Server, Self, Events) {
        let (host, events) = Host::new();
        let gate = Arc::new(Gate::new(&limits, Arc::default(), [0; 32]));
        let guarded = Self { host, gate, proven: Arc::default() };
        let tasks: &Tasks = &guarded.host.tasks;
        (Server::serve(guarded.clone(), tasks), guarded, events)
    }
}

impl Serve for Guarded {
    async fn serve<C: Connection>(&self, connection: C) {
        self.host.serve(connection).await;
    }

    fn origin_allowed(&self, origin: Option<&str>) -> bool {
        self.host.origin_allowed(origin)
    }

    fn admit(&self, address: IpAddr, proven: bool) -> Admission {
        let admission = self.gate.admit(address, proven);
        if proven && matches!(admission, Admission::Admitted(_)) {
            self.proven.fetch_add(1, Ordering::Relaxed);
        }
        admission
    }
}

impl Answer for Guarded {
    type Body = <Host as Answer>::Body;

    async fn answer(&self, request: Request<http3::Body>, peer: SocketAddr) -> Response<Self::Body> {
        self.host.answer(request, peer).await
    }
}

#[tokio::test]
async fn an_address_with_many_handshakes_under_way_proves_itself_by_a_retry_and_gets_in() {
    let (server, guarded, mut events) = Guarded::start(Limits::default());
    let first = soon("the handshake", server.dial(server.address, b"rill/1")).await.unwrap();
    events.connected().await;
    assert_eq!(guarded.proven.load(Ordering::Relaxed), 0, "on trust");
    // As many as are taken on trust, and they do not end.
    let mut under_way = Vec::new();
    while let Admission::Admitted(permits) = guarded.gate.admit(HERE, false) {
        under_way.push(permits);
    }
    let second = soon("the handshake", server.dial(server.address, b"rill/1")).await.unwrap();
    events.connected().await;
    assert_eq!(guarded.proven.load(Ordering::Relaxed), 1, "with a token of a Retry");
    // A stranger is still taken on trust.
    let from: SocketAddr = ([127, 0, 0, 2], 0).into();
    let third = soon("the handshake", server.dial_from(from, server.address, b"rill/1")).await.unwrap();
    events.connected().await;
    assert_eq!(guarded.proven.load(Ordering::Relaxed), 1);
    drop((first, second, third));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_behind_one_address_comes_back_at_once_and_gets_in() {
    let (server, _guarded, _events) = Guarded::start(Limits::default());
    // How many of them have to prove their address depends on how fast handshakes come to their end.
    let crowd = (0..200).map(|_| server.dial(server.address, b"rill/1"));
    for connection in soon("the crowd", futures_util::future::join_all(crowd)).await {
        connection.unwrap();
    }
}

#[tokio::test]
async fn connections_of_an_address_past_their_number_are_refused_before_any_key_exchange() {
    let (server, _guarded, mut events) = Guarded::start(Limits { connections_per_address: 2, ..Limits::default() });
    let mut standing = Vec::new();
    for _ in 0..2 {
        standing.push(soon("the handshake", server.dial(server.address, b"rill/1")).await.unwrap());
        events.connected().await;
    }
    let refused = soon("the refusal", server.dial(server.address, b"rill/1")).await.unwrap_err();
    // CONNECTION_REFUSED (RFC 9000, section 20.1).
    assert!(refused.to_string().contains("refused"), "{refused}");
    let from: SocketAddr = ([127, 0, 0, 2], 0).into();
    let stranger = soon("the handshake", server.dial_from(from, server.address, b"rill/1")).await.unwrap();
    events.connected().await;
    standing.pop().unwrap().close(0u32.into(), b"");
    events.closed().await;
    while server.dial(server.address, b"rill/1").await.is_err() {
        tokio::task::yield_now().await;
    }
    drop(stranger);
}

#[tokio::test]
async fn a_handshake_that_never_ends_gives_up_its_place() {
    let (server, _guarded, mut events) = Guarded::start(Limits { connections_per_address: 1, ..Limits::default() });
    // Its first flight arrives, and nothing that it says afterwards.
    let relay = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let through = relay.local_addr().unwrap();
    let passed = async {
        let mut packet = [0; 2_048];
        let (length, _) = relay.recv_from(&mut packet).await.unwrap();
        relay.send_to(&packet[..length], server.address).await.unwrap();
        // The server has begun once it answers.
        relay.recv_from(&mut packet).await.unwrap();
    };
    let dialling = server.dial(through, b"rill/1");
    tokio::select! {
        () = passed => {}
        _ = dialling => panic!("nobody answers"),
    }
    assert!(server.dial(server.address, b"rill/1").await.is_err(), "the one place is taken");
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(HANDSHAKE_TIMEOUT_MS + 1)).await;
    tokio::time::resume();
    let next = async {
        while server.dial(server.address, b"rill/1").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon("the next handshake", next).await;
    events.connected().await;
}
