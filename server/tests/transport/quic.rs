//! What is particular to the QUIC endpoint.

use crate::{
    PATIENCE,
    client::{
        Client, ask, hear,
        quic::{Quic, Server},
        read_to_end,
        webtransport::WebTransport,
    },
    host::{Ask, Event, Host},
    soon,
};
use rill_protocol::Code;
use rill_server::transport::{SendStream, TransportKind, quic};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use wtransport::error::ConnectionError;

async fn echo(client: &impl Client) {
    let (mut send, mut recv) = ask(client, Ask::Echo, 0).await;
    send.write(vec![b"here".as_slice().into()]).await.unwrap();
    send.finish();
    assert_eq!(read_to_end(&mut recv).await.unwrap(), "here");
}

#[tokio::test]
async fn both_families_reach_the_one_port() {
    let (host, mut events) = Host::new();
    let server = Server::start(&host);
    let families: &[SocketAddr] = &[(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
    // A machine without IPv6 has the one only.
    let families = if server.endpoint.local_addr().is_ipv6() { families } else { &families[..1] };
    let mut connections = Vec::new();
    for family in families {
        let to = SocketAddr::new(family.ip(), server.address.port());
        connections.push(soon("the handshake", server.dial(to, b"rill/1")).await.unwrap());
        let (kind, peer) = events.connected().await;
        assert_eq!((kind, peer.ip()), (TransportKind::Quic, family.ip()));
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let (host, _events) = Host::new();
    let server = Server::start(&host);
    let certificate = server.pinned.slot();
    let config = quic::Config { address: server.endpoint.local_addr(), certificate, key: [7; 32], tasks: host.tasks };
    let error = quic::Endpoint::bind(config).map(drop).unwrap_err();
    assert!(error.to_string().contains(&format!("UDP port {}", server.address.port())), "{error}");
    assert!(error.to_string().contains("in use"), "{error}");
}

#[tokio::test]
async fn an_unknown_protocol_is_refused() {
    let (host, mut events) = Host::new();
    let server = Server::start(&host);
    for protocol in [&b"rill/2"[..], b"http/1.1"] {
        let error = soon("the refusal", server.dial(server.address, protocol)).await.unwrap_err();
        // TLS alert 120, no_application_protocol (RFC 7301).
        assert!(error.to_string().contains("120"), "{error}");
    }
    assert!(events.is_empty());
}

#[tokio::test]
async fn a_stranger_to_the_hash_turns_away_from_another_certificate() {
    let (host, _events) = Host::new();
    let server = Server::start(&host);
    let url = format!("https://{}/rill/v1", server.address);
    assert!(soon("the refusal", WebTransport::dial(&server, &url, 1)).await.is_err());
    assert!(soon("the session", WebTransport::dial(&server, &url, 0)).await.is_ok());
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart() {
    let (host, _events) = Host::new();
    let before = Quic::connect(&host).await;
    let server = &before.server;
    let [old, next] = server.pinned.hashes();
    assert!(server.pinned.advance(server.pinned.next_change_ms()).unwrap());
    assert_eq!(server.hash(), next);
    assert_ne!(server.hash(), old);
    soon("a handshake by the new hash", server.dial(server.address, b"rill/1")).await.unwrap();
    // Who is connected stays so.
    echo(&before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_the_endpoint_tells_everybody_the_code() {
    let (host, mut events) = Host::new();
    let raw = Quic::connect(&host).await;
    let url = format!("https://{}/rill/v1", raw.server.address);
    let session = WebTransport::dial(&raw.server, &url, 0).await.unwrap();
    for _ in 0..2 {
        events.connected().await;
    }
    let (_send, mut recv) = ask(&raw, Ask::Hold, 0).await;
    hear(&mut recv).await;

    let close = raw.server.endpoint.close(Code::GoingAway);
    let told = session.accept_uni();
    let ((), told) = soon("the close", async { tokio::join!(close, told) }).await;
    let going_away = Code::GoingAway.number();
    match told.map(drop) {
        Err(ConnectionError::ApplicationClosed(close)) => {
            assert_eq!(close.code().into_inner(), u64::from(going_away));
        }
        other => panic!("{other:?}"),
    }
    let told = Some((going_away, Code::GoingAway.name().to_owned()));
    assert_eq!(soon("the close", raw.closed()).await, told);
    soon("the end of every task", host.tasks.idle()).await;
    assert!(raw.server.dial(raw.server.address, b"rill/1").await.is_err());
}

#[tokio::test]
async fn after_the_shutdown_nobody_new_is_taken_and_who_is_there_goes_on() {
    let (host, _events) = Host::new();
    let quic = Quic::connect(&host).await;
    quic.server.shutdown.notify_one();
    soon("the end of the run", quic.server.stopped.notified()).await;
    let error = soon("the refusal", quic.server.dial(quic.server.address, b"rill/1")).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    echo(&quic).await;
    soon("the close", quic.server.endpoint.close(Code::GoingAway)).await;
    soon("the end of every task", host.tasks.idle()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_comes_at_once_gets_in() {
    // More than the endpoint takes on trust: the later ones are asked for a Retry.
    let (host, _events) = Host::new();
    let server = Server::start(&host);
    let crowd = (0..150).map(|_| server.dial(server.address, b"rill/1"));
    // A first packet that finds the socket full is said again after ever longer pauses.
    let connected = tokio::time::timeout(PATIENCE, futures_util::future::join_all(crowd)).await.unwrap();
    for connection in connected {
        connection.unwrap();
    }
}

#[tokio::test]
async fn a_stream_that_says_nothing_and_ends_is_a_stream() {
    let (host, mut events) = Host::new();
    let client = Quic::connect(&host).await;
    events.connected().await;
    let (mut send, _recv) = client.open().await;
    send.finish();
    assert_eq!(events.next().await, Event::ReadEnded(Ok(())));
}
