//! Who may register, under which names, and who becomes administrator.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Server, answer, code};

fn registration(name: &str) -> Value {
    json!({ "username": name, "password": "correct horse" })
}

fn invited(name: &str, invitation: &str) -> Value {
    json!({ "username": name, "password": "correct horse", "invitation": invitation })
}

async fn register(server: &Server, body: &Value) -> (StatusCode, Value) {
    server.post("", "/api/v1/register", body).await
}

async fn about(server: &Server) -> (String, bool) {
    let (_, info) = server.get("", "/api/v1/server").await;
    (info["registration"].as_str().unwrap().to_owned(), info["first_account"].as_bool().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_to_be_the_first_one_becomes_administrator() {
    let server = Server::start().await;
    assert_eq!(about(&server).await, ("open".into(), true));
    let names: Vec<String> = (0..8).map(|number| format!("first{number}")).collect();
    let bodies: Vec<Value> = names.iter().map(|name| registration(name)).collect();
    let made = futures_util::future::join_all(bodies.iter().map(|body| register(&server, body))).await;
    let mut administrators = 0;
    for (status, body) in &made {
        assert_eq!(*status, StatusCode::CREATED, "{body}");
        let (_, me) = server.get(body["token"].as_str().unwrap(), "/api/v1/me").await;
        administrators += u32::from(me["administrator"] == true);
    }
    assert_eq!(administrators, 1);
    assert_eq!(about(&server).await, ("open".into(), false));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_invitation_a_stranger_learns_nothing_and_the_invited_registers() {
    let server = Server::start_with(&["--set", "accounts.registration=invitation"]).await;
    assert_eq!(about(&server).await, ("invitation".into(), true));
    let free = server.get("", "/api/v1/usernames/ann").await;
    assert_eq!(free.1["available"], true, "the first account needs no invitation");
    let ann = server.register("ann").await;

    // Whether the name is taken, free, or none: the answer is one.
    let refused = register(&server, &registration("ann")).await;
    assert_eq!((refused.0, code(&refused)), (StatusCode::FORBIDDEN, "bad_invitation"));
    for name in ["free", "a", "аdmin"] {
        assert_eq!(register(&server, &registration(name)).await, refused);
        assert_eq!(register(&server, &invited(name, "nonsense")).await, refused);
        let unknown = format!("{}.{}", "0".repeat(26), "ab".repeat(16));
        assert_eq!(register(&server, &invited(name, &unknown)).await, refused);
    }
    for name in ["ann", "free", "a"] {
        assert_eq!(server.get("", &format!("/api/v1/usernames/{name}")).await, refused);
        assert_eq!(server.get("", &format!("/api/v1/usernames/{name}?invitation=x")).await, refused);
    }

    let made = server.post(&ann, "/api/v1/admin/invitations", &json!({ "uses": 2, "expires_in_s": 3600 })).await;
    assert_eq!(made.0, StatusCode::CREATED);
    let invitation = made.1["invitation"].as_str().unwrap();
    let asked = |name: &str| format!("/api/v1/usernames/{name}?invitation={invitation}");
    assert_eq!(server.get("", &asked("ann")).await.1["code"], "username_taken");
    assert_eq!(server.get("", &asked("bob")).await.1["available"], true);

    let taken = register(&server, &invited("ann", invitation)).await;
    assert_eq!(code(&taken), "username_taken");
    for name in ["bob", "eve"] {
        let (status, body) = register(&server, &invited(name, invitation)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        let (_, me) = server.get(body["token"].as_str().unwrap(), "/api/v1/me").await;
        assert_eq!(me["administrator"], false);
    }
    assert_eq!(register(&server, &invited("late", invitation)).await, refused, "it is used up");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_invitation_of_many_who_want_to_be_the_first_one_is_let_in() {
    let server = Server::start_with(&["--set", "accounts.registration=invitation"]).await;
    let bodies: Vec<Value> = (0..8).map(|number| registration(&format!("first{number}"))).collect();
    let answers = futures_util::future::join_all(bodies.iter().map(|body| register(&server, body))).await;
    let made: Vec<_> = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| code(answer) == "bad_invitation").count(), 7);
    let (_, users) = server.get(made[0].1["token"].as_str().unwrap(), "/api/v1/admin/users").await;
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_worth_as_much_as_its_maker() {
    let server = Server::start_with(&["--set", "accounts.registration=invitation"]).await;
    let ann = server.register("ann").await;
    let made = server.post(&ann, "/api/v1/admin/invitations", &json!({})).await.1;
    let made_invitation = made["invitation"].as_str().unwrap();
    let bob = register(&server, &invited("bob", made_invitation)).await.1;
    let bob = bob["token"].as_str().unwrap();
    let to_role = |on: bool| json!({ "administrator": on });
    assert_eq!(server.post(&ann, "/api/v1/admin/users/bob/role", &to_role(true)).await.0, StatusCode::NO_CONTENT);
    let his = server.post(bob, "/api/v1/admin/invitations", &json!({ "uses": 5 })).await.1;
    let (his_id, his) = (his["id"].as_str().unwrap(), his["invitation"].as_str().unwrap());
    let listed = server.get(&ann, "/api/v1/admin/invitations").await.1;
    let open = listed["invitations"].as_array().unwrap();
    assert_eq!(open.len(), 1, "what is used up is not listed: {listed}");
    assert_eq!((open[0]["creator"].as_str(), open[0]["uses_max"].as_u64()), (Some("bob"), Some(5)));
    assert!(!listed.to_string().contains(his.split('.').nth(1).unwrap()), "its text is told once");

    server.post(&ann, "/api/v1/admin/users/bob/role", &to_role(false)).await;
    assert_eq!(code(&register(&server, &invited("cat", his)).await), "bad_invitation");
    server.post(&ann, "/api/v1/admin/users/bob/role", &to_role(true)).await;
    assert_eq!(register(&server, &invited("cat", his)).await.0, StatusCode::CREATED);

    let take_back = || server.request(Method::DELETE, &format!("/api/v1/admin/invitations/{his_id}")).bearer_auth(&ann);
    assert_eq!(answer(take_back()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code(&answer(take_back()).await), "not_found");
    assert_eq!(code(&register(&server, &invited("dan", his)).await), "bad_invitation");
    for odd in [json!({ "uses": 0 }), json!({ "uses": 1_001 }), json!({ "expires_in_s": 1 }), json!({ "x": 1 })] {
        assert_eq!(code(&server.post(&ann, "/api/v1/admin/invitations", &odd).await), "bad_request", "{odd}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_registration_is_closed_nobody_registers_not_even_the_first() {
    let server = Server::start_with(&["--set", "accounts.registration=closed"]).await;
    assert_eq!(about(&server).await, ("closed".into(), true));
    let refused = register(&server, &registration("ann")).await;
    assert_eq!((refused.0, code(&refused)), (StatusCode::FORBIDDEN, "registration_closed"));
    assert_eq!(register(&server, &registration("a")).await, refused);
    assert_eq!(server.get("", "/api/v1/usernames/ann").await, refused);
    assert_eq!(about(&server).await, ("closed".into(), true));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_look_like_another_are_taken_and_odd_ones_refused() {
    let server = Server::start().await;
    for name in ["Alice", "coco", "林泓宇", "山田たろう", "user1", "José"] {
        server.register(name).await;
    }
    for alike in ["AIice", "аliсе", "сосо", "СОСО", "userl", "jOSÉ", "Ａlice", "co\u{200B}co", "林泓宇\u{FE0F}"]
    {
        let refused = register(&server, &registration(alike)).await;
        assert!(["username_taken", "bad_username"].contains(&code(&refused)), "{alike}: {refused:?}");
    }
    assert_eq!(code(&register(&server, &registration("сосо")).await), "username_taken");
    assert_eq!(code(&register(&server, &registration("аlice")).await), "bad_username");
    for other in ["alicia", "jose", "林弘宇", "user2", "Иван"] {
        server.register(other).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_that_are_guessed_first_are_refused() {
    let server = Server::start().await;
    for password in ["password123", "12345678", "qwertyuiop", "annabella1", "annabellarill"] {
        let body = json!({ "username": "annabella", "password": password });
        let refused = register(&server, &body).await;
        assert_eq!((refused.0, code(&refused)), (StatusCode::UNPROCESSABLE_ENTITY, "common_password"), "{password}");
    }
    server.stop().await;
}
