//! Rooms and messages over HTTP.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{Server, code};

for_each_version! {
    a_room_from_its_making_to_the_last_one_leaving
    rooms_are_listed_newest_first_in_pages
    requests_that_make_no_sense
}

const KEYS: [&str; 5] = [
    "01890a5d-ac96-774b-bcce-b302099a8051",
    "01890a5d-ac96-774b-bcce-b302099a8052",
    "01890a5d-ac96-774b-bcce-b302099a8053",
    "01890a5d-ac96-774b-bcce-b302099a8054",
    "01890a5d-ac96-774b-bcce-b302099a8055",
];

async fn a_room_from_its_making_to_the_last_one_leaving() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let (status, made) = server.change(&ann, KEYS[0], "/api/v1/rooms", &json!({ "name": "技术交流" })).await;
    assert_eq!((status, &made["room"]["name"]), (StatusCode::CREATED, &json!("技术交流")));
    let room = made["room"]["id"].as_str().unwrap();
    let path = |rest: &str| format!("/api/v1/rooms/{room}/{rest}");

    let again = server.change(&ann, KEYS[0], "/api/v1/rooms", &json!({ "name": "技术交流" })).await;
    assert_eq!(again.1["room"]["id"], room);
    let other = server.change(&ann, KEYS[0], "/api/v1/rooms", &json!({ "name": "another" })).await;
    assert_eq!(code(&other), "key_reused");

    assert_eq!(code(&server.get(&bob, &path("messages")).await), "not_a_member");
    assert_eq!(code(&server.change(&bob, KEYS[1], &path("messages"), &json!({ "text": "hi" })).await), "not_a_member");
    assert_eq!(server.change(&bob, KEYS[2], &path("join"), &json!({})).await.1["room"]["members"], 2);
    let (status, posted) = server.change(&bob, KEYS[3], &path("messages"), &json!({ "text": "你好" })).await;
    assert_eq!((status, &posted["replay"], &posted["seq"]), (StatusCode::CREATED, &json!("first"), &json!(4)));
    let (status, again) = server.change(&bob, KEYS[3], &path("messages"), &json!({ "text": "你好" })).await;
    assert_eq!((status, &again["replay"], &again["seq"]), (StatusCode::OK, &json!("same"), &json!(4)));

    let (_, page) = server.get(&ann, &path("messages?limit=2")).await;
    let kinds: Vec<&Value> = page["messages"].as_array().unwrap().iter().map(|message| &message["kind"]).collect();
    assert_eq!(kinds, ["joined", "text"]);
    assert_eq!(page["next"], 3);
    let (_, page) = server.get(&ann, &path("messages?before=3")).await;
    assert_eq!((page["messages"].as_array().unwrap().len(), &page["next"]), (2, &Value::Null));

    let (_, members) = server.get(&ann, &path("members?limit=1")).await;
    assert_eq!((members["members"][0]["name"].as_str(), &members["more"]), (Some("ann"), &json!(true)));
    let after = members["members"][0]["user"].as_str().unwrap();
    let (_, members) = server.get(&ann, &path(&format!("members?after={after}"))).await;
    assert_eq!((members["members"][0]["name"].as_str(), &members["more"]), (Some("bob"), &json!(false)));

    assert_eq!(server.change(&bob, KEYS[4], &path("leave"), &json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code(&server.get(&bob, &path("messages")).await), "not_a_member");
    server.stop().await;
}

async fn rooms_are_listed_newest_first_in_pages() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for (key, name) in KEYS.iter().zip(["one", "two", "three", "four", "five"]) {
        server.change(&ann, key, "/api/v1/rooms", &json!({ "name": name })).await;
    }
    let names = |page: &Value| -> Vec<String> {
        page["rooms"].as_array().unwrap().iter().map(|room| room["name"].as_str().unwrap().into()).collect()
    };
    let (_, first) = server.get(&ann, "/api/v1/rooms?limit=3").await;
    assert_eq!((names(&first), &first["more"]), (vec!["five".into(), "four".into(), "three".into()], &json!(true)));
    let after = first["rooms"][2]["id"].as_str().unwrap();
    let (_, second) = server.get(&ann, &format!("/api/v1/rooms?after={after}")).await;
    assert_eq!((names(&second), &second["more"]), (vec!["two".into(), "one".into()], &json!(false)));
    server.stop().await;
}

async fn requests_that_make_no_sense() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let nowhere = "/api/v1/rooms/01890A5DAC96774BBCCEB30209/messages";
    for (answer, expected) in [
        (server.get("", "/api/v1/rooms").await, "not_logged_in"),
        (server.get("nonsense", "/api/v1/rooms").await, "not_logged_in"),
        (server.get(&ann, "/api/v1/nothing").await, "not_found"),
        (server.get(&ann, "/api/v1/rooms?limit=x").await, "bad_request"),
        (server.get(&ann, "/api/v1/rooms?after=x").await, "bad_request"),
        (server.get(&ann, nowhere).await, "no_such_room"),
        (server.get(&ann, "/api/v1/rooms/x/messages").await, "no_such_room"),
        (server.get(&ann, &format!("{nowhere}?before=1&after=2")).await, "bad_request"),
        (server.post(&ann, "/api/v1/rooms", &json!({ "name": "no key" })).await, "bad_request"),
        (server.change(&ann, KEYS[0], "/api/v1/rooms", &json!({ "name": "" })).await, "bad_room_name"),
        (server.change(&ann, KEYS[0], "/api/v1/rooms", &json!({ "name": "x".repeat(65) })).await, "bad_room_name"),
        (server.change(&ann, KEYS[0], nowhere, &json!({ "text": "x".repeat(16_385) })).await, "text_too_long"),
        (server.change(&ann, KEYS[0], nowhere, &json!({ "text": "x".repeat(200_000) })).await, "frame_too_long"),
    ] {
        assert_eq!(code(&answer), expected, "{answer:?}");
    }
    server.stop().await;
}
