//! Peers that take their time: each holds up nobody, and none for ever.

use rill_protocol::{
    Action, Code, codec, limits,
    message::{Control, Hello, ListRooms, Outcome, Ping, Pong},
    mux::Class,
};
use rill_server::transport::Priority;

use crate::{
    peer::{Peer, entry},
    world::{World, later},
};

/// A probe goes there and back, so that this peer is not taken for dead.
async fn live(peer: &mut Peer) {
    peer.control.send(&Ping { nonce: 1 }).await;
    while peer.control.expect::<Pong>().await.nonce != 1 {}
}

#[tokio::test]
async fn who_never_says_hello_is_sent_away_also_byte_by_byte() {
    let world = World::new();
    let ann = world.person("ann").await;
    let silent = world.connect();
    let mut slow = world.connect();
    let control = codec::frame(&Control { version: 1 });
    let hello = codec::frame(&Hello { ticket: world.ticket(&ann).await, attempt: world.attempt(), client: "x".into() });
    let words = [&control[..], &hello[..]].concat();
    for byte in &words[..10] {
        slow.control.write(vec![*byte]).await;
        later(limits::ATTACH_TIMEOUT_MS / 9).await;
    }
    for peer in [silent, slow] {
        assert_eq!(peer.closed().await.code, Some(Code::Timeout.number()));
    }
}

#[tokio::test]
async fn a_stream_whose_header_does_not_come_ends_alone() {
    let world = World::new();
    let ann = world.person("ann").await;
    let mut a = world.attached(&ann).await;
    let mut silent = a.open(Class::History);
    let mut slow = a.open(Class::History);
    silent.write(Vec::new()).await;
    slow.write(vec![2]).await;
    // The streams are there once a later one is served.
    let room = world.room(&ann, "room").await;
    live(&mut a).await;
    later(limits::STREAM_HEADER_TIMEOUT_MS).await;
    assert_eq!(slow.next().await, Err(Code::Timeout.number()));
    live(&mut a).await;
    a.resume(room, Default::default(), 0, 0).await;
}

#[tokio::test]
async fn who_reads_no_answers_is_closed_though_it_is_lively() {
    let world = World::new();
    let ann = world.person("ann").await;
    let (mut a, gate) = world.gated(&ann).await;
    gate.shut(Priority::Control);
    a.control.send(&ListRooms { request: 1, after: None, limit: 1 }).await;
    gate.stopped().await;
    for _ in 0..4 {
        later(limits::DEAD_AFTER_MS / 4).await;
        a.control.send(&Ping { nonce: 2 }).await;
    }
    assert_eq!(a.closed().await.code, Some(Code::TooSlow.number()));
    let page = world.metrics();
    assert!(page.contains(r#"refusals_total{door="memory",code="too_slow"} 1"#), "{page}");
}

#[tokio::test]
async fn who_reads_no_lane_is_closed_though_it_is_lively_and_finds_everything_again() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    let (mut a, gate) = world.gated(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    let epoch = world.store().log.head(room).await.unwrap().unwrap().epoch;
    gate.shut(Priority::LaneOthers);
    let first = world.post(&ann, room, "unread").await;
    gate.stopped().await;
    for n in 0..4 {
        let seq = world.post(&ann, room, &n.to_string()).await;
        // Nobody waits for it.
        while entry(b.others.as_mut().unwrap()).await != (seq, n.to_string()) {}
        later(limits::STUCK_AFTER_MS / 4).await;
        a.control.send(&Ping { nonce: n }).await;
        b.control.send(&Ping { nonce: n }).await;
    }
    let code = a.closed().await.code.and_then(Code::from_number).unwrap();
    assert_eq!((code, code.action()), (Code::TooSlow, Action::Resume));
    let page = world.metrics();
    assert!(page.contains(r#"refusals_total{door="memory",code="too_slow"} 1"#), "{page}");

    let mut again = world.attached(&ann).await;
    let resumed = again.resume(room, epoch, first - 1, 0).await;
    assert_eq!(resumed.rooms[0].outcome, Outcome::Complete);
    let lane = again.others.as_mut().unwrap();
    assert_eq!(entry(lane).await, (first, "unread".into()));
    for n in 0..4 {
        assert_eq!(entry(lane).await, (first + 1 + n, n.to_string()));
    }
}

#[tokio::test]
async fn a_connection_that_dies_in_the_middle_of_a_frame_leaves_nothing_behind() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut b = world.attached(&bob).await;
    for _ in 0..20 {
        let mut a = world.attached(&ann).await;
        let frame = codec::frame(&ListRooms { request: 1, after: None, limit: 1 });
        a.control.write(frame.slice(..frame.len() / 2)).await;
        let mut history = a.open(Class::History);
        history.write(frame.slice(..1)).await;
        a.client.close(Code::Normal, "");
    }
    while world.services.live.count() > 1 {
        tokio::task::yield_now().await;
    }
    live(&mut b).await;
}
