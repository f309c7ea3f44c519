//! Logins.

use crate::stage::{Kind, START_MS, contract, digest, session, user};
use rill_storage::{limits::SESSIONS_PER_USER_MAX, model::Session};

pub(crate) fn login(owner: u64, number: u64) -> Session {
    Session {
        id: session(number),
        user: user(owner),
        token: digest(&format!("token {number}")),
        created_ms: START_MS + number,
        client: "测试 client".into(),
    }
}

async fn a_login_is_found_by_token_and_by_id(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    sessions.create(login(1, 2)).await.unwrap();
    sessions.create(login(2, 3)).await.unwrap();
    assert_eq!(sessions.by_token(user(1), digest("token 2")).await.unwrap(), Some(login(1, 2)));
    assert_eq!(sessions.get(user(1), session(1)).await.unwrap(), Some(login(1, 1)));
    assert_eq!(sessions.list(user(1)).await.unwrap(), [login(1, 1), login(1, 2)]);
    assert_eq!(sessions.list(user(9)).await.unwrap(), []);
}

async fn a_login_is_no_one_elses(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    assert_eq!(sessions.by_token(user(2), digest("token 1")).await.unwrap(), None);
    assert_eq!(sessions.get(user(2), session(1)).await.unwrap(), None);
    assert!(!sessions.end(user(2), session(1)).await.unwrap());
    assert!(sessions.get(user(1), session(1)).await.unwrap().is_some());
}

async fn an_ended_login_is_gone_with_its_token(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    sessions.create(login(1, 2)).await.unwrap();
    assert!(sessions.end(user(1), session(1)).await.unwrap());
    assert!(!sessions.end(user(1), session(1)).await.unwrap());
    assert_eq!(sessions.by_token(user(1), digest("token 1")).await.unwrap(), None);
    assert_eq!(sessions.get(user(1), session(1)).await.unwrap(), None);
    assert_eq!(sessions.list(user(1)).await.unwrap(), [login(1, 2)]);
}

async fn past_the_bound_the_oldest_login_ends(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    let newest = SESSIONS_PER_USER_MAX as u64 + 3;
    for number in (1..=newest).rev() {
        // Written newest first: age counts, not the order of writing.
        sessions.create(login(1, number)).await.unwrap();
    }
    let list = sessions.list(user(1)).await.unwrap();
    assert_eq!(list.len(), SESSIONS_PER_USER_MAX);
    assert!(list.contains(&login(1, 1)), "the one written last stays");
    assert!(list.contains(&login(1, newest)));
    assert!(!list.contains(&login(1, 2)));
    assert_eq!(sessions.by_token(user(1), digest("token 2")).await.unwrap(), None);
}

contract! {
    a_login_is_found_by_token_and_by_id
    a_login_is_no_one_elses
    an_ended_login_is_gone_with_its_token
    past_the_bound_the_oldest_login_ends
}
