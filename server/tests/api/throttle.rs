//! How often passwords may be tried and accounts made.

use reqwest::{Client, Method, StatusCode, header};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};

use crate::server::{Server, answer, code};

/// A client at an address of its own.
fn at(last: u8) -> Client {
    Client::builder().local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))).build().unwrap()
}

async fn post(server: &Server, client: &Client, cookie: &str, path: &str, body: &Value) -> reqwest::Response {
    let url = format!("http://{}/api/v1/{path}", server.ready.http);
    client.post(url).header(header::COOKIE, cookie).json(body).send().await.unwrap()
}

async fn login(server: &Server, client: &Client, cookie: &str, name: &str, password: &str) -> String {
    let body = json!({ "username": name, "password": password });
    let response = post(server, client, cookie, "login", &body).await;
    if response.status() == StatusCode::OK {
        return "ok".to_owned();
    }
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        let wait: u64 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    response.json::<Value>().await.unwrap()["error"]["name"].as_str().unwrap().to_owned()
}

/// The cookie by which a device is known, if an answer sets one.
fn device(response: &reqwest::Response) -> Option<String> {
    let cookies = response.headers().get_all(header::SET_COOKIE).iter();
    let device = cookies.map(|cookie| cookie.to_str().unwrap()).find(|cookie| cookie.starts_with("rill_device="))?;
    assert!(device.contains("HttpOnly") && device.contains("SameSite=Strict"), "{device}");
    Some(device.split(';').next().unwrap().to_owned())
}

/// New strangers guess until one is not even let try.
async fn strangers_wait(server: &Server, cookie: &str, name: &str) {
    for stranger in 20..=250 {
        if login(server, &at(stranger), cookie, name, "wrong horse").await == "rate_limited" {
            return;
        }
    }
    panic!("{name} may be guessed by everybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_that_guess_lock_nobody_out() {
    let server = Server::start_with(&["--set", "limits.failed_logins_per_minute_per_account=2"]).await;
    server.register("ann").await;
    let right = json!({ "username": "Ann", "password": "correct horse" });
    let first = post(&server, &at(9), "", "login", &right).await;
    assert_eq!(first.status(), StatusCode::OK);
    let phone = device(&first).expect("a device that was not known");
    let again = post(&server, &at(9), &phone, "login", &right).await;
    assert_eq!((again.status(), device(&again)), (StatusCode::OK, None), "it is known already");

    // Two tries for each stranger, twenty for all; the same where nobody lives.
    for name in ["ann", "nobody"] {
        let stranger = at(19);
        for expected in ["bad_login", "bad_login", "rate_limited"] {
            assert_eq!(login(&server, &stranger, "", name, "wrong horse").await, expected, "{name}");
        }
        strangers_wait(&server, "", name).await;
    }
    // Whoever was here before does not notice: the address without a cookie, and the device elsewhere.
    assert_eq!(login(&server, &at(9), "", "ann", "correct horse").await, "ok");
    assert_eq!(login(&server, &at(18), &phone, "ANN", "correct horse").await, "ok");
    strangers_wait(&server, &format!("rill_device={}", "0".repeat(96)), "ann").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_just_registered_is_known_like_who_has_logged_in() {
    let server = Server::start_with(&["--set", "limits.failed_logins_per_minute_per_account=1"]).await;
    let body = json!({ "username": "ann", "password": "correct horse" });
    let made = post(&server, &at(9), "", "register", &body).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let phone = device(&made).expect("a proof");
    strangers_wait(&server, "", "ann").await;
    assert_eq!(login(&server, &at(9), "", "ann", "correct horse").await, "ok", "the address");
    assert_eq!(login(&server, &at(10), &phone, "ann", "correct horse").await, "ok", "the device");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_device_guesses_no_more_than_anybody_and_is_forgiven_when_right() {
    let server = Server::start_with(&["--set", "limits.failed_logins_per_minute_per_account=2"]).await;
    server.register("ann").await;
    let right = json!({ "username": "ann", "password": "correct horse" });
    let phone = device(&post(&server, &at(9), "", "login", &right).await).unwrap();
    for _ in 0..3 {
        assert_eq!(login(&server, &at(9), &phone, "ann", "wrong horse").await, "bad_login");
        assert_eq!(login(&server, &at(9), &phone, "ann", "correct horse").await, "ok");
    }
    for expected in ["bad_login", "bad_login", "rate_limited"] {
        assert_eq!(login(&server, &at(9), &phone, "ann", "wrong horse").await, expected);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_does_not_try_one_password_at_every_account() {
    let server = Server::start_with(&["--set", "limits.failed_logins_per_minute_per_address=3"]).await;
    let mut heard = Vec::new();
    for name in ["ann", "bob", "cid", "dan"] {
        heard.push(login(&server, &at(20), "", name, "password1").await);
    }
    assert_eq!(heard, ["bad_login", "bad_login", "bad_login", "rate_limited"]);
    assert_eq!(login(&server, &at(21), "", "ann", "password1").await, "bad_login", "another address");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_logged_in_does_not_guess_the_password_either() {
    let server = Server::start_with(&["--set", "limits.failed_logins_per_minute_per_account=2"]).await;
    let ann = server.register("ann").await;
    let change = |current: &str| json!({ "current": current, "new": "a better horse" });
    for expected in ["wrong_password", "wrong_password", "rate_limited"] {
        assert_eq!(code(&server.post(&ann, "/api/v1/password", &change("wrong horse")).await), expected);
    }
    assert_eq!(login(&server, &at(1), "", "ann", "correct horse").await, "ok", "the door is another matter");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_makes_so_many_accounts_and_asks_for_so_many_names() {
    let set = [
        "--set",
        "limits.registrations_per_hour_per_address=2",
        "--set",
        "limits.name_checks_per_minute_per_address=2",
    ];
    let server = Server::start_with(&set).await;
    let body = |name: &str| json!({ "username": name, "password": "correct horse" });
    server.register("ann").await;
    // One that is refused is none.
    assert_eq!(code(&server.post("", "/api/v1/register", &body("ann")).await), "username_taken");
    server.register("bob").await;
    assert_eq!(code(&server.post("", "/api/v1/register", &body("cid")).await), "rate_limited");
    assert_eq!(post(&server, &at(20), "", "register", &body("cid")).await.status(), StatusCode::CREATED);

    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(answer(server.request(Method::GET, "/api/v1/usernames/dan")).await.0.as_u16());
    }
    assert_eq!(heard, [200, 200, 429]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_over_and_over_keeps_nobody_else_out() {
    let server = Server::start().await;
    server.register("ann").await;
    server.register("eve").await;
    let crowd = at(40);
    let flood = (0..100).map(|_| login(&server, &crowd, "", "eve", "correct horse"));
    let others = async {
        let mut heard = Vec::new();
        for _ in 0..5 {
            heard.push(login(&server, &at(41), "", "ann", "correct horse").await);
        }
        heard
    };
    let (flooded, heard) = futures_util::future::join(futures_util::future::join_all(flood), others).await;
    assert_eq!(heard, ["ok"; 5], "there is room for them");
    assert!(flooded.iter().any(|heard| heard == "ok") && flooded.iter().any(|heard| heard == "rate_limited"));
    assert!(!flooded.iter().any(|heard| heard == "busy"), "{flooded:?}");
    server.stop().await;
}
