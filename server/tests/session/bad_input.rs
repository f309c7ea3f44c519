//! What a client may not do, and that nobody else notices.

use rill_protocol::{ClientId, Code, RoomId, U53, codec, limits, message::*, mux::Class, varint};
use rill_server::transport::Priority;

use crate::{
    peer::{Peer, entry, raw_frame},
    world::{Person, SystemEntropyBytes, World, later},
};

async fn somebody() -> (World, Person) {
    let world = World::new();
    let ann = world.person("ann").await;
    (world, ann)
}

/// The code with which the server ends a connection that sends `bytes` first.
async fn end_of(world: &World, bytes: &[u8], finish: bool) -> Option<u32> {
    let mut peer = world.connect();
    peer.control.write(bytes.to_vec()).await;
    if finish {
        peer.control.finish();
    }
    peer.closed().await.code
}

#[tokio::test]
async fn anything_before_hello_ends_the_connection_with_a_code() {
    let (world, ann) = somebody().await;
    let ticket = world.ticket(&ann).await;
    let control = codec::frame(&Control { version: 1 });
    let hello = codec::frame(&Hello { ticket, attempt: world.attempt(), client: "x".into() });
    let then = |bytes: &[u8]| [&control[..], bytes].concat();
    let check = async |name: &str, bytes: Vec<u8>, code: Code| {
        assert_eq!(end_of(&world, &bytes, false).await, Some(code.number()), "{name}");
    };
    check("a request", codec::frame(&Ping { nonce: 1 }).to_vec(), Code::HelloRequired).await;
    check("hello without control", hello.to_vec(), Code::HelloRequired).await;
    check("a request after control", then(&codec::frame(&Ping { nonce: 1 })), Code::HelloRequired).await;
    check("an unknown kind", then(&raw_frame(9_999, b"??")), Code::HelloRequired).await;
    check("a foreign version", codec::frame(&Control { version: 9 }).to_vec(), Code::Unsupported).await;
    check("a cut body", then(&raw_frame(10, &[1, 2, 3])), Code::Malformed).await;
    check("leftover bytes", then(&raw_frame(1, &[1, 1])), Code::HelloRequired).await;
    check("a long frame", then(&raw_frame(10, &[0; 2_000])), Code::FrameTooLong).await;
    check("a length that lies", then(&[0xFD, 255, 255, 255, 255, 255, 255, 255, 127]), Code::FrameTooLong).await;
    check("an overlong length", then(&[0xFB, 1, 0]), Code::Malformed).await;
    check("no kind", then(&[0]), Code::Malformed).await;
    assert_eq!(end_of(&world, &then(&hello[..hello.len() / 2]), true).await, Some(Code::CutFrame.number()));
    // The ticket was never used up: the same bytes, whole, are welcome.
    let mut peer = world.connect();
    peer.control.write(then(&hello)).await;
    let _: Welcome = peer.control.expect().await;
}

#[tokio::test]
async fn requests_before_attach_are_refused_and_the_connection_goes_on() {
    let (world, ann) = somebody().await;
    let mut peer = world.connect();
    peer.hello(world.ticket(&ann).await, world.attempt()).await.unwrap();
    let refused = peer.post(RoomId::default(), "early").await.unwrap_err();
    assert_eq!((refused.request, refused.code), (1, Code::AttachRequired.number()));
    peer.attach().await;
}

async fn refusal(peer: &mut Peer, bytes: impl Into<bytes::Bytes>) -> (u32, u32) {
    peer.control.write(bytes).await;
    let failed: Failed = peer.control.expect().await;
    (failed.request, failed.code)
}

#[tokio::test]
async fn frames_that_make_no_sense_are_answered_with_their_request_and_a_code() {
    let (world, ann) = somebody().await;
    let mut peer = world.attached(&ann).await;
    let post = |text: &[u8]| {
        let mut body = codec::encode(&(9u32, RoomId::default(), ClientId::default()));
        varint::put(&mut body, text.len() as u64);
        body.extend_from_slice(text);
        body
    };
    let check = async |peer: &mut Peer, name: &str, bytes: bytes::Bytes, request: u32, code: Code| {
        assert_eq!(refusal(peer, bytes).await, (request, code.number()), "{name}");
    };
    check(&mut peer, "unknown kind", raw_frame(9_999, &[5]), 5, Code::Unsupported).await;
    check(&mut peer, "a server's kind", codec::frame(&Done { request: 6 }), 6, Code::UnexpectedFrame).await;
    check(
        &mut peer,
        "a second attach",
        codec::frame(&Attach { request: 7, user_epoch: Default::default(), user_seq: U53::default() }),
        7,
        Code::UnexpectedFrame,
    )
    .await;
    check(&mut peer, "invalid UTF-8", raw_frame(22, &post(&[0xFF, 0xFE])), 9, Code::Malformed).await;
    let mut leftover = post(b"hi");
    leftover.push(0);
    check(&mut peer, "leftover bytes", raw_frame(22, &leftover), 9, Code::Malformed).await;
    let body = post(b"hi");
    check(&mut peer, "a cut body", raw_frame(22, &body[..body.len() - 1]), 9, Code::Malformed).await;
    let mut lie = codec::encode(&(9u32, RoomId::default(), ClientId::default()));
    lie.extend_from_slice(&[0xFD, 0, 0, 0, 0, 0, 1, 0, 0]);
    check(&mut peer, "a length that lies", raw_frame(22, &lie), 9, Code::Malformed).await;
    let many = Resume { request: 8, cursors: vec![cursor(); limits::RESUME_CURSORS_MAX + 1] };
    check(&mut peer, "too many cursors", codec::frame(&many), 8, Code::TooMany).await;
    let many = GetUsers { request: 8, users: vec![Default::default(); limits::USERS_PER_REQUEST_MAX + 1] };
    check(&mut peer, "too many users", codec::frame(&many), 8, Code::TooMany).await;
    let many = WatchPresence { request: 8, users: vec![Default::default(); limits::PRESENCE_WATCH_MAX + 1] };
    check(&mut peer, "too many watched", codec::frame(&many), 8, Code::TooMany).await;
    // After all of it the session is as good as new.
    let room = world.room(&ann, "room").await;
    peer.post(room, "fine").await.unwrap();
}

fn cursor() -> Cursor {
    Cursor { room: RoomId::default(), epoch: Default::default(), seq: U53::default(), tail: 0 }
}

#[tokio::test]
async fn rooms_that_are_not_there_or_not_ones_own() {
    let (world, ann) = somebody().await;
    let bob = world.person("bob").await;
    let room = world.room(&ann, "room").await;
    world.post(&ann, room, "for members").await;
    let mut b = world.attached(&bob).await;
    let code = |failed: Failed| failed.code;
    assert_eq!(b.post(room, "hi").await.map_err(code), Err(Code::NotAMember.number()));
    assert_eq!(b.post(RoomId::default(), "hi").await.map_err(code), Err(Code::NoSuchRoom.number()));
    let request = b.request();
    let members: Result<MemberPage, _> = b.ask(&ListMembers { request, room, after: None, limit: 9 }).await;
    assert_eq!(members.map_err(code), Err(Code::NotAMember.number()));
    let request = b.request();
    let client_id = ClientId::default();
    let join: Result<RoomAnswer, _> = b.ask(&JoinRoom { request, client_id, room: RoomId::default() }).await;
    assert_eq!(join.map_err(code), Err(Code::NoSuchRoom.number()));
    let mut history = b.open(Class::History);
    history.send(&History {}).await;
    let seq = U53::MAX;
    history.send(&GetMessages { request: 3, room, direction: Direction::Before, seq, limit: 9 }).await;
    let failed: Failed = history.expect().await;
    assert_eq!((failed.request, failed.code), (3, Code::NotAMember.number()));
}

#[tokio::test]
async fn texts_and_names_out_of_bounds() {
    let (world, ann) = somebody().await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    let code = |failed: Failed| failed.code;
    for empty in ["", "  \n"] {
        assert_eq!(a.post(room, empty).await.map_err(code), Err(Code::EmptyText.number()));
    }
    let longest = "x".repeat(limits::TEXT_BYTES_MAX);
    assert!(a.post(room, &longest).await.is_ok());
    assert_eq!(a.post(room, &format!("{longest}x")).await.map_err(code), Err(Code::TextTooLong.number()));
    for name in ["", " ", "a\u{7}b", &"字".repeat(65)] {
        let request = a.request();
        let client_id = ClientId(SystemEntropyBytes::fresh());
        let made: Result<RoomAnswer, _> = a.ask(&CreateRoom { request, client_id, name: name.into() }).await;
        assert_eq!(made.map_err(code), Err(Code::BadRoomName.number()), "{name:?}");
    }
    assert_eq!(world.store().log.head(room).await.unwrap().unwrap().seq, 3);
}

#[tokio::test]
async fn streams_that_break_the_rules_end_alone() {
    let (world, ann) = somebody().await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    let check = async |name: &str, bytes: &[u8], code: Code| {
        let mut stream = a.open(Class::History);
        stream.write(bytes.to_vec()).await;
        assert_eq!(stream.next().await, Err(code.number()), "{name}");
    };
    check("a second control", &codec::frame(&Control { version: 1 }), Code::UnexpectedFrame).await;
    check("a request", &codec::frame(&Ping { nonce: 1 }), Code::UnexpectedFrame).await;
    check("a stream of a later version", &raw_frame(9, b""), Code::Unsupported).await;
    check("a lane of a later version", &raw_frame(2, &[9]), Code::Unsupported).await;
    check("a history with leftovers", &raw_frame(3, &[9]), Code::Malformed).await;
    check("a frame too long", &raw_frame(3, &[9; 2_000]), Code::FrameTooLong).await;
    // A stream that never says what it is holds up nobody.
    let silent = a.open(Class::History);
    let mut history = a.open(Class::History);
    history.send(&History {}).await;
    history.write(raw_frame(70, b"")).await;
    assert_eq!(history.expect::<Failed>().await.code, Code::Malformed.number());
    history.write(raw_frame(9_999, &[4])).await;
    let failed: Failed = history.expect().await;
    assert_eq!((failed.request, failed.code), (4, Code::Unsupported.number()));
    world.post(&ann, room, "and the lane goes on").await;
    assert_eq!(entry(a.others.as_mut().unwrap()).await, (3, "and the lane goes on".into()));
    drop(silent);
}

#[tokio::test]
async fn a_frame_too_long_on_control_ends_the_connection_and_nobody_elses() {
    let (world, ann) = somebody().await;
    let bob = world.person("bob").await;
    let mut a = world.attached(&ann).await;
    let mut b = world.attached(&bob).await;
    a.control.write(raw_frame(22, &vec![0; limits::CLIENT_FRAME_BODY_BYTES_MAX + 1])).await;
    assert_eq!(a.closed().await.code, Some(Code::FrameTooLong.number()));
    b.control.send(&Ping { nonce: 5 }).await;
    assert_eq!(b.control.expect::<Pong>().await.nonce, 5);
}

#[tokio::test]
async fn a_reader_that_never_reads_holds_up_nobody_and_loses_nothing() {
    let (world, ann) = somebody().await;
    let bob = world.person("bob").await;
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let mut reader = world.attached(&ann).await;
    let mut stalled = world.attached(&bob).await;
    for peer in [&mut reader, &mut stalled] {
        peer.resume(room, Default::default(), 0, 0).await;
    }
    // More than every window between server and client together.
    let text = "x".repeat(limits::TEXT_BYTES_MAX);
    for seq in 4..104 {
        assert_eq!(world.post(&ann, room, &text).await, seq);
        assert_eq!(entry(reader.others.as_mut().unwrap()).await.0, seq);
    }
    for seq in 4..104 {
        assert_eq!(entry(stalled.others.as_mut().unwrap()).await.0, seq);
    }
}

#[tokio::test]
async fn past_the_bound_of_requests_only_requests_are_refused() {
    let (world, ann) = somebody().await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    let held = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    for request in 100..100 + limits::REQUESTS_IN_FLIGHT_MAX as u32 {
        let held = held.clone();
        world.hooks.after_append.next(async move { drop(held.acquire().await) });
        let client_id = ClientId(SystemEntropyBytes::fresh());
        a.control.send(&Post { request, room, client_id, text: "held".into() }).await;
    }
    let list = ListRooms { request: 7, after: None, limit: 1 };
    assert_eq!(refusal(&mut a, codec::frame(&list)).await, (7, Code::Busy.number()));
    // Neither is a request: a probe is answered, and the room comes into view.
    a.control.send(&Ping { nonce: 8 }).await;
    a.control.send(&View { room: Some(room), have_seq: U53::saturating(66) }).await;
    assert_eq!(a.control.expect::<Pong>().await.nonce, 8);
    held.close();
    for _ in 0..limits::REQUESTS_IN_FLIGHT_MAX {
        let _: Accepted = a.control.expect().await;
    }
    let seq = world.post(&ann, room, "in view").await;
    while entry(a.in_view.as_mut().unwrap()).await != (seq, "in view".into()) {}
}

#[tokio::test]
async fn a_page_of_history_that_nobody_reads_is_not_kept_for_ever() {
    let (world, ann) = somebody().await;
    let room = world.room(&ann, "room").await;
    let (mut a, gate) = world.gated(&ann).await;
    gate.shut(Priority::History);
    let mut history = a.open(Class::History);
    history.send(&History {}).await;
    history.send(&GetMessages { request: 1, room, direction: Direction::Before, seq: U53::MAX, limit: 9 }).await;
    gate.stopped().await;
    for _ in 0..2 {
        later(limits::DEAD_AFTER_MS / 2).await;
        a.control.send(&Ping { nonce: 1 }).await;
        let _: Pong = a.control.expect().await;
    }
    assert_eq!(history.next().await, Err(Code::TooSlow.number()));
}
