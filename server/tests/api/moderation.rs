//! Messages that are removed, what is reported, and what administrators do about it and leave
//! behind in their log.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Server, answer, code};

fn key(number: u32) -> String {
    format!("01890a5d-ac96-774b-bcce-{number:012x}")
}

async fn id(server: &Server, token: &str) -> String {
    server.get(token, "/api/v1/me").await.1["user"]["id"].as_str().unwrap().to_owned()
}

async fn remove(server: &Server, token: &str, number: u32, path: &str) -> (StatusCode, Value) {
    let request = server.request(Method::DELETE, path).bearer_auth(token).header("Idempotency-Key", key(number));
    answer(request).await
}

/// Of `ann`, who is an administrator, `bob` and `eve`: their tokens, and a room of bob's with eve.
async fn stage(server: &Server) -> ([String; 3], String) {
    let mut tokens = Vec::new();
    for name in ["ann", "bob", "eve"] {
        tokens.push(server.register(name).await);
    }
    let (_, made) = server.change(&tokens[1], &key(1), "/api/v1/rooms", &json!({ "name": "room" })).await;
    let room = made["room"]["id"].as_str().unwrap().to_owned();
    server.change(&tokens[2], &key(2), &format!("/api/v1/rooms/{room}/join"), &json!({})).await;
    (tokens.try_into().unwrap(), room)
}

async fn post(server: &Server, token: &str, number: u32, room: &str, text: &str) -> u64 {
    let path = format!("/api/v1/rooms/{room}/messages");
    let (status, posted) = server.change(token, &key(number), &path, &json!({ "text": text })).await;
    assert_eq!(status, StatusCode::CREATED, "{posted}");
    posted["seq"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_removed_by_its_author_and_by_an_administrator_who_is_no_member() {
    let server = Server::start().await;
    let ([ann, bob, eve], room) = stage(&server).await;
    let own = post(&server, &eve, 3, &room, "a slip").await;
    let other = post(&server, &bob, 4, &room, "an insult").await;
    let at = |seq: u64| format!("/api/v1/rooms/{room}/messages/{seq}");
    assert_eq!(remove(&server, &eve, 5, &at(own)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(remove(&server, &eve, 5, &at(own)).await.0, StatusCode::NO_CONTENT, "again");
    for (token, path, expected) in [
        (&eve, at(other), "role_needed"),
        (&ann, at(other), "not_a_member"),
        (&eve, at(99), "no_such_message"),
        (&eve, format!("/api/v1/rooms/{room}/messages/first"), "no_such_message"),
        (&eve, "/api/v1/rooms/x/messages/1".to_owned(), "no_such_room"),
    ] {
        assert_eq!(code(&remove(&server, token, 6, &path).await), expected, "{path}");
    }
    let keyless = answer(server.request(Method::DELETE, &at(other)).bearer_auth(&bob)).await;
    assert_eq!(code(&keyless), "bad_request");

    let admin = |seq: &str| format!("/api/v1/admin/rooms/{room}/messages/{seq}");
    let as_admin = async |seq: &str| answer(server.request(Method::DELETE, &admin(seq)).bearer_auth(&ann)).await;
    assert_eq!(as_admin(&other.to_string()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(as_admin(&other.to_string()).await.0, StatusCode::NO_CONTENT, "again");
    assert_eq!(code(&as_admin("99").await), "no_such_message");
    assert_eq!(code(&as_admin("x").await), "no_such_message");
    let (_, page) = server.get(&bob, &format!("/api/v1/rooms/{room}/messages")).await;
    let lines: Vec<_> = page["messages"].as_array().unwrap().iter().skip(3).collect();
    assert_eq!(lines.len(), 2, "{page}");
    assert!(lines.iter().all(|line| line["kind"] == "erased" && line["text"] == ""), "{page}");

    let (_, audit) = server.get(&ann, "/api/v1/admin/audit").await;
    let entry = &audit["entries"][0];
    assert_eq!((&entry["act"], &entry["outcome"]), (&json!("message_removed"), &json!("done")), "{audit}");
    assert_eq!((&entry["by"]["name"], &entry["user"]["name"]), (&json!("ann"), &json!("bob")));
    assert_eq!((&entry["room"], &entry["message"]), (&json!(room), &json!(other)));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_reaches_the_administrators_with_what_was_said_and_is_closed() {
    let server = Server::start().await;
    let ([ann, bob, eve], room) = stage(&server).await;
    let (bobs, eves) = (id(&server, &bob).await, id(&server, &eve).await);
    let seq = post(&server, &bob, 3, &room, "an insult").await;
    let report = |number: u32, body: Value| {
        let (server, eve) = (&server, &eve);
        async move { server.change(eve, &key(number), "/api/v1/reports", &body).await }
    };
    let message = |seq: u64| json!({ "room": room, "seq": seq });
    let good = json!({ "user": bobs, "message": message(seq), "reason": " rude\nvery " });
    assert_eq!(report(10, good.clone()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(report(10, good.clone()).await.0, StatusCode::NO_CONTENT, "a retry");
    for (body, expected) in [
        (json!({ "user": bobs, "reason": "another" }), "key_reused"),
        (json!({ "user": eves, "reason": "x" }), "oneself"),
        (json!({ "user": "nobody", "reason": "x" }), "no_such_user"),
        (json!({ "user": room, "reason": "x" }), "no_such_user"),
        (json!({ "user": bobs, "reason": " \n" }), "bad_reason"),
        (json!({ "user": bobs, "reason": "x".repeat(1_001) }), "bad_reason"),
        (json!({ "user": bobs, "reason": "turned \u{202e} around" }), "bad_reason"),
        (json!({ "user": bobs, "message": message(99), "reason": "x" }), "no_such_message"),
        (json!({ "user": bobs, "message": message(1), "reason": "x" }), "no_such_message"),
        (json!({ "user": bobs, "message": { "room": bobs, "seq": 1 }, "reason": "x" }), "no_such_room"),
        (json!({ "user": bobs, "message": message(seq) }), "bad_request"),
    ] {
        let answered = report(10, body.clone()).await;
        assert_eq!(code(&answered), expected, "{body}: {answered:?}");
    }
    assert_eq!(report(11, json!({ "user": bobs, "reason": "in general" })).await.0, StatusCode::NO_CONTENT);

    // What was said stays for the administrators, although it is removed.
    remove(&server, &bob, 20, &format!("/api/v1/rooms/{room}/messages/{seq}")).await;
    let reports = async |query: &str| server.get(&ann, &format!("/api/v1/admin/reports{query}")).await.1;
    let open = reports("").await;
    let first = &open["reports"][0];
    assert_eq!((open["reports"].as_array().unwrap().len(), &open["more"]), (2, &json!(false)), "{open}");
    assert_eq!((&first["reporter"]["name"], &first["user"]["name"]), (&json!("eve"), &json!("bob")));
    assert_eq!((&first["reason"], &first["quote"]["text"]), (&json!("rude\nvery"), &json!("an insult")));
    assert_eq!((&first["message"]["seq"], &first["message"]["room_name"]), (&json!(seq), &json!("room")));
    assert_eq!(reports("?limit=1").await["more"], true);
    assert_eq!(reports("?after=1").await["reports"][0]["number"], 2);

    let close = async |number: &str, body: Value| {
        server.post(&ann, &format!("/api/v1/admin/reports/{number}/close"), &body).await
    };
    let how = json!({ "outcome": "message_removed", "note": "warned" });
    let (status, closed) = close("1", how.clone()).await;
    assert_eq!((status, &closed["quote"]), (StatusCode::OK, &Value::Null));
    assert_eq!((&closed["closed"]["by"], &closed["closed"]["note"]), (&json!("ann"), &json!("warned")));
    assert_eq!(close("1", json!({ "outcome": "other" })).await.1["closed"]["outcome"], "message_removed", "once");
    assert_eq!(code(&close("99", how.clone()).await), "not_found");
    assert_eq!(code(&close("x", how.clone()).await), "not_found");
    assert_eq!(code(&close("2", json!({ "outcome": "burnt" })).await), "bad_request");
    assert_eq!(code(&close("2", json!({ "outcome": "other", "note": "x".repeat(251) })).await), "bad_request");
    assert_eq!(reports("").await["reports"].as_array().unwrap().len(), 1);
    assert_eq!(reports("?state=closed").await["reports"][0]["number"], 1);
    assert_eq!(code(&server.get(&ann, "/api/v1/admin/reports?state=burnt").await), "bad_request");
    let (_, audit) = server.get(&ann, "/api/v1/admin/audit?limit=1").await;
    let entry = &audit["entries"][0];
    assert_eq!(
        (&entry["act"], &entry["report"], &entry["detail"]),
        (&json!("report_closed"), &json!(1), &json!("warned"))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_administrators_do_is_written_down_and_cannot_be_changed() {
    let server = Server::start().await;
    let ([ann, bob, _], _) = stage(&server).await;
    let admin = async |method: Method, path: &str, body: Value| {
        let request = server.request(method, &format!("/api/v1/admin/{path}")).bearer_auth(&ann);
        answer(if body.is_null() { request } else { request.json(&body) }).await
    };
    admin(Method::POST, "users", json!({ "username": "zoe" })).await;
    admin(Method::POST, "users", json!({ "username": "zoe" })).await;
    admin(Method::POST, "users/zoe/disable", Value::Null).await;
    admin(Method::POST, "users/zoe/enable", Value::Null).await;
    admin(Method::POST, "users/nobody/disable", Value::Null).await;
    admin(Method::POST, "users/zoe/reset-password", Value::Null).await;
    admin(Method::POST, "users/zoe/role", json!({ "administrator": true })).await;
    admin(Method::POST, "users/zoe/role", json!({ "administrator": false })).await;
    admin(Method::POST, "users/ann/role", json!({ "administrator": false })).await;
    admin(Method::DELETE, "users/zoe/sessions", Value::Null).await;
    let (_, made) = admin(Method::POST, "invitations", json!({})).await;
    admin(Method::DELETE, &format!("invitations/{}", made["id"].as_str().unwrap()), Value::Null).await;

    let (_, audit) = server.get(&ann, "/api/v1/admin/audit").await;
    let mut entries = audit["entries"].as_array().unwrap().clone();
    entries.reverse();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let lines: Vec<String> = entries
        .iter()
        .map(|entry| [&entry["act"], &entry["user"]["name"], &entry["outcome"]].map(word).join(" "))
        .collect();
    let expected = [
        "account_made zoe done",
        "account_made - failed",
        "account_disabled zoe done",
        "account_enabled zoe done",
        "password_reset zoe done",
        "role_given zoe done",
        "role_taken zoe done",
        "role_taken ann failed",
        "logins_ended zoe done",
        "invitation_made - done",
        "invitation_revoked - done",
    ];
    assert_eq!(lines, expected);
    assert!(entries.iter().zip(1..).all(|(entry, seq)| entry["seq"] == seq && entry["by"]["name"] == "ann"));
    assert!(!audit.to_string().contains(made["invitation"].as_str().unwrap()), "no secret is written down");
    let (_, page) = server.get(&ann, "/api/v1/admin/audit?before=4&limit=2").await;
    assert_eq!((&page["entries"][0]["seq"], &page["more"]), (&json!(3), &json!(true)));
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let refused = admin(method, "audit", Value::Null).await;
        assert_eq!(code(&refused), "method_not_allowed");
    }
    assert_eq!(code(&server.get(&bob, "/api/v1/admin/audit").await), "not_administrator");
    assert_eq!(code(&server.get(&ann, "/api/v1/admin/audit?before=x").await), "bad_request");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_deleted_by_an_administrator_who_is_no_member() {
    let server = Server::start().await;
    let ([ann, bob, eve], room) = stage(&server).await;
    let seq = post(&server, &eve, 3, &room, "the last word").await;
    let delete = async |token: &str, room: &str| {
        answer(server.request(Method::DELETE, &format!("/api/v1/admin/rooms/{room}")).bearer_auth(token)).await
    };
    assert_eq!(code(&delete(&bob, &room).await), "not_administrator");
    assert_eq!(code(&delete(&ann, "x").await), "no_such_room");
    assert_eq!(code(&delete(&ann, &id(&server, &bob).await).await), "no_such_room");
    for _ in 0..2 {
        assert_eq!(delete(&ann, &room).await.0, StatusCode::NO_CONTENT);
    }
    for path in ["messages", "members", "files", &format!("files/{seq}")] {
        let path = format!("/api/v1/rooms/{room}/{path}");
        let refused = server.get(&bob, &path).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::GONE, "room_deleted"), "{path}");
    }
    let late = server.change(&bob, &key(9), &format!("/api/v1/rooms/{room}/messages"), &json!({ "text": "x" })).await;
    assert_eq!(code(&late), "room_deleted");
    let join = server.change(&ann, &key(10), &format!("/api/v1/rooms/{room}/join"), &json!({})).await;
    assert_eq!(code(&join), "room_deleted");
    let again = server.change(&bob, &key(1), "/api/v1/rooms", &json!({ "name": "room" })).await;
    assert_eq!(code(&again), "room_deleted", "a late retry makes no second room");
    let (_, rooms) = server.get(&bob, "/api/v1/rooms").await;
    assert!(!rooms.to_string().contains(&room), "{rooms}");

    let (_, audit) = server.get(&ann, "/api/v1/admin/audit").await;
    let entries = audit["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{audit}");
    let entry = &entries[0];
    assert_eq!((&entry["act"], &entry["outcome"]), (&json!("room_deleted"), &json!("done")), "{audit}");
    assert_eq!((&entry["room"], &entry["detail"], &entry["message"]), (&json!(room), &json!("room"), &Value::Null));
    server.stop().await;
}
