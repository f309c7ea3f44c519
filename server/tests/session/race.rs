//! Two transports race; tickets are good once; logins end.

use rill_protocol::{Code, Ticket, limits};

use crate::world::{World, later};

#[tokio::test]
async fn the_loser_of_a_race_is_closed_as_superseded() {
    let world = World::new();
    let ann = world.person("ann").await;
    let attempt = world.attempt();
    let (mut one, mut two) = (world.connect(), world.connect());
    one.hello(world.ticket(&ann).await, attempt).await.unwrap();
    two.hello(world.ticket(&ann).await, attempt).await.unwrap();
    let mut other_tab = world.attached(&ann).await;
    one.attach().await;
    assert_eq!(two.closed().await.code, Some(Code::Superseded.number()));
    assert!(other_tab.control.is_silent().await);
}

#[tokio::test]
async fn a_ticket_is_good_once_and_the_next_one_comes_with_the_welcome() {
    let world = World::new();
    let ann = world.person("ann").await;
    let ticket = world.ticket(&ann).await;
    let welcome = world.connect().hello(ticket, world.attempt()).await.unwrap();
    assert_eq!((welcome.user, welcome.name.as_str()), (ann.identity.user, "ann"));
    for used_or_unknown in [ticket, Ticket::new(ann.identity.user, [7; 16]), Ticket::default()] {
        let refused = world.connect().hello(used_or_unknown, world.attempt()).await.unwrap_err();
        assert_eq!(refused.code, Some(Code::BadTicket.number()));
    }
    world.connect().hello(welcome.ticket, world.attempt()).await.unwrap();
}

#[tokio::test]
async fn an_expired_ticket_is_refused() {
    let world = World::new();
    let ann = world.person("ann").await;
    let ticket = world.ticket(&ann).await;
    let digest = world.store().digest("ticket", &[&ticket.0]);
    let late = world.services.clock.now_ms() + rill_protocol::limits::TICKET_LIFE_MS + 1;
    assert!(world.store().sessions.redeem(ann.identity.user, digest, late).await.unwrap().is_none());
}

#[tokio::test]
async fn the_end_of_a_login_ends_its_connections_and_tickets() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let a = world.attached(&ann).await;
    let mut b = world.attached(&bob).await;
    let spare = world.ticket(&ann).await;
    world.services.domain.accounts.logout(&ann.identity).await.unwrap();
    world.services.live.end_session(ann.identity.session, Code::SessionRevoked);
    assert_eq!(a.closed().await.code, Some(Code::SessionRevoked.number()));
    let refused = world.connect().hello(spare, world.attempt()).await.unwrap_err();
    assert_eq!(refused.code, Some(Code::BadTicket.number()));
    assert!(b.control.is_silent().await);
}

#[tokio::test]
async fn a_stopping_server_says_goodbye_and_finishes_what_it_has() {
    let world = World::new();
    let ann = world.person("ann").await;
    let mut a = world.attached(&ann).await;
    world.switch.throw();
    let goodbye: rill_protocol::message::GoAway = a.control.expect().await;
    assert!(goodbye.reconnect_after_ms < 500);
    assert_eq!(a.closed().await.code, Some(Code::GoingAway.number()));
}

#[tokio::test]
async fn a_loser_that_comes_late_is_closed_as_well() {
    let world = World::new();
    let ann = world.person("ann").await;
    let attempt = world.attempt();
    let (mut one, mut two) = (world.connect(), world.connect());
    one.hello(world.ticket(&ann).await, attempt).await.unwrap();
    one.attach().await;
    // Its Welcome may get through before the end does.
    let _ = two.hello(world.ticket(&ann).await, attempt).await;
    assert_eq!(two.closed().await.code, Some(Code::Superseded.number()));
    assert!(one.control.is_silent().await);
}

#[tokio::test]
async fn who_says_hello_and_never_attaches_is_closed_in_the_end() {
    let world = World::new();
    let ann = world.person("ann").await;
    let mut idle = world.connect();
    idle.hello(world.ticket(&ann).await, world.attempt()).await.unwrap();
    let mut attached = world.attached(&ann).await;
    later(limits::ATTACH_TIMEOUT_MS).await;
    assert_eq!(idle.closed().await.code, Some(Code::Timeout.number()));
    assert!(attached.control.is_silent().await);
}

#[tokio::test]
async fn a_login_that_ended_where_nobody_told_ends_its_connections_too() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let a = world.attached(&ann).await;
    let mut b = world.attached(&bob).await;
    world.services.domain.accounts.logout(&ann.identity).await.unwrap();
    later(10_000).await;
    assert_eq!(a.closed().await.code, Some(Code::SessionRevoked.number()));
    assert!(b.control.is_silent().await);
}

#[tokio::test]
async fn a_disabled_account_has_no_connections_within_ten_seconds_wherever_it_was_disabled() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    let b = world.attached(&bob).await;
    let now_ms = world.services.clock.now_ms();
    world.store().users.set_disabled(bob.identity.user, Some(now_ms)).await.unwrap();
    later(10_000).await;
    assert_eq!(b.closed().await.code, Some(Code::AccountDisabled.number()));
    assert!(a.control.is_silent().await);
}

#[tokio::test]
async fn a_login_holds_so_many_connections_and_the_next_is_asked_to_come_later() {
    let world = World::new();
    let ann = world.person("ann").await;
    let mut standing = Vec::new();
    for _ in 0..64 {
        standing.push(world.attached(&ann).await);
    }
    let mut one_more = world.connect();
    let _ = one_more.hello(world.ticket(&ann).await, world.attempt()).await;
    assert_eq!(one_more.closed().await.code, Some(Code::Busy.number()));
    drop(standing.pop());
    while world.services.live.count() > 63 {
        tokio::task::yield_now().await;
    }
    standing.push(world.attached(&ann).await);
    assert!(standing[0].control.is_silent().await);
}
