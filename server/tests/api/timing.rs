//! How long an answer takes does not tell whether a name exists.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::server::{Server, code};

/// Answers of each kind; an odd number has a median.
const ROUNDS: usize = 15;

/// The medians of the times that two requests take, asked in turn, so that whatever else
/// the machine does falls on both.
async fn medians(server: &Server, path: &str, bodies: [&Value; 2], expected: &str) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..2 * ROUNDS {
        let begun = Instant::now();
        let answer = server.post("", path, bodies[round % 2]).await;
        times[round % 2].push(begun.elapsed());
        assert_eq!(code(&answer), expected);
    }
    times.map(|mut times| {
        times.sort();
        times[ROUNDS / 2]
    })
}

fn assert_alike([one, other]: [Duration; 2], allowed: Duration) {
    let difference = one.abs_diff(other);
    let larger = one.max(other);
    assert!(difference < allowed.max(larger / 3), "{one:?} and {other:?} tell the two apart");
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
    let times = medians(&server, "/api/v1/login", [&of("known"), &of("unknown")], "bad_login").await;
    assert!(times[1] > Duration::from_millis(5), "an unknown name is hashed for as well: {times:?}");
    assert_alike(times, Duration::from_millis(5));
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
    let times = medians(&server, "/api/v1/register", [&of("known"), &of("unknown")], "bad_invitation").await;
    assert_alike(times, Duration::from_millis(5));
    server.stop().await;
}
