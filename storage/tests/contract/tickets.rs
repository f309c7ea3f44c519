//! Tickets.

use crate::{
    sessions::login,
    stage::{Kind, START_MS, contract, digest, session, user},
};
use rill_storage::{model::TicketRecord, port::sessions::TICKETS_PER_USER_MAX};

pub(crate) fn ticket(number: u64, of_session: u64, life_ms: u64) -> TicketRecord {
    TicketRecord {
        digest: digest(&format!("ticket {number}")),
        session: session(of_session),
        expires_ms: START_MS + life_ms,
    }
}

async fn a_ticket_works_once(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    sessions.issue(user(1), vec![ticket(1, 1, 1000), ticket(2, 1, 1000)], START_MS).await.unwrap();
    assert_eq!(sessions.redeem(user(2), digest("ticket 1"), START_MS).await.unwrap(), None);
    assert_eq!(sessions.redeem(user(1), digest("ticket 1"), START_MS).await.unwrap(), Some(login(1, 1)));
    assert_eq!(sessions.redeem(user(1), digest("ticket 1"), START_MS).await.unwrap(), None);
    assert_eq!(sessions.redeem(user(1), digest("ticket 2"), START_MS).await.unwrap(), Some(login(1, 1)));
    assert_eq!(sessions.redeem(user(1), digest("ticket 9"), START_MS).await.unwrap(), None);
}

async fn of_many_racing_uses_one_wins(kind: Kind) {
    let stage = kind.open();
    stage.store.sessions.create(login(1, 1)).await.unwrap();
    stage.store.sessions.issue(user(1), vec![ticket(1, 1, 1000)], START_MS).await.unwrap();
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let sessions = stage.store.sessions.clone();
        race.spawn(async move { sessions.redeem(user(1), digest("ticket 1"), START_MS).await.unwrap().is_some() });
    }
    assert_eq!(race.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

async fn an_expired_ticket_is_worth_nothing(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    sessions.issue(user(1), vec![ticket(1, 1, 1000), ticket(2, 1, 1000)], START_MS).await.unwrap();
    assert!(sessions.redeem(user(1), digest("ticket 1"), START_MS + 999).await.unwrap().is_some());
    assert_eq!(sessions.redeem(user(1), digest("ticket 2"), START_MS + 1000).await.unwrap(), None);
}

async fn tickets_end_with_their_login(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    sessions.create(login(1, 2)).await.unwrap();
    sessions.issue(user(1), vec![ticket(1, 1, 1000), ticket(2, 2, 1000)], START_MS).await.unwrap();
    sessions.end(user(1), session(1)).await.unwrap();
    assert_eq!(sessions.redeem(user(1), digest("ticket 1"), START_MS).await.unwrap(), None);
    assert!(sessions.redeem(user(1), digest("ticket 2"), START_MS).await.unwrap().is_some());
}

async fn past_the_bound_the_ticket_that_expires_first_goes(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    let max = TICKETS_PER_USER_MAX as u64;
    for number in 1..=max {
        sessions.issue(user(1), vec![ticket(number, 1, 10_000 + number)], START_MS).await.unwrap();
    }
    sessions.issue(user(1), vec![ticket(max + 1, 1, 50_000)], START_MS).await.unwrap();
    let works = async |number: u64| {
        sessions.redeem(user(1), digest(&format!("ticket {number}")), START_MS).await.unwrap().is_some()
    };
    assert!(!works(1).await);
    assert!(works(2).await);
    assert!(works(max + 1).await);
}

async fn expired_tickets_make_room_and_are_swept(kind: Kind) {
    let stage = kind.open();
    let sessions = &stage.store.sessions;
    sessions.create(login(1, 1)).await.unwrap();
    let lasting = (1..=200).map(|number| ticket(number, 1, 5_000)).collect();
    sessions.issue(user(1), lasting, START_MS).await.unwrap();
    let brief = (201..=256).map(|number| ticket(number, 1, 1_000)).collect();
    sessions.issue(user(1), brief, START_MS).await.unwrap();
    // By now the brief ones are dropped, so nobody of the others must go.
    let more = (301..=356).map(|number| ticket(number, 1, 5_000)).collect();
    sessions.issue(user(1), more, START_MS + 2_000).await.unwrap();
    assert!(sessions.redeem(user(1), digest("ticket 1"), START_MS + 2_000).await.unwrap().is_some());

    let swept = stage.handle.sweep(START_MS + 4_999).await.unwrap();
    assert_eq!(swept.tickets, 0);
    let swept = stage.handle.sweep(START_MS + 5_000).await.unwrap();
    assert_eq!(swept.tickets, 255);
}

contract! {
    a_ticket_works_once
    of_many_racing_uses_one_wins
    an_expired_ticket_is_worth_nothing
    tickets_end_with_their_login
    past_the_bound_the_ticket_that_expires_first_goes
    expired_tickets_make_room_and_are_swept
}
