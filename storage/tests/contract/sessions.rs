//! Logins.

use crate::{
    stage::{Kind, START_MS, contract, digest, session, user},
    tickets::ticket,
};
use rill_storage::{limits::SESSIONS_PER_USER_MAX, model::Session};

pub(crate) fn login(owner: u64, number: u64) -> Session {
    Session {
        id: session(number),
        user: user(owner),
        token: digest(&format!("token {number}")),
        created_ms: START_MS + number,
        client: "测试 client".into(),
        used_ms: START_MS + number,
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

async fn all_logins_but_one_end_with_their_tickets(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    for number in 1..=3 {
        sessions.create(login(1, number)).await.unwrap();
        sessions.issue(user(1), vec![ticket(number, number, 1000)], START_MS).await.unwrap();
    }
    sessions.create(login(2, 4)).await.unwrap();
    assert_eq!(sessions.end_others(user(1), Some(session(2))).await.unwrap(), [session(1), session(3)]);
    assert_eq!(sessions.list(user(1)).await.unwrap(), [login(1, 2)]);
    assert_eq!(sessions.by_token(user(1), digest("token 3")).await.unwrap(), None);
    assert_eq!(sessions.redeem(user(1), digest("ticket 1"), START_MS).await.unwrap(), None);
    assert!(sessions.redeem(user(1), digest("ticket 2"), START_MS).await.unwrap().is_some());
    assert_eq!(sessions.end_others(user(1), None).await.unwrap(), [session(2)]);
    assert_eq!(sessions.end_others(user(1), None).await.unwrap(), []);
    assert_eq!(sessions.list(user(2)).await.unwrap(), [login(2, 4)], "others' logins stay");
}

async fn a_login_knows_when_it_was_used(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    sessions.issue(user(1), (1..=3).map(|number| ticket(number, 1, 1000)).collect(), START_MS).await.unwrap();
    let used = async |number: u64, at_ms| {
        let digest = digest(&format!("ticket {number}"));
        sessions.redeem(user(1), digest, START_MS + at_ms).await.unwrap().map(|session| session.used_ms)
    };
    assert_eq!(used(1, 500).await, Some(START_MS + 500));
    assert_eq!(used(2, 400).await, Some(START_MS + 500), "a clock that went back changes nothing");
    assert_eq!(used(3, 1_000).await, None, "an expired ticket uses nothing");
    let expected = Session { used_ms: START_MS + 500, ..login(1, 1) };
    assert_eq!(sessions.get(user(1), session(1)).await.unwrap(), Some(expected.clone()));
    assert_eq!(sessions.by_token(user(1), digest("token 1")).await.unwrap(), Some(expected));
}

contract! {
    a_login_is_found_by_token_and_by_id
    a_login_is_no_one_elses
    an_ended_login_is_gone_with_its_token
    past_the_bound_the_oldest_login_ends
    all_logins_but_one_end_with_their_tickets
    a_login_knows_when_it_was_used
}
