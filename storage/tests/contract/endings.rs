//! The list of logins that ended.

use rill_protocol::SessionId;
use rill_storage::{limits::SESSIONS_PER_USER_MAX, model::Session, port::endings::Mark};
use std::collections::BTreeSet;

use crate::stage::{Kind, START_MS, Stage, account, contract, digest, session, user};

async fn log_in(stage: &Stage, number: u64) -> SessionId {
    let login = Session {
        id: session(number),
        user: user(1),
        token: digest(&format!("token {number}")),
        created_ms: START_MS + number,
        client: String::new(),
        used_ms: START_MS,
    };
    stage.store.sessions.create(login).await.unwrap();
    session(number)
}

/// Where somebody who looks for the first time begins.
async fn begin(stage: &Stage) -> Mark {
    let begun = stage.store.endings.since(None).await.unwrap();
    assert!(begun.sessions.is_empty() && !begun.is_unknown, "{begun:?}");
    begun.mark
}

/// What was told behind a mark, which moves on.
async fn told(stage: &Stage, mark: &mut Mark) -> BTreeSet<SessionId> {
    let ended = stage.store.endings.since(Some(mark.clone())).await.unwrap();
    assert!(!ended.is_unknown, "{ended:?}");
    *mark = ended.mark;
    ended.sessions.into_iter().collect()
}

async fn however_a_login_ends_it_is_told_once_to_everybody_who_looks(kind: Kind) {
    let stage = kind.open();
    stage.store.users.create(account(1)).await.unwrap();
    let mut mark = begin(&stage).await;
    for number in 1..=7 {
        log_in(&stage, number).await;
    }
    assert_eq!(told(&stage, &mut mark).await, BTreeSet::new(), "none has ended");
    let mut late = mark.clone();
    let (users, sessions) = (&stage.store.users, &stage.store.sessions);

    assert!(sessions.end(user(1), session(1)).await.unwrap());
    assert_eq!(told(&stage, &mut mark).await, [session(1)].into());
    assert!(!sessions.end(user(1), session(1)).await.unwrap());
    assert_eq!(told(&stage, &mut mark).await, BTreeSet::new(), "it had ended before");
    sessions.end_others(user(1), Some(session(7))).await.unwrap();
    assert_eq!(told(&stage, &mut mark).await, (2..7).map(session).collect());
    log_in(&stage, 8).await;
    users.set_password(user(1), None, "$other$".into(), Some(session(8))).await.unwrap();
    assert_eq!(told(&stage, &mut mark).await, [session(7)].into());
    users.set_disabled(user(1), Some(START_MS)).await.unwrap();
    assert_eq!(told(&stage, &mut mark).await, [session(8)].into());
    assert_eq!(told(&stage, &mut mark).await, BTreeSet::new());

    // Who looks later hears of all of them; who begins now, of none.
    assert_eq!(told(&stage, &mut late).await, (1..=8).map(session).collect());
    assert_eq!(late, mark);
    assert_eq!(told(&stage, &mut begin(&stage).await).await, BTreeSet::new());
}

async fn a_login_that_has_to_make_room_is_told(kind: Kind) {
    let stage = kind.open();
    stage.store.users.create(account(1)).await.unwrap();
    let mut mark = begin(&stage).await;
    let most = SESSIONS_PER_USER_MAX as u64;
    for number in 1..=most {
        log_in(&stage, number).await;
    }
    assert_eq!(told(&stage, &mut mark).await, BTreeSet::new());
    log_in(&stage, most + 1).await;
    assert_eq!(told(&stage, &mut mark).await, [session(1)].into());
}

async fn whoever_asks_for_what_nobody_knows_is_told_so(kind: Kind) {
    let stage = kind.open();
    stage.store.users.create(account(1)).await.unwrap();
    log_in(&stage, 1).await;
    for nonsense in [&b"nonsense"[..], b"", b"9999999999999-7"] {
        let mark = Mark(nonsense.to_vec());
        let mut ended = stage.store.endings.since(Some(mark)).await.unwrap();
        assert!(ended.is_unknown && ended.sessions.is_empty(), "{ended:?}");
        stage.store.sessions.end(user(1), session(1)).await.unwrap();
        assert_eq!(told(&stage, &mut ended.mark).await, [session(1)].into(), "and goes on from there");
        log_in(&stage, 1).await;
    }
}

contract! {
    however_a_login_ends_it_is_told_once_to_everybody_who_looks
    a_login_that_has_to_make_room_is_told
    whoever_asks_for_what_nobody_knows_is_told_so
}
