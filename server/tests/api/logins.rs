//! A user's logins: seen, ended, and ended by a change of the password; with the
//! connections that hang on them.

use reqwest::{Method, StatusCode, header};
use rill_client::{Client, Config, Credentials, Event, Events, State, TransportKind, Trust};
use rill_protocol::Code;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

use crate::server::{Server, answer, code, send};

/// As long as a connection may outlive its login.
const CLOSED_WITHIN: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(60);

async fn login(server: &Server, name: &str, client: &str) -> (String, String) {
    let body = json!({ "username": name, "password": "correct horse", "client": client });
    let (_, login) = server.post("", "/api/v1/login", &body).await;
    (login["token"].as_str().unwrap().to_owned(), login["session"].as_str().unwrap().to_owned())
}

async fn sessions(server: &Server, token: &str) -> Vec<Value> {
    server.get(token, "/api/v1/sessions").await.1["sessions"].as_array().unwrap().clone()
}

async fn delete(server: &Server, token: &str, path: &str) -> (StatusCode, Value) {
    answer(server.request(Method::DELETE, path).bearer_auth(token)).await
}

/// A client that is online.
async fn online(server: &Server, token: &str, transport: TransportKind) -> (Client, Events) {
    let url = format!("http://{}", server.ready.http).parse().unwrap();
    let mut config = Config::new(url, transport, Credentials::Token(token.to_owned()));
    config.trust = Trust::hashes_only();
    let (client, mut events) = Client::connect(config).await.unwrap();
    let state = timeout(PATIENCE, async {
        loop {
            if let Some(Event::State(state @ State::Online { .. })) = events.next().await {
                return state;
            }
        }
    });
    state.await.unwrap();
    (client, events)
}

/// The code with which a client was told to log in again.
async fn logged_out(events: &mut Events) -> Option<Code> {
    let told = timeout(CLOSED_WITHIN, async {
        loop {
            match events.next().await {
                Some(Event::State(State::LoggedOut(failure))) => return Code::from_number(failure.code),
                Some(_) => {}
                None => panic!("the client ended without a word"),
            }
        }
    });
    told.await.expect("the connection outlives its login")
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_listed_and_ended() {
    let server = Server::start().await;
    let first = server.register("ann").await;
    let (second, second_id) = login(&server, "ann", "Firefox\r\nSet-Cookie: a=b\u{202E}").await;
    let other = server.register("bob").await;

    let listed = sessions(&server, &second).await;
    assert_eq!(listed.len(), 2);
    let own = listed.iter().find(|session| session["current"] == true).unwrap();
    assert_eq!((own["id"].as_str(), own["client"].as_str()), (Some(&*second_id), Some("Firefox  Set-Cookie: a=b")));
    assert!(own["used_ms"].as_u64() >= own["created_ms"].as_u64());
    assert!(!format!("{listed:?}").contains(second.split('.').nth(1).unwrap()), "no token is told");

    let path = format!("/api/v1/sessions/{second_id}");
    assert_eq!(code(&delete(&server, &other, &path).await), "not_found", "it is not bob's");
    assert_eq!(code(&delete(&server, &first, "/api/v1/sessions/x").await), "not_found");
    assert_eq!(delete(&server, &first, &path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code(&server.get(&second, "/api/v1/me").await), "not_logged_in");
    assert_eq!(code(&delete(&server, &first, &path).await), "not_found");

    let (third, _) = login(&server, "ann", "").await;
    login(&server, "ann", "").await;
    assert_eq!(delete(&server, &third, "/api/v1/sessions").await.1["ended"], 2);
    assert_eq!(sessions(&server, &third).await.len(), 1);
    assert_eq!(code(&server.get(&first, "/api/v1/me").await), "not_logged_in");
    assert_eq!(server.get(&other, "/api/v1/me").await.0, StatusCode::OK);

    let own_id = sessions(&server, &third).await[0]["id"].as_str().unwrap().to_owned();
    let ended = send(server.request(Method::DELETE, &format!("/api/v1/sessions/{own_id}")).bearer_auth(&third)).await;
    assert!(ended.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "one's own is a logout");
    assert_eq!(code(&server.get("", "/api/v1/sessions").await), "not_logged_in");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_other_logins_with_their_connections_and_tickets() {
    let server = Server::start().await;
    let here = server.register("ann").await;
    let (there, _) = login(&server, "ann", "phone").await;
    let (_, tickets) = server.post(&there, "/api/v1/tickets", &json!({ "count": 1 })).await;
    let change = async |token: &str, current: &str, new: &str| {
        server.post(token, "/api/v1/password", &json!({ "current": current, "new": new })).await
    };
    for (current, new, expected) in [
        ("wrong horse", "battery staple", "wrong_password"),
        ("", "battery staple", "wrong_password"),
        (&*"x".repeat(2_000), "battery staple", "wrong_password"),
        ("correct horse", "short", "bad_password"),
        ("correct horse", "password123", "common_password"),
    ] {
        assert_eq!(code(&change(&here, current, new).await), expected, "{current} {new}");
    }
    assert_eq!(server.get(&there, "/api/v1/me").await.0, StatusCode::OK, "a refused change changes nothing");

    let (own, mut own_events) = online(&server, &here, TransportKind::WebSocket).await;
    let (_socket, mut socket_events) = online(&server, &there, TransportKind::WebSocket).await;
    let (_quic, mut quic_events) = online(&server, &there, TransportKind::Quic).await;
    assert_eq!(change(&here, "correct horse", "battery staple").await.0, StatusCode::NO_CONTENT);
    assert_eq!(logged_out(&mut socket_events).await, Some(Code::SessionRevoked));
    assert_eq!(logged_out(&mut quic_events).await, Some(Code::SessionRevoked));
    assert_eq!(code(&server.get(&there, "/api/v1/me").await), "not_logged_in");
    assert_eq!(server.get(&here, "/api/v1/me").await.0, StatusCode::OK);
    assert!(own.create_room("still here").await.is_ok());
    own.close().await;
    while let Some(event) = own_events.next().await {
        assert!(!matches!(event, Event::State(State::LoggedOut(_))), "{event:?}");
    }

    let ticket = tickets["tickets"][0].as_str().unwrap().parse().unwrap();
    let url = format!("http://{}", server.ready.http).parse().unwrap();
    let late = Config::new(url, TransportKind::WebSocket, Credentials::Tickets(vec![ticket]));
    let (_late, mut late_events) = Client::connect(late).await.unwrap();
    assert_eq!(logged_out(&mut late_events).await, Some(Code::BadTicket));
    let old = json!({ "username": "ann", "password": "correct horse" });
    assert_eq!(code(&server.post("", "/api/v1/login", &old).await), "bad_login");
    let new = json!({ "username": "ann", "password": "battery staple" });
    assert_eq!(server.post("", "/api/v1/login", &new).await.0, StatusCode::OK);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_change_one_password_at_once_one_is_told() {
    let server = Server::start().await;
    let here = server.register("ann").await;
    let change = |new: &'static str| json!({ "current": "correct horse", "new": new });
    let (one, two) = (change("battery staple"), change("another horse"));
    let (one, two) =
        tokio::join!(server.post(&here, "/api/v1/password", &one), server.post(&here, "/api/v1/password", &two));
    let changed = [&one, &two].iter().filter(|(status, _)| *status == StatusCode::NO_CONTENT).count();
    let told = [&one, &two].iter().filter(|answer| code(answer) == "wrong_password").count();
    assert_eq!((changed, told), (1, 1), "{one:?} {two:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_accounts_connections_close() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let mut connected = Vec::new();
    for transport in [TransportKind::WebSocket, TransportKind::Quic, TransportKind::WebTransport] {
        connected.push(online(&server, &bob, transport).await);
    }
    let disable = server.request(Method::POST, "/api/v1/admin/users/bob/disable").bearer_auth(&ann);
    assert_eq!(answer(disable).await.0, StatusCode::NO_CONTENT);
    for (_client, events) in &mut connected {
        assert_eq!(logged_out(events).await, Some(Code::AccountDisabled));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_an_administrator_ends_is_over() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let (_other, other_id) = login(&server, "bob", "phone").await;
    let (_client, mut events) = online(&server, &bob, TransportKind::WebSocket).await;
    let path = "/api/v1/admin/users/bob/sessions";
    let (_, listed) = server.get(&ann, path).await;
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(delete(&server, &ann, &format!("{path}/{other_id}")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code(&delete(&server, &ann, &format!("{path}/{other_id}")).await), "not_found");
    assert_eq!(delete(&server, &ann, path).await.1["ended"], 1);
    assert_eq!(logged_out(&mut events).await, Some(Code::SessionRevoked));
    server.stop().await;
}
