//! Register, log in, log out, tickets.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::server::{Server, answer, code, send};

for_each_version! {
    an_account_from_its_making_to_its_logout
    one_name_raced_by_many_makes_one_account
    credentials_that_are_refused
}

async fn an_account_from_its_making_to_its_logout() {
    let server = Server::start().await;
    let free = server.get("", "/api/v1/usernames/Alice").await;
    assert_eq!(free, (StatusCode::OK, json!({ "name": "Alice", "available": true, "code": null })));

    let credentials = json!({ "username": "Alice", "password": "correct horse", "client": "test" });
    let response = send(server.request(Method::POST, "/api/v1/register").json(&credentials)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");

    let taken = json!({ "username": "aLICE", "password": "correct horse" });
    assert_eq!(code(&server.post("", "/api/v1/register", &taken).await), "username_taken");
    assert_eq!(server.get("", "/api/v1/usernames/ALICE").await.1["code"], "username_taken");

    let wrong = json!({ "username": "Alice", "password": "wrong horse" });
    assert_eq!(code(&server.post("", "/api/v1/login", &wrong).await), "bad_login");
    let nobody = json!({ "username": "Nobody", "password": "wrong horse" });
    assert_eq!(server.post("", "/api/v1/login", &nobody).await, server.post("", "/api/v1/login", &wrong).await);

    let pair = cookie.split(';').next().unwrap();
    let me = answer(server.request(Method::GET, "/api/v1/me").header(header::COOKIE, pair)).await;
    assert_eq!(me.1["user"]["name"], "Alice");

    let (_, login) = server.post("", "/api/v1/login", &credentials).await;
    let token = login["token"].as_str().unwrap();
    let (status, tickets) = server.post(token, "/api/v1/tickets", &json!({ "count": 2 })).await;
    assert_eq!((status, tickets["tickets"].as_array().unwrap().len()), (StatusCode::OK, 2));
    assert_eq!(code(&server.post(token, "/api/v1/tickets", &json!({ "count": 5 })).await), "too_many");

    assert_eq!(server.post(token, "/api/v1/logout", &json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code(&server.get(token, "/api/v1/me").await), "not_logged_in");
    let other_device = answer(server.request(Method::GET, "/api/v1/me").header(header::COOKIE, pair)).await;
    assert_eq!(other_device.0, StatusCode::OK);
    server.stop().await;
}

async fn one_name_raced_by_many_makes_one_account() {
    let server = Server::start().await;
    let body = json!({ "username": "raced", "password": "correct horse" });
    let (a, b, c, d) = tokio::join!(
        server.post("", "/api/v1/register", &body),
        server.post("", "/api/v1/register", &body),
        server.post("", "/api/v1/register", &body),
        server.post("", "/api/v1/register", &body),
    );
    let made = [&a, &b, &c, &d].into_iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    assert_eq!(made, 1);
    server.stop().await;
}

async fn credentials_that_are_refused() {
    let server = Server::start().await;
    for (name, password, expected) in [
        ("a", "correct horse", "bad_username"),
        ("a b", "correct horse", "bad_username"),
        ("alice", "short", "bad_password"),
        ("alice", &"x".repeat(1_025), "bad_password"),
    ] {
        let body = json!({ "username": name, "password": password });
        let refused = server.post("", "/api/v1/register", &body).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::UNPROCESSABLE_ENTITY, expected), "{name:?}");
    }
    for body in [json!({}), json!({ "username": "alice" }), json!({ "username": 1, "password": 2 }), json!([])] {
        assert_eq!(code(&server.post("", "/api/v1/register", &body).await), "bad_request");
    }
    server.stop().await;
}
