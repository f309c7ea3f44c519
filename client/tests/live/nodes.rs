//! A client that knows several nodes goes to the next one when its own dies for good.
//!
//! What is said at one node is not at the other here, where each has a store of its own; who
//! may connect is, because the second began with a copy of the first's data.

use super::server::{Server, within};
use rill_client::{Client, Config, Credentials, Endpoints, Event, Events, State, TransportKind};

/// Five to ten seconds is what it takes to give up a dead node and reach the next one. Who
/// waits for the silence that the protocol calls death needs more than forty, and so does who
/// tries the dead one again first: less than that, with all the room there is for a busy machine.
const COMEBACK_S: u64 = 38;

async fn endpoints(server: &Server) -> Endpoints {
    let info = server.api().server().await.unwrap();
    Endpoints::of(&server.url(), &info).unwrap()
}

/// Two nodes, and somebody at the first who knows of the second.
async fn connected(transport: TransportKind) -> ([Server; 2], Client, Events) {
    let mut first = Server::start();
    let login = first.api().login("user1", "123", "test").await.unwrap();
    let tickets = first.api().tickets(&login.token, 4).await.unwrap();
    assert!(first.stop().success());
    let second = Server::start_with_data_of(&first);
    first.start_again();
    let config = Config {
        server: None,
        endpoints: Some(endpoints(&first).await),
        nodes: vec![endpoints(&second).await],
        ..first.config("user1", transport)
    };
    let config = Config { credentials: Credentials::Tickets(tickets), ..config };
    let (client, events) = Client::connect(config).await.unwrap();
    within(60, client.online()).await.unwrap();
    ([first, second], client, events)
}

async fn moves(transport: TransportKind) {
    let ([mut first, _second], client, _events) = connected(transport).await;
    let room = within(60, client.create_room("技术交流")).await.unwrap();
    let receipt = client.post(room.id, "before").await.unwrap();
    within(60, receipt.posted()).await.unwrap();

    first.kill();
    // The room is not there: that it is asked for says that the client has moved.
    let refused = within(COMEBACK_S, async { client.join(room.id).await }).await;
    assert!(refused.is_err(), "{refused:?}");
    within(60, client.online()).await.unwrap();
    client.close().await;
}

async fn a_listener_moves(transport: TransportKind) {
    let ([mut first, _second], client, mut events) = connected(transport).await;
    first.kill();
    let moved = async {
        while !matches!(events.next().await.expect("it lives"), Event::State(State::Offline { .. })) {}
        client.online().await.unwrap();
    };
    within(COMEBACK_S, moved).await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_listens_moves_too_over_quic() {
    a_listener_moves(TransportKind::Quic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_listens_moves_too_over_webtransport() {
    a_listener_moves(TransportKind::WebTransport).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_quic() {
    moves(TransportKind::Quic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_webtransport() {
    moves(TransportKind::WebTransport).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_websocket() {
    moves(TransportKind::WebSocket).await;
}
