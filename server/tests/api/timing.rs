//! How long an answer takes does not tell whether a name exists.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::server::{Server, code};

/// Answers of each kind before anything is judged, and at most.
const ROUNDS: usize = 15;
const ROUNDS_MAX: usize = 60;
const ALLOWED: Duration = Duration::from_millis(5);

/// The shortest times that two requests take, asked in turn: whatever else the machine does
/// only adds to them. It may add to all of one kind; so those that are not alike are asked
/// on, and what the server itself does longer for one of them never goes away.
async fn alike(server: &Server, path: &str, bodies: [&Value; 2], expected: &str) -> [Duration; 2] {
    let mut shortest = [Duration::MAX; 2];
    for round in 0..ROUNDS_MAX {
        for (body, shortest) in bodies.iter().zip(&mut shortest) {
            let begun = Instant::now();
            let answer = server.post("", path, body).await;
            *shortest = begun.elapsed().min(*shortest);
            assert_eq!(code(&answer), expected);
        }
        let [one, other] = shortest;
        if round >= ROUNDS && one.abs_diff(other) < ALLOWED.max(one.max(other) / 3) {
            return shortest;
        }
    }
    panic!("{shortest:?} tell the two apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_name_takes_as_long_as_an_unknown_one() {
    let mut flags = Vec::new();
    for limit in ["failed_logins_per_minute_per_account=0", "failed_logins_per_minute_per_address=0"] {
        flags.extend(["--set".to_owned(), format!("limits.{limit}")]);
    }
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let server = Server::start_with(&flags).await;
    server.register("known").await;
    let of = |name: &str| json!({ "username": name, "password": "wrong horse" });
    let times = alike(&server, "/api/v1/login", [&of("known"), &of("unknown")], "bad_login").await;
    assert!(times[1] > ALLOWED, "an unknown name is hashed for as well: {times:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_invitation_a_taken_name_takes_as_long_as_a_free_one() {
    let flags = [
        "--set",
        "accounts.registration=invitation",
        "--set",
        "limits.failed_logins_per_minute_per_address=0",
        "--set",
        "limits.registrations_per_hour_per_address=0",
    ];
    let server = Server::start_with(&flags).await;
    server.register("known").await;
    let of = |name: &str| {
        let invitation = format!("{}.{}", "0".repeat(26), "ab".repeat(16));
        json!({ "username": name, "password": "correct horse", "invitation": invitation })
    };
    alike(&server, "/api/v1/register", [&of("known"), &of("unknown")], "bad_invitation").await;
    server.stop().await;
}
