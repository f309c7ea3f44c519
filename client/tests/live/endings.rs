//! How sessions end: a server that stops in peace, a login that ends, a client that
//! closes, a room that is left.

use rill_client::{Client, Config, Credentials, Event, State, TransportKind};
use rill_protocol::Code;
use std::time::Duration;

use super::{
    reader::Reader,
    server::{Server, within},
};

const ALL: [TransportKind; 3] = [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_in_peace_is_found_again_at_once() {
    let mut server = Server::start();
    let (writer, events) = server.client("user1", TransportKind::Quic).await;
    let room = within(60, writer.create_room("r")).await.unwrap().id;
    let mut readers = vec![Reader::new(events, room)];
    let mut guests = Vec::new();
    for (user, kind) in [("user2", TransportKind::WebTransport), ("user3", TransportKind::WebSocket)] {
        let (guest, events) = server.client(user, kind).await;
        within(60, guest.join(room)).await.unwrap();
        readers.push(Reader::new(events, room));
        guests.push(guest);
    }
    writer.post(room, "before").await.unwrap().posted().await.unwrap();
    let status = tokio::task::block_in_place(|| server.stop());
    assert!(status.success(), "{status}");
    writer.post(room, "between").await.unwrap();
    server.start_again();
    for reader in &mut readers {
        assert_eq!(reader.read(2, 60).await, ["before", "between"]);
        reader.was_told_goodbye();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_login_ends_is_told_so_and_stops() {
    let server = Server::start();
    let api = server.api();
    for kind in ALL {
        let login = api.login("user1", "123", "test").await.unwrap();
        let mut config = server.config("user1", kind);
        config.credentials = Credentials::Token(login.token.clone());
        let (client, mut events) = Client::connect(config).await.unwrap();
        within(60, client.online()).await.unwrap();
        api.logout(&login.token).await.unwrap();
        let failure = within(60, async {
            loop {
                match events.next().await.expect("an end with a reason") {
                    Event::State(State::LoggedOut(failure)) => return failure,
                    Event::State(State::Stopped(failure)) => panic!("{kind}: {failure}"),
                    _ => {}
                }
            }
        })
        .await;
        assert_eq!(failure.known().map(Code::action), Some(rill_protocol::Action::Login), "{kind}: {failure}");
        assert!(within(60, client.create_room("x")).await.is_err(), "{kind}: nothing is asked any more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_ticket_is_refused_and_a_fresh_one_is_good() {
    let server = Server::start();
    let api = server.api();
    let login = api.login("user1", "123", "test").await.unwrap();
    let ticket = api.tickets(&login.token, 1).await.unwrap()[0];
    for kind in ALL {
        let with = |tickets| {
            let config = server.config("user1", kind);
            Client::connect(Config { credentials: Credentials::Tickets(tickets), ..config })
        };
        let fresh = api.tickets(&login.token, 1).await.unwrap();
        let (client, _events) = with(fresh.clone()).await.unwrap();
        within(60, client.online()).await.unwrap();
        client.close().await;
        let (client, _events) = with(fresh).await.unwrap();
        let error = within(60, client.online()).await.unwrap_err();
        let rill_client::Error::Refused(failure) = error else { panic!("{kind}: {error}") };
        assert_eq!(failure.known(), Some(Code::BadTicket), "{kind}");
    }
    // The one that was never used still is.
    let config = server.config("user1", TransportKind::Quic);
    let (client, _events) =
        Client::connect(Config { credentials: Credentials::Tickets(vec![ticket]), ..config }).await.unwrap();
    within(60, client.online()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_left_is_silent_and_comes_back_whole() {
    let server = Server::start();
    for kind in ALL {
        let (host, _host_events) = server.client("user1", kind).await;
        let (guest, mut guest_events) = server.client("user2", kind).await;
        let room = within(60, host.create_room(kind.as_str())).await.unwrap().id;
        within(60, guest.join(room)).await.unwrap();
        within(60, guest.leave(room)).await.unwrap();
        within(60, async { while !matches!(guest_events.next().await, Some(Event::RoomRemoved(id)) if id == room) {} })
            .await;
        let refused = guest.post(room, "from outside").await.unwrap();
        let rill_client::Error::Refused(failure) = within(60, refused.posted()).await.unwrap_err() else {
            panic!("{kind}: not refused")
        };
        assert_eq!(failure.known(), Some(Code::NotAMember), "{kind}");
        let receipt = host.post(room, "while away").await.unwrap();
        within(60, receipt.posted()).await.unwrap();
        within(60, guest.join(room)).await.unwrap();
        let mut reader = Reader::new(guest_events, room);
        let receipt = host.post(room, "back").await.unwrap();
        within(60, receipt.posted()).await.unwrap();
        assert_eq!(reader.read(1, 60).await, ["back"], "{kind}");
        reader.read_nothing_more(100).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_waits_for_nobody_and_ends_the_stream_of_events() {
    let mut server = Server::start();
    for kind in ALL {
        let (client, mut events) = server.client("user1", kind).await;
        assert!(client.round_trip().is_none_or(|trip| trip < Duration::from_secs(20)));
        within(15, client.close()).await;
        let mut last = None;
        while let Some(event) = events.next().await {
            last = Some(event);
        }
        assert!(matches!(last, Some(Event::State(State::Closed))), "{kind}: {last:?}");
    }
    server.kill();
    let (client, _events) = Client::connect({
        let mut config = server.config("user1", TransportKind::Quic);
        config.credentials = Credentials::Token("x".to_owned());
        config.endpoints = Some(rill_client::Endpoints {
            websocket: "ws://127.0.0.1:1/".parse().unwrap(),
            quic: Some(rill_client::Endpoints::quic_at(server.ready.quic, Vec::new())),
        });
        config
    })
    .await
    .unwrap();
    within(15, client.close()).await;
}
