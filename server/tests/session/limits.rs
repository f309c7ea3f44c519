//! What one user may take of the server: connections, requests, streams. Who is refused
//! loses nothing, and who goes on regardless is closed.

use crate::world::{Still, SystemEntropyBytes, World};
use rill_protocol::{
    ClientId, Code, Kind,
    message::{Accepted, Failed, GetMessages, History, LaneReady, ListRooms, Ping, Post, RoomPage},
    message::{Direction, Lane, LaneClass},
    mux::Class,
};
use rill_server::config::Limits;

fn limits() -> Limits {
    Limits { requests_per_second_per_user: 1, ..Limits::default() }
}

#[tokio::test]
async fn a_request_past_the_rate_is_refused_by_its_number_and_passes_later_under_the_same_id() {
    let world = World::with(limits());
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    let still = Still::begin();
    for number in 0..10 {
        a.post(room, &number.to_string()).await.unwrap();
    }
    let client_id = ClientId(SystemEntropyBytes::fresh());
    let refused = a.post_as(room, client_id, "too much").await.unwrap_err();
    assert_eq!(refused.code, Code::RateLimited.number());
    // Another connection of the same user has no other allowance, another user does.
    let mut again = world.attached(&ann).await;
    assert_eq!(again.post(room, "elsewhere").await.unwrap_err().code, Code::RateLimited.number());
    b.post(room, "undisturbed").await.unwrap();
    // What cannot be asked for again is never refused.
    a.control.send(&Ping { nonce: 1 }).await;
    assert_eq!(a.control.next().await.unwrap().unwrap().known(), Some(Kind::Pong));

    still.passes(1_000).await;
    let accepted = a.post_as(room, client_id, "too much").await.unwrap();
    assert_eq!(accepted.seq.get(), 15, "nothing came of the refused ones");
    let page = world.metrics();
    assert!(page.contains(r#"refusals_total{door="memory",code="rate_limited"} 2"#), "{page}");
}

#[tokio::test]
async fn who_goes_on_although_refused_is_closed_and_nobody_else_is() {
    let world = World::with(limits());
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&bob, "room").await;
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    let _still = Still::begin();
    // Ten times the allowance, frames of every kind, answers unread: the burst, ten seconds' worth.
    for request in 0..110 {
        match request % 3 {
            0 => a.control.send(&ListRooms { request, after: None, limit: 1 }).await,
            1 => a.control.send(&Ping { nonce: 1 }).await,
            _ => a.control.write(crate::peer::raw_frame(9_999, b"?")).await,
        }
    }
    assert_eq!(a.closed().await.code, Some(Code::RateLimited.number()));
    b.post(room, "undisturbed").await.unwrap();

    // The same over a stream of history.
    let b_too = world.attached(&bob).await;
    let mut history = b_too.open(Class::History);
    history.send(&History {}).await;
    for request in 0..110 {
        let seq = Default::default();
        history.send(&GetMessages { request, room, direction: Direction::After, seq, limit: 1 }).await;
    }
    assert_eq!(b_too.closed().await.code, Some(Code::RateLimited.number()));
    drop(b);
}

#[tokio::test]
async fn a_user_has_so_many_connections_over_all_logins_and_the_ticket_serves_the_next_try() {
    let world = World::with(Limits { connections_per_user: 2, ..Limits::default() });
    let ann = world.person("ann").await;
    let login = world.services.domain.accounts.login("ann", "correct horse", "another device").await.unwrap();
    let elsewhere = crate::world::Person {
        identity: rill_server::domain::accounts::Identity {
            user: login.user.id,
            name: login.user.name,
            administrator: false,
            session: login.session,
        },
    };
    let first = world.attached(&ann).await;
    let _second = world.attached(&elsewhere).await;
    let ticket = world.ticket(&ann).await;
    let mut third = world.connect();
    let refused = third.hello(ticket, world.attempt()).await.unwrap_err();
    assert_eq!(refused.code, Some(Code::RateLimited.number()));
    first.client.close(Code::Normal, "");
    while world.services.live.count() > 1 {
        tokio::task::yield_now().await;
    }
    // The place is given up a moment behind the entry in the table.
    let mut tries = 0;
    while world.connect().hello(ticket, world.attempt()).await.is_err() {
        tries += 1;
        assert!(tries < 100, "the place stays taken");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn streams_past_the_rate_are_refused_and_the_connection_stays() {
    let world = World::with(Limits { streams_per_second_per_user: 1, ..Limits::default() });
    let ann = world.person("ann").await;
    let mut a = world.attached(&ann).await;
    let still = Still::begin();
    // Two lanes are open.
    for _ in 2..10 {
        let mut lane = a.lane(LaneClass::Others, Class::LaneOthers).await;
        lane.expect::<LaneReady>().await;
    }
    let mut refused = a.open(Class::LaneOthers);
    refused.send(&Lane { class: LaneClass::Others }).await;
    assert_eq!(refused.next().await, Err(Code::RateLimited.number()));
    still.passes(1_000).await;
    a.lane(LaneClass::Others, Class::LaneOthers).await.expect::<LaneReady>().await;
    let request = a.request();
    let page: Result<RoomPage, Failed> = a.ask(&ListRooms { request, after: None, limit: 1 }).await;
    assert!(page.is_ok());
}

#[tokio::test]
async fn bytes_past_the_rate_are_read_later_and_none_is_lost() {
    let limits = Limits { receive_kib_per_second_per_user: 16, ..Limits::default() };
    let world = World::with(limits);
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    let still = Still::begin();
    let text = "x".repeat(16_000);
    // 176 KB, of which 160 KiB come at once; what is read already is waited for by the next.
    for request in 1_000..1_011 {
        let client_id = ClientId(SystemEntropyBytes::fresh());
        a.control.send(&Post { request, room, client_id, text: text.clone() }).await;
    }
    for request in 1_000..1_011 {
        assert_eq!(a.control.expect::<Accepted>().await.request, request);
    }
    let client_id = ClientId(SystemEntropyBytes::fresh());
    a.control.send(&Post { request: 2_000, room, client_id, text: "the next".into() }).await;
    // Three quarters of a second are owed; who sends little waits for none of it.
    for (passed_ms, text) in [(0, "undisturbed"), (500, "nor later")] {
        still.passes(passed_ms).await;
        tokio::select! {
            biased;
            answer = a.control.next_whenever() => panic!("it has waited for nothing: {answer:?}"),
            posted = b.post(room, text) => drop(posted.unwrap()),
        }
    }
    still.passes(500).await;
    assert_eq!(a.control.expect::<Accepted>().await.request, 2_000);
}
