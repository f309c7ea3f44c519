//! A network that drops UDP and says nothing: a client that may use another transport stands on the
//! WebSocket.

use rill_client::{Client, Config, Endpoints, Event, Events, State, TransportKind, Trust, http::Api};
use std::net::{SocketAddr, UdpSocket};

use super::server::{Server, within};

/// Where packets arrive and nobody answers.
fn silence() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

async fn config(server: &Server, udp: SocketAddr, fallback: Option<TransportKind>) -> Config {
    let info = Api::new(&server.url(), &Trust::hashes_only()).unwrap().server().await.unwrap();
    let mut endpoints = Endpoints::of(&server.url(), &info).unwrap();
    let quic = endpoints.quic.as_mut().unwrap();
    (quic.host, quic.port) = (udp.ip().to_string(), udp.port());
    Config { endpoints: Some(endpoints), fallback, ..server.config("user1", TransportKind::Quic) }
}

async fn stands_on(events: &mut Events) -> TransportKind {
    within(60, async {
        loop {
            if let Event::State(State::Online { transport }) = events.next().await.expect("it lives") {
                return transport;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_udp_the_session_stands_on_the_websocket() {
    let server = Server::start();
    let (_silence, nobody) = silence();
    let config = config(&server, nobody, Some(TransportKind::WebSocket)).await;
    let (client, mut events) = Client::connect(config).await.unwrap();
    assert_eq!(stands_on(&mut events).await, TransportKind::WebSocket);
    within(60, client.create_room("r")).await.unwrap();
    within(60, client.close()).await;
}
