//! Certificates of the real server: by hash, by file, and not at all.

use rill_client::{
    Client, Config, Credentials, Endpoints, Event, State, TransportKind, Trust, trust::hashes_of_pem_file,
};
use url::Url;

use super::server::{Server, within};

async fn attempt(server: &Server, kind: TransportKind, trust: Trust, hashes: Vec<[u8; 32]>) -> Result<(), String> {
    let login = server.api().login("user1", "123", "test").await.unwrap();
    let tickets = server.api().tickets(&login.token, 1).await.unwrap();
    let endpoints = Endpoints {
        websocket: Url::parse(&format!("wss://localhost:{}/rill/v1/ws", server.ready.https.port())).unwrap(),
        quic: Some(Endpoints::quic_at(server.ready.quic, hashes)),
    };
    let (_client, mut events) = Client::connect(Config {
        server: None,
        endpoints: Some(endpoints),
        trust,
        credentials: Credentials::Tickets(tickets),
        ..server.config("user1", kind)
    })
    .await
    .unwrap();
    within(60, async {
        loop {
            match events.next().await.expect("it lives") {
                Event::State(State::Online { .. }) => return Ok(()),
                Event::State(State::Offline { reason, .. }) => return Err(reason),
                _ => {}
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_believed_by_hash_and_never_blindly() {
    let server = Server::start();
    let info = server.api().server().await.unwrap();
    let hashes: Vec<[u8; 32]> = Endpoints::of(&server.url(), &info).unwrap().quic.unwrap().hashes;
    assert!(!hashes.is_empty());
    for kind in [TransportKind::Quic, TransportKind::WebTransport] {
        assert_eq!(attempt(&server, kind, Trust::hashes_only(), hashes.clone()).await, Ok(()), "{kind}");
        let refused = attempt(&server, kind, Trust::hashes_only(), vec![[7; 32]]).await;
        assert!(refused.is_err(), "{kind}: a certificate that nobody named");
        let refused = attempt(&server, kind, Trust::system(), Vec::new()).await;
        assert!(refused.is_err(), "{kind}: a self-made certificate by default");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn websocket_over_tls_trusts_the_certificate_that_the_server_keeps() {
    let server = Server::start();
    let hashes = hashes_of_pem_file(&server.data().join("certs/tcp.pem")).unwrap();
    assert!(!hashes.is_empty());
    let kind = TransportKind::WebSocket;
    let by_hash = Trust::hashes_only().and_hashes(hashes);
    assert_eq!(attempt(&server, kind, by_hash, Vec::new()).await, Ok(()));
    assert_eq!(attempt(&server, kind, Trust::danger_accept_any(), Vec::new()).await, Ok(()));
    assert!(attempt(&server, kind, Trust::hashes_only(), Vec::new()).await.is_err());
    assert!(attempt(&server, kind, Trust::system(), Vec::new()).await.is_err());
}
