//! What administrators do with accounts, and that others cannot.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Server, answer, code};

async fn login(server: &Server, name: &str, password: &str) -> (StatusCode, Value) {
    server.post("", "/api/v1/login", &json!({ "username": name, "password": password })).await
}

async fn act(server: &Server, token: &str, path: &str) -> (StatusCode, Value) {
    answer(server.request(Method::POST, &format!("/api/v1/admin/{path}")).bearer_auth(token)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_of_administrators_is_closed_to_everybody_else() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    for (method, path) in [
        (Method::GET, "users"),
        (Method::POST, "users"),
        (Method::POST, "users/ann/disable"),
        (Method::POST, "users/ann/enable"),
        (Method::POST, "users/ann/reset-password"),
        (Method::POST, "users/bob/role"),
        (Method::DELETE, "users/ann/avatar"),
        (Method::GET, "users/ann/sessions"),
        (Method::DELETE, "users/ann/sessions"),
        (Method::DELETE, "users/ann/sessions/x"),
        (Method::GET, "invitations"),
        (Method::POST, "invitations"),
        (Method::DELETE, "invitations/x"),
        (Method::GET, "reports"),
        (Method::POST, "reports/1/close"),
        (Method::GET, "audit"),
        (Method::DELETE, "rooms/x/messages/1"),
    ] {
        // The body that would do it: nobody gets as far as reading it.
        let request = |token: &str| {
            let path = format!("/api/v1/admin/{path}");
            answer(server.request(method.clone(), &path).bearer_auth(token).json(&json!({ "administrator": true })))
        };
        let refused = request(&bob).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::FORBIDDEN, "not_administrator"), "{method} {path}");
        assert_eq!(code(&request("").await), "not_logged_in", "{method} {path}");
        assert_eq!(code(&request("0123").await), "not_logged_in", "{method} {path}");
    }
    let (_, users) = server.get(&ann, "/api/v1/admin/users").await;
    let role = |at: usize| (users["users"][at]["name"].as_str().unwrap(), users["users"][at]["administrator"] == true);
    assert_eq!((role(0), role(1)), (("ann", true), ("bob", false)), "nothing has changed");
    assert!(!users.to_string().contains("argon2"), "{users}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_administrator_makes_disables_and_resets() {
    let server = Server::start_with(&["--set", "accounts.registration=invitation"]).await;
    let ann = server.register("ann").await;
    let (status, made) = server.post(&ann, "/api/v1/admin/users", &json!({ "username": "小明" })).await;
    assert_eq!((status, &made["user"]["administrator"]), (StatusCode::CREATED, &json!(false)));
    let first = made["password"].as_str().unwrap();
    let (status, body) = login(&server, "小明", first).await;
    assert_eq!(status, StatusCode::OK);
    let ming = body["token"].as_str().unwrap();
    assert_eq!(server.get(ming, "/api/v1/me").await.1["administrator"], false);

    let path = "users/%E5%B0%8F%E6%98%8E";
    assert_eq!(act(&server, &ann, &format!("{path}/disable")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code(&server.get(ming, "/api/v1/me").await), "not_logged_in");
    let told = login(&server, "小明", first).await;
    assert_eq!((told.0, code(&told)), (StatusCode::FORBIDDEN, "account_disabled"));
    assert_eq!(login(&server, "小明", "wrong horse").await, login(&server, "nobody", "wrong horse").await);
    let (_, users) = server.get(&ann, "/api/v1/admin/users").await;
    assert!(users["users"][1]["disabled_ms"].as_u64().unwrap() > 0, "{users}");

    assert_eq!(act(&server, &ann, &format!("{path}/enable")).await.0, StatusCode::NO_CONTENT);
    let (_, body) = login(&server, "小明", first).await;
    let again = body["token"].as_str().unwrap();
    let (status, reset) = act(&server, &ann, &format!("{path}/reset-password")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(code(&server.get(again, "/api/v1/me").await), "not_logged_in", "a reset ends the logins");
    assert_eq!(code(&login(&server, "小明", first).await), "bad_login");
    assert_eq!(login(&server, "小明", reset["password"].as_str().unwrap()).await.0, StatusCode::OK);

    let given = json!({ "username": "eve", "password": "correct horse", "administrator": true });
    let (status, made) = server.post(&ann, "/api/v1/admin/users", &given).await;
    assert_eq!(
        (status, &made["password"], &made["user"]["administrator"]),
        (StatusCode::CREATED, &Value::Null, &json!(true))
    );
    for (body, expected) in [
        (json!({ "username": "EVE" }), "username_taken"),
        (json!({ "username": "e" }), "bad_username"),
        (json!({ "username": "dan", "password": "short" }), "bad_password"),
        (json!({ "username": "dan", "password": "password1" }), "common_password"),
        (json!({ "username": "dan", "role": "king" }), "bad_request"),
    ] {
        assert_eq!(code(&server.post(&ann, "/api/v1/admin/users", &body).await), expected, "{body}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_who_can_log_in_stays() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    server.register("bob").await;
    let role = async |name: &str, on: bool| {
        server.post(&ann, &format!("/api/v1/admin/users/{name}/role"), &json!({ "administrator": on })).await
    };
    let refused = role("ann", false).await;
    assert_eq!((refused.0, code(&refused)), (StatusCode::CONFLICT, "last_administrator"));
    assert_eq!(code(&act(&server, &ann, "users/ann/disable").await), "last_administrator");

    assert_eq!(role("bob", true).await.0, StatusCode::NO_CONTENT);
    assert_eq!(act(&server, &ann, "users/bob/disable").await.0, StatusCode::NO_CONTENT);
    assert_eq!(code(&role("ann", false).await), "last_administrator", "bob cannot log in");
    assert_eq!(act(&server, &ann, "users/bob/enable").await.0, StatusCode::NO_CONTENT);
    // Of two who leave at the same instant one has to stay.
    let bob = login(&server, "bob", "correct horse").await.1;
    let down = json!({ "administrator": false });
    let (a, b) = tokio::join!(
        server.post(&ann, "/api/v1/admin/users/ann/role", &down),
        server.post(bob["token"].as_str().unwrap(), "/api/v1/admin/users/bob/role", &down),
    );
    let codes = [code(&a), code(&b)];
    assert_eq!(codes.iter().filter(|code| **code == "last_administrator").count(), 1, "{codes:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_listed_in_pages_and_unknown_ones_are_not_found() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for name in ["bob", "eve", "dan"] {
        server.register(name).await;
    }
    let (_, first) = server.get(&ann, "/api/v1/admin/users?limit=3").await;
    assert_eq!((first["users"].as_array().unwrap().len(), &first["more"]), (3, &json!(true)));
    let after = first["users"][2]["id"].as_str().unwrap();
    let (_, second) = server.get(&ann, &format!("/api/v1/admin/users?limit=3&after={after}")).await;
    assert_eq!((&second["users"][0]["name"], &second["more"]), (&json!("dan"), &json!(false)));
    for (answer, expected) in [
        (server.get(&ann, "/api/v1/admin/users?limit=x").await, "bad_request"),
        (server.get(&ann, "/api/v1/admin/users?after=x").await, "bad_request"),
        (server.get(&ann, "/api/v1/admin/users?offset=1").await, "bad_request"),
        (server.get(&ann, "/api/v1/admin/users/nobody/sessions").await, "not_found"),
        (act(&server, &ann, "users/nobody/disable").await, "not_found"),
        (act(&server, &ann, "users/%00/enable").await, "not_found"),
        (act(&server, &ann, "users/nobody/reset-password").await, "not_found"),
        (
            answer(server.request(Method::DELETE, "/api/v1/admin/users/nobody/avatar").bearer_auth(&ann)).await,
            "not_found",
        ),
        (server.post(&ann, "/api/v1/admin/users/bob/role", &json!({})).await, "bad_request"),
    ] {
        assert_eq!(code(&answer), expected, "{answer:?}");
    }
    server.stop().await;
}
