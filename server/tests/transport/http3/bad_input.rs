//! Peers that speak HTTP/3 wrongly or oddly, byte by byte. Each gets the ending that the
//! protocol has for it, and a session beside them on another connection notices nothing.

use super::{BUFFERED_STREAM_REJECTED, Browser, STREAM_CREATION_ERROR, Stream, refusal, stop};
use crate::soon;
use bytes::Bytes;
use quinn::{ConnectionError, ReadError, ReadToEndError};
use rill_protocol::Code;
use rill_server::transport::limits::HTTP3_REFUSED_MAX;

// RFC 9114, section 8.1, and RFC 9204, section 6.
const STREAM_CREATION: u64 = 0x103;
const CLOSED_CRITICAL_STREAM: u64 = 0x104;
const FRAME_UNEXPECTED: u64 = 0x105;
const FRAME_ERROR: u64 = 0x106;
const EXCESSIVE_LOAD: u64 = 0x107;
const SETTINGS_ERROR: u64 = 0x109;
const MISSING_SETTINGS: u64 = 0x10A;
const REQUEST_INCOMPLETE: u64 = 0x10D;
const MESSAGE_ERROR: u64 = 0x10E;
const DECOMPRESSION_FAILED: u64 = 0x200;

/// An empty SETTINGS on a control stream.
const CONTROL: &[u8] = &[0x00, 0x04, 0x00];

/// A frame of these bytes.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap() | 0x4000;
    [&[kind][..], &length.to_be_bytes(), payload].concat()
}

/// A field section of nothing but literals (RFC 9204, section 4.5.6).
fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut section = vec![0, 0];
    for (name, value) in fields {
        // Lengths below 7 and 127 fit their prefixes; a longer name goes on in a second byte.
        match name.len() {
            length @ 0..7 => section.push(0x20 | length as u8),
            length => section.extend([0x27, (length - 7) as u8]),
        }
        section.extend_from_slice(name.as_bytes());
        section.push(u8::try_from(value.len()).unwrap());
        section.extend_from_slice(value.as_bytes());
    }
    section
}

fn request(more: &[(&str, &str)]) -> Vec<u8> {
    let usual = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/make?3")];
    frame(1, &fields(&[&usual[..], more].concat()))
}

/// One who is served while others misbehave.
struct Bystander {
    browser: Browser,
    _session: Stream,
}

impl Bystander {
    async fn start() -> Self {
        let mut browser = Browser::start().await;
        let session = browser.session().await;
        Self { browser, _session: session }
    }

    /// A connection that has said nothing yet.
    async fn stranger(&self) -> quinn::Connection {
        self.browser.server.dial(self.browser.server.address, b"h3").await.unwrap()
    }

    async fn is_served(&mut self) {
        self.browser.echo(0).await;
        assert!(self.browser.events.is_empty());
    }
}

/// The code with which the server closed the connection.
async fn closed(quic: &quinn::Connection) -> u64 {
    match soon("the close", quic.closed()).await {
        ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
        other => panic!("{other}"),
    }
}

async fn one_way(quic: &quinn::Connection, bytes: &[u8]) -> quinn::SendStream {
    let mut send = quic.open_uni().await.unwrap();
    send.write_all(bytes).await.unwrap();
    send
}

/// A stream with these bytes, which then ends if it is to.
async fn stream(quic: &quinn::Connection, bytes: &[u8], finish: bool) -> (quinn::SendStream, quinn::RecvStream) {
    let (mut send, recv) = quic.open_bi().await.unwrap();
    // An error says that the server has refused the rest.
    let _ = send.write_all(bytes).await;
    if finish {
        let _ = send.finish();
    }
    (send, recv)
}

/// Whether a request is answered: a HEADERS frame, and the body in DATA.
async fn is_answered(quic: &quinn::Connection) {
    let (_send, mut recv) = stream(quic, &request(&[]), true).await;
    let answer = soon("the answer", recv.read_to_end(1_000)).await.unwrap();
    assert!(answer.first() == Some(&1) && answer.ends_with(&[0, 3, 0, 1, 2]), "{answer:?}");
}

#[tokio::test]
async fn what_breaks_a_connection_closes_it_with_its_code() {
    let mut bystander = Bystander::start().await;
    let settings = |payload: &[u8]| [&[0x00][..], &frame(4, payload)].concat();
    for (control, expected) in [
        // A frame before SETTINGS, and frames that have no place behind.
        (b"\x00\x00\x01x".to_vec(), MISSING_SETTINGS),
        ([CONTROL, &frame(0, b"x")].concat(), FRAME_UNEXPECTED),
        ([CONTROL, &frame(1, b"xx")].concat(), FRAME_UNEXPECTED),
        ([CONTROL, &frame(5, b"\x00x")].concat(), FRAME_UNEXPECTED),
        ([CONTROL, &[0x04, 0x00][..]].concat(), FRAME_UNEXPECTED),
        // Of HTTP/2.
        ([CONTROL, &frame(2, b"x")].concat(), FRAME_UNEXPECTED),
        (settings(&[0x02, 0x00]), SETTINGS_ERROR),
        // The same setting twice, and half a setting.
        (settings(&[0x06, 0x01, 0x06, 0x01]), SETTINGS_ERROR),
        (settings(&[0x06]), SETTINGS_ERROR),
        // A gigabyte is said to follow.
        (b"\x00\x04\xBF\xFF\xFF\xFF".to_vec(), EXCESSIVE_LOAD),
        ([CONTROL, b"\x21\xBF\xFF\xFF\xFF"].concat(), EXCESSIVE_LOAD),
    ] {
        let quic = bystander.stranger().await;
        let _control = one_way(&quic, &control).await;

        assert_eq!(closed(&quic).await, expected, "{control:x?}");
    }
    let quic = bystander.stranger().await;
    let _two = [one_way(&quic, CONTROL).await, one_way(&quic, CONTROL).await];
    assert_eq!(closed(&quic).await, STREAM_CREATION);
    let quic = bystander.stranger().await;
    one_way(&quic, CONTROL).await.finish().unwrap();
    assert_eq!(closed(&quic).await, CLOSED_CRITICAL_STREAM);

    let cut = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
    for (bytes, expected) in [
        // Frames that begin no request.
        (frame(0, b"x"), FRAME_UNEXPECTED),
        (frame(4, b""), FRAME_UNEXPECTED),
        (frame(7, b"\x00"), FRAME_UNEXPECTED),
        (frame(2, b"x"), FRAME_UNEXPECTED),
        // Fields of a table that there is none of, an index beyond the static one, a string
        // that ends early.
        (frame(1, b"\x00\x00\x80"), DECOMPRESSION_FAILED),
        (frame(1, b"\x00\x00\xFF\x60"), DECOMPRESSION_FAILED),
        (frame(1, b"\x00\x00\x51\x7Fx"), DECOMPRESSION_FAILED),
        // An end in the middle of a frame.
        (cut(&request(&[])), FRAME_ERROR),
        (post(&cut(&frame(0, b"xyz"))), FRAME_ERROR),
    ] {
        let quic = bystander.stranger().await;
        let _control = one_way(&quic, CONTROL).await;
        let _stream = stream(&quic, &bytes, true).await;

        assert_eq!(closed(&quic).await, expected, "{bytes:x?}");
    }
    bystander.is_served().await;
}

/// A request whose body is read, and these bytes behind it.
fn post(behind: &[u8]) -> Vec<u8> {
    let head = [(":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", "/count")];
    [&frame(1, &fields(&head)), behind].concat()
}

#[tokio::test]
async fn what_breaks_a_request_ends_its_stream_with_its_code() {
    let mut bystander = Bystander::start().await;
    let quic = bystander.stranger().await;
    let _control = one_way(&quic, CONTROL).await;
    let without = |name: &str| {
        let usual = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/")];
        let rest: Vec<_> = usual.into_iter().filter(|(other, _)| *other != name).collect();
        frame(1, &fields(&rest))
    };
    for (bytes, expected) in [
        (vec![], REQUEST_INCOMPLETE),
        (without(":method"), MESSAGE_ERROR),
        (without(":scheme"), MESSAGE_ERROR),
        (without(":authority"), MESSAGE_ERROR),
        (without(":path"), MESSAGE_ERROR),
        (request(&[(":odd", "x")]), MESSAGE_ERROR),
        (request(&[("X-Upper", "x")]), MESSAGE_ERROR),
        (request(&[("x y", "x")]), MESSAGE_ERROR),
        (request(&[("x-a", "b\r\nx-c: d")]), MESSAGE_ERROR),
        (request(&[("x-a", "b\0")]), MESSAGE_ERROR),
        (request(&[("", "x")]), MESSAGE_ERROR),
        (request(&[("host", "evil.example")]), MESSAGE_ERROR),
        (request(&[("content-length", "1"), ("content-length", "2")]), MESSAGE_ERROR),
        // Header fields, and GREASE, of a gigabyte.
        (b"\x01\xBF\xFF\xFF\xFFxxxx".to_vec(), EXCESSIVE_LOAD),
        (b"\x21\xBF\xFF\xFF\xFFxxxx".to_vec(), EXCESSIVE_LOAD),
        // A stream of a session that there is none of.
        (b"\x40\x41\x00hello".to_vec(), u64::from(BUFFERED_STREAM_REJECTED)),
    ] {
        let (_send, mut recv) = stream(&quic, &bytes, true).await;
        let reset = match soon("the reset", recv.read_to_end(1_000)).await {
            Err(ReadToEndError::Read(ReadError::Reset(code))) => code.into_inner(),
            other => panic!("{other:?} for {bytes:x?}"),
        };
        assert_eq!(reset, expected, "{bytes:x?}");
        is_answered(&quic).await;
    }
    bystander.is_served().await;
}

#[tokio::test]
async fn grease_means_nothing() {
    let mut bystander = Bystander::start().await;
    let quic = bystander.stranger().await;
    // Settings, frames and kinds of streams of the form 0x1f * N + 0x21 (RFC 9114, section
    // 7.2.8), with something in them.
    let control = [&[0x00][..], &frame(4, &[0x21, 0x07, 0x40, 0x5F, 0x00]), &frame(0x21, b"grease")].concat();
    let _control = one_way(&quic, &control).await;
    is_answered(&quic).await;
    for kind in [&[0x21][..], &[0x40, 0x40], &[0x3F], &[0x05], &[0xC0, 0, 0, 0, 0, 0, 0, 0x21]] {
        let mut send = one_way(&quic, &[kind, b"what"].concat()).await;
        assert_eq!(stop(&mut send).await, u64::from(STREAM_CREATION_ERROR), "{kind:x?}");
    }
    // One that ends before it has a kind.
    one_way(&quic, b"").await.finish().unwrap();
    let greased = [
        frame(0x21, b""),
        frame(0x21, b"before"),
        request(&[]),
        frame(0x21, b"between"),
        frame(0, b"x"),
        frame(0x21, b"behind"),
    ];
    let (_send, mut recv) = stream(&quic, &greased.concat(), true).await;
    let answer = soon("the answer", recv.read_to_end(1_000)).await.unwrap();
    assert!(answer.ends_with(&[0, 3, 0, 1, 2]), "{answer:?}");
    // Datagrams before and without a session, of every length.
    for datagram in [&b""[..], b"\x00", b"\x00hello", b"\x40", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", &[0; 1_100]] {
        let _ = quic.send_datagram(Bytes::copy_from_slice(datagram));
    }
    is_answered(&quic).await;
    bystander.is_served().await;
}

#[tokio::test]
async fn datagrams_that_come_before_their_session_do_no_harm() {
    let mut browser = Browser::start().await;
    for datagram in [&b""[..], b"\x40", b"\x07other", b"\x00early"] {
        browser.quic.send_datagram(Bytes::copy_from_slice(datagram)).unwrap();
    }
    let _session = browser.session().await;
    browser.quic.send_datagram(Bytes::from_static(b"\x00late")).unwrap();
    // The early one of this session may have waited for it.
    let mut heard = soon("the echo", browser.quic.read_datagram()).await.unwrap();
    if heard == b"\x00early"[..] {
        heard = soon("the echo", browser.quic.read_datagram()).await.unwrap();
    }
    assert_eq!(heard, &b"\x00late"[..]);
}

#[tokio::test]
async fn who_opens_streams_that_are_no_requests_without_end_is_sent_away() {
    let mut bystander = Bystander::start().await;
    let quic = bystander.stranger().await;
    let _control = one_way(&quic, CONTROL).await;
    for _ in 0..=HTTP3_REFUSED_MAX {
        let Ok((mut send, mut recv)) = quic.open_bi().await else { break };
        if send.write_all(b"\x40\x41\x00").await.is_err() || recv.read_to_end(1).await.is_ok() {
            break;
        }
    }
    assert_eq!(closed(&quic).await, EXCESSIVE_LOAD);
    bystander.is_served().await;
}

#[tokio::test]
async fn a_session_whose_stream_brings_other_frames_ends() {
    for nonsense in [frame(4, b""), frame(5, b"\x00x"), frame(2, b"x"), b"\x21\xBF\xFF\xFF\xFF".to_vec()] {
        let mut browser = Browser::start().await;
        // A CONNECT byte by byte, so that its stream can go on as it should not.
        let head = [
            (":method", "CONNECT"),
            (":protocol", "webtransport"),
            (":scheme", "https"),
            (":authority", "localhost"),
            (":path", "/rill/v1"),
        ];
        let (mut send, _recv) = stream(&browser.quic, &frame(1, &fields(&head)), false).await;
        browser.events.connected().await;
        browser.echo(0).await;
        send.write_all(&nonsense).await.unwrap();
        let ended = browser.events.closed().await;
        assert_ne!(ended.code, Some(Code::Normal.number()), "{nonsense:x?}");
        soon("the end", browser.quic.closed()).await;
    }
}

#[tokio::test]
async fn a_capsule_without_end_ends_its_session_however_it_comes() {
    // An unknown capsule, and a close, of a gigabyte; a byte at a time.
    for capsule in [&b"\x17\xBF\xFF\xFF\xFFabc"[..], b"\x68\x43\xBF\xFF\xFF\xFFabc"] {
        let mut browser = Browser::start().await;
        let mut session = browser.session().await;
        for byte in capsule {
            // An error says that the server has ended it.
            let _ = session.send_data(Bytes::copy_from_slice(&[*byte])).await;
        }
        assert_ne!(browser.events.closed().await.code, Some(Code::Normal.number()));
        // H3_DATAGRAM_ERROR (RFC 9297, section 3.3).
        assert_eq!(closed(&browser.quic).await, 0x33);
    }
}

#[tokio::test]
async fn a_capsule_that_trickles_keeps_nobody_waiting() {
    let mut browser = Browser::start().await;
    let mut session = browser.session().await;
    for byte in b"\x17\x08slow" {
        session.send_data(Bytes::copy_from_slice(&[*byte])).await.unwrap();
        browser.echo(0).await;
    }
    // It never becomes whole; its session ends as if it had not begun.
    session.finish().await.unwrap();
    assert_eq!(browser.events.closed().await.code, Some(Code::Normal.number()));
}

#[tokio::test]
async fn a_session_that_is_refused_leaves_its_connection_for_the_next() {
    let mut browser = Browser::start().await;
    let head = |more: &[(&str, &str)]| {
        let usual = [(":method", "CONNECT"), (":scheme", "https"), (":authority", "localhost"), (":path", "/rill/v1")];
        frame(1, &fields(&[&usual[..], more].concat()))
    };
    for odd in [
        head(&[]),
        head(&[(":protocol", "websocket")]),
        head(&[(":protocol", "WebTransport")]),
        head(&[(":protocol", "webtransport"), ("origin", "https://evil.example")]),
        head(&[(":protocol", "webtransport"), ("origin", "null")]),
        head(&[(":protocol", "webtransport"), ("origin", crate::host::HOME), ("origin", "https://evil.example")]),
        head(&[(":protocol", "nonsense\r\n")]),
    ] {
        let (_send, mut recv) = stream(&browser.quic, &odd, true).await;
        // An answer that is not 200, or a reset.
        let answer = soon("the answer", recv.read_to_end(1_000)).await;
        assert!(answer.as_ref().map_or(true, |answer| answer.first() == Some(&1)), "{odd:x?}: {answer:?}");
        assert!(browser.events.is_empty(), "{odd:x?}");
    }
    let session = browser.session().await;
    assert_ne!(session.id().into_inner(), 0);
    // Of this session no more, and of the refused ones nothing either.
    let (mut send, mut recv) = browser.raw(&[0x40, 0x41, 0, b'x']).await;
    let rejected = u64::from(BUFFERED_STREAM_REJECTED);
    assert_eq!(refusal(&mut send, &mut recv).await, (rejected, rejected));
}
