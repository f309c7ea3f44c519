//! A chat of two over HTTP: like another room for both, and none for everybody else.

use bytes::Bytes;
use reqwest::{Method, StatusCode};
use rill_client::{Client, Config, Credentials, TransportKind, Trust};
use serde_json::json;

use crate::server::{Server, answer, code};

for_each_version! {
    nobody_but_the_two_sees_their_chat
}

const KEYS: [&str; 3] = [
    "01890a5d-ac96-774b-bcce-b302099a8051",
    "01890a5d-ac96-774b-bcce-b302099a8052",
    "01890a5d-ac96-774b-bcce-b302099a8053",
];

async fn client(server: &Server, token: &str) -> Client {
    let url = format!("http://{}", server.ready.http).parse().unwrap();
    let mut config = Config::new(url, TransportKind::WebSocket, Credentials::Token(token.to_owned()));
    config.trust = Trust::hashes_only();
    let (client, _events) = Client::connect(config).await.unwrap();
    client.online().await.unwrap();
    client
}

async fn nobody_but_the_two_sees_their_chat() {
    let server = Server::start().await;
    // The first one is the administrator, who sees nothing of it either.
    let eve = server.register("eve").await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let (anns, bobs) = (client(&server, &ann).await, client(&server, &bob).await);
    let room = anns.open_private_chat(bobs.user().unwrap()).await.unwrap().id;
    let path = |rest: &str| format!("/api/v1/rooms/{room}{rest}");

    let text = json!({ "text": "between us" });
    assert_eq!(server.change(&ann, KEYS[0], &path("/messages"), &text).await.0, StatusCode::CREATED);
    let (_, page) = server.get(&bob, &path("/messages?limit=1")).await;
    assert_eq!(page["messages"][0]["text"], "between us");
    let (_, members) = server.get(&bob, &path("/members")).await;
    assert_eq!(members["members"].as_array().map(Vec::len), Some(2));
    assert_eq!(code(&server.change(&bob, KEYS[1], &path("/leave"), &json!({})).await), "private_chat");
    let picture = server.request(Method::PUT, &path("/avatar")).bearer_auth(&ann).body(Bytes::from_static(b"x"));
    assert_eq!(code(&answer(picture.header("idempotency-key", KEYS[2])).await), "private_chat");

    for who in [&ann, &eve] {
        let (_, list) = server.get(who, "/api/v1/rooms").await;
        assert_eq!(list["rooms"], json!([]));
    }
    for (answer, what) in [
        (server.get(&eve, &path("/messages")).await, "messages"),
        (server.get(&eve, &path("/members")).await, "members"),
        (server.get(&eve, &path("/files")).await, "files"),
        (server.change(&eve, KEYS[0], &path("/messages"), &text).await, "post"),
        (server.change(&eve, KEYS[1], &path("/join"), &json!({})).await, "join"),
        (server.change(&eve, KEYS[2], &path("/leave"), &json!({})).await, "leave"),
    ] {
        assert_eq!(code(&answer), "no_such_room", "{what}: {answer:?}");
    }
    let file = server.get(&eve, &path("/files/4")).await;
    assert!(["no_such_room", "no_such_file"].contains(&code(&file)), "{file:?}");
    server.stop().await;
}
