//! What is particular to the WebSocket.

use crate::{
    client::websocket::{Socket, dial, start},
    host::{Ask, Events, HOME, Host},
    soon,
};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use rill_protocol::{
    Code,
    limits::{MUX_MESSAGE_BYTES_MAX, STREAMS_MAX},
    mux::{Class, Mux, Role},
};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

async fn connect() -> (Host, Events, Socket) {
    let (host, mut events) = Host::new();
    let socket = dial(start(&host).await, Some("rill.v1"), None).await.unwrap();
    events.connected().await;
    (host, events, socket)
}

#[tokio::test]
async fn only_our_pages_and_our_subprotocol_are_let_in() {
    let (host, mut events) = Host::new();
    let server = start(&host).await;
    let refused = |status: u16, code: Code| Err((status, code.name().to_owned()));
    let ours = Some("rill.v1");
    for (protocol, origin, expected) in [
        (ours, None, Ok(())),
        (ours, Some(HOME), Ok(())),
        (Some("chat, rill.v1"), Some(HOME), Ok(())),
        (ours, Some("https://evil.example"), refused(403, Code::ForeignOrigin)),
        (ours, Some("null"), refused(403, Code::ForeignOrigin)),
        (None, None, refused(501, Code::Unsupported)),
        (Some("rill.v2"), None, refused(501, Code::Unsupported)),
    ] {
        let answer = soon("the answer", dial(server, protocol, origin)).await;
        assert_eq!(answer.map(drop), expected, "{protocol:?} {origin:?}");
        if expected.is_ok() {
            events.connected().await;
            events.closed().await;
        }
    }
    assert!(events.is_empty());
}

/// Sends a message that breaks a rule, and expects its close code on both sides.
async fn check(message: Message, code: Code) {
    let (host, mut events, mut socket) = connect().await;
    let shown: String = format!("{message:?}").chars().take(60).collect();
    socket.send(message).await.unwrap();
    assert_eq!(goodbye(&mut socket).await, Some((4_000 + code.number() as u16, code.name().to_owned())), "{shown}");
    assert_eq!(events.closed().await.code, Some(code.number()), "{shown}");
    soon("the end of every task", host.tasks.idle()).await;
}

/// Reads to the end, which answers the server's goodbye; what it said.
async fn goodbye(socket: &mut Socket) -> Option<(u16, String)> {
    let mut said = None;
    while let Some(Ok(message)) = soon("the goodbye", socket.next()).await {
        if let Message::Close(Some(frame)) = message {
            said = Some((frame.code.into(), frame.reason.as_str().to_owned()));
        }
    }
    said
}

#[tokio::test]
async fn whoever_breaks_the_rules_hears_which_code() {
    check(Message::text("hello"), Code::MuxViolation).await;
    check(Message::binary(Bytes::new()), Code::MuxViolation).await;
    check(Message::binary(&b"\xFFjunk"[..]), Code::MuxViolation).await;
    // A kind nobody knows, one in more bytes than it needs, and one that ends too early.
    check(Message::binary(&b"\x63\x01\x00"[..]), Code::MuxViolation).await;
    check(Message::binary(&b"\xFB\x06\x00\x01\x00"[..]), Code::MuxViolation).await;
    check(Message::binary(&b"\x06\xFC\x01"[..]), Code::MuxViolation).await;
    // Credit for a stream that nobody has opened.
    check(Message::binary(&b"\x04\x07\x01"[..]), Code::MuxViolation).await;
    check(Message::binary(vec![0; MUX_MESSAGE_BYTES_MAX + 1]), Code::MuxViolation).await;
    // Longer than the library lets through.
    check(Message::binary(vec![0; 2 * MUX_MESSAGE_BYTES_MAX + 1]), Code::MuxViolation).await;
    // `Open` of one stream more than allowed.
    let opens = (1..=STREAMS_MAX as u8 + 1).flat_map(|id| [6, id, 0]);
    check(Message::binary(opens.collect::<Vec<u8>>()), Code::TooManyStreams).await;
}

#[tokio::test]
async fn a_close_without_our_code_is_understood() {
    for (frame, expected) in [
        (None, Some(Code::Normal.number())),
        (Some(1_000), Some(Code::Normal.number())),
        (Some(1_001), None),
        (Some(4_003), Some(Code::Timeout.number())),
    ] {
        let (_host, mut events, mut socket) = connect().await;
        socket.close(frame.map(|code: u16| CloseFrame { code: code.into(), reason: "".into() })).await.unwrap();
        assert_eq!(events.closed().await.code, expected, "{frame:?}");
        // The server answers the goodbye.
        assert!(goodbye(&mut socket).await.is_some() || frame.is_none());
    }
}

#[tokio::test]
async fn a_connection_that_breaks_has_no_code() {
    let (host, mut events, socket) = connect().await;
    drop(socket);
    assert_eq!(events.closed().await.code, None);
    soon("the end of every task", host.tasks.idle()).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_can_still_be_closed() {
    let (host, mut events, mut socket) = connect().await;
    let mut mux = Mux::new(Role::Client);
    for (ask, number) in [(Ask::Flood, 0), (Ask::Close, Code::TooSlow.number())] {
        let id = mux.open(Class::LaneInView).unwrap();
        let mut bytes = BytesMut::new();
        bytes.put_u8(ask as u8);
        bytes.put_u32(number);
        mux.write(id, &mut bytes.freeze()).unwrap();
        // Credit without end: only TCP holds the server back.
        let mut message = BytesMut::from(mux.transmit().unwrap().as_ref());
        message.put_slice(&[4, id as u8, 0xFC]);
        message.put_u32_le(u32::MAX);
        if ask == Ask::Close {
            // Long enough for the flood to fill what the kernel takes.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        socket.send(Message::Binary(message.freeze())).await.unwrap();
    }
    assert_eq!(events.closed().await.code, Some(Code::TooSlow.number()));
    // The goodbye does not get through, and is given up.
    soon("the end of every task", host.tasks.idle()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_tiny_frames_are_read_and_nobody_else_notices() {
    let (_host, mut events, mut socket) = connect().await;
    let (_other, _others, mut beside) = connect().await;
    let datagram = |word: &'static [u8]| {
        let mut mux = Mux::new(Role::Client);
        mux.send_datagram(Bytes::from_static(word));
        mux.transmit().unwrap()
    };
    let tiny = datagram(b"x");
    let message = Bytes::from(tiny.repeat(MUX_MESSAGE_BYTES_MAX / tiny.len()));
    let messages = 1_000_000 / (message.len() / tiny.len()) + 1;
    for _ in 0..messages {
        soon("the write", socket.send(Message::Binary(message.clone()))).await.unwrap();
    }
    // Somebody else, and then this one.
    for (socket, word) in [(&mut beside, &b"beside"[..]), (&mut socket, b"behind")] {
        let asked = datagram(word);
        socket.send(Message::Binary(asked.clone())).await.unwrap();
        let echoed = async {
            loop {
                match socket.next().await.unwrap().unwrap() {
                    Message::Binary(bytes) if bytes.ends_with(word) => break,
                    Message::Binary(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        soon("the echo", echoed).await;
    }
    assert!(events.is_empty());
}
