//! Plain HTTP/3: requests, their bodies and answers, and how the connection ends.

use super::{Browser, REQUEST_REJECTED, Stream, status};
use crate::{
    host::{Event, HOME, sequence},
    soon,
};
use bytes::{Buf, BufMut as _, Bytes, BytesMut};
use h3::ext::Protocol;
use http::{Request, header::CONTENT_LENGTH};
use quinn::VarInt;
use rill_protocol::Code;
use rill_protocol::limits::AVATAR_FILE_BYTES_MAX;
use rill_server::transport::limits::{HTTP3_REQUESTS_MAX, REQUEST_BODY_BYTES_MAX};

impl Browser {
    /// Status and body of the answer to a request.
    async fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> (u16, Bytes) {
        let mut stream = self.send(method, None, path, None).await;
        // An error says that the server wants no more of it. h3 may not be asked to finish then:
        // it greases the end, and takes the unsent rest for its own fault.
        if soon("the body's way", stream.send_data(Bytes::copy_from_slice(body))).await.is_ok() {
            let _ = stream.finish().await;
        }
        (status(&mut stream).await, rest(&mut stream).await.expect("the answer is whole"))
    }
}

impl Browser {
    /// Requests that are not answered yet.
    async fn hold(&mut self, count: usize) -> Vec<Stream> {
        let mut held = Vec::new();
        for _ in 0..count {
            held.push(self.send("GET", None, "/hold", None).await);
            assert_eq!(self.events.next().await, Event::Asked);
        }
        held
    }

    /// Now they are.
    async fn release(&self, held: Vec<Stream>) {
        self.host.release.notify_waiters();
        for mut stream in held {
            assert_eq!((status(&mut stream).await, rest(&mut stream).await), (200, Some(Bytes::from("released"))));
        }
    }
}

/// The answer's body, or that it broke off.
async fn rest(stream: &mut Stream) -> Option<Bytes> {
    let mut body = BytesMut::new();
    while let Some(data) = soon("the answer", stream.recv_data()).await.ok()? {
        body.put(data);
    }
    Some(body.freeze())
}

#[tokio::test]
async fn requests_are_answered_with_their_bodies() {
    let mut browser = Browser::start().await;
    assert_eq!(browser.ask("GET", "/nothing", b"").await, (404, Bytes::new()));
    assert_eq!(browser.ask("POST", "/echo", b"hello").await, (200, Bytes::from("hello")));
    assert_eq!(browser.ask("POST", "/echo", b"").await, (200, Bytes::new()));
    let longest = sequence(0..REQUEST_BODY_BYTES_MAX);
    assert!(browser.ask("POST", "/echo", &longest).await == (200, longest));
    let (status, made) = browser.ask("GET", "/make?3000000", b"").await;
    assert!((status, made) == (200, sequence(0..3_000_000)));
    assert_eq!(browser.ask("HEAD", "/make?3000", b"").await, (200, Bytes::new()));
    assert!(browser.events.is_empty());
}

#[tokio::test]
async fn requests_of_one_connection_are_answered_side_by_side() {
    let mut browser = Browser::start().await;
    let mut held = browser.hold(HTTP3_REQUESTS_MAX - 1).await;
    assert_eq!(browser.ask("POST", "/echo", b"beside").await, (200, Bytes::from("beside")));
    held.extend(browser.hold(1).await);
    browser.release(held).await;
}

#[tokio::test]
async fn one_request_more_than_are_answered_at_once_waits_for_its_turn() {
    let mut browser = Browser::start().await;
    let held = browser.hold(HTTP3_REQUESTS_MAX).await;
    let mut late = browser.send("GET", None, "/make?3", None).await;
    late.finish().await.unwrap();
    browser.release(held).await;
    assert_eq!((status(&mut late).await, rest(&mut late).await), (200, Some(sequence(0..3))));
}

#[tokio::test]
async fn a_body_that_is_too_long_is_let_in_no_further_than_a_frame_beyond_its_bound() {
    let mut browser = Browser::start().await;
    let (status, count) = browser.ask("POST", "/count", &vec![7; AVATAR_FILE_BYTES_MAX]).await;
    assert_eq!((status, count), (200, Bytes::from(AVATAR_FILE_BYTES_MAX.to_string())));
    let (status, count) = browser.ask("POST", "/count", &vec![7; 2 * AVATAR_FILE_BYTES_MAX]).await;
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&count).contains("given its request up"), "{count:?}");
    assert_eq!(browser.ask("POST", "/echo", b"still here").await.1, "still here");
}

#[tokio::test]
async fn a_body_is_as_long_as_its_header_says() {
    let mut browser = Browser::start().await;
    for (length, body, expected) in
        [("3", &b"abc"[..], "3"), ("2", b"abc", "Content-Length"), ("4", b"abc", "Content-Length")]
    {
        let request = Request::post("https://localhost/count").header(CONTENT_LENGTH, length).body(()).unwrap();
        let mut stream = browser.requests.send_request(request).await.unwrap();
        stream.send_data(Bytes::from_static(body)).await.unwrap();
        stream.finish().await.unwrap();
        assert_eq!(status(&mut stream).await, 200);
        let count = rest(&mut stream).await.unwrap();
        assert!(String::from_utf8_lossy(&count).contains(expected), "{length}: {count:?}");
    }
    // Two lengths, and one that is none, are no request at all (H3_MESSAGE_ERROR).
    for lengths in [&["3", "3"][..], &["3x"]] {
        let mut request = Request::post("https://localhost/count").body(()).unwrap();
        for length in lengths {
            request.headers_mut().append(CONTENT_LENGTH, length.parse().unwrap());
        }
        let mut stream = browser.requests.send_request(request).await.unwrap();
        assert_eq!(broken(&mut stream).await, 0x10E, "{lengths:?}");
    }
}

/// The code with which the server reset its half.
async fn broken(stream: &mut Stream) -> u64 {
    match soon("the reset", stream.recv_response()).await {
        Err(h3::error::StreamError::RemoteTerminate { code }) => code.value(),
        other => panic!("{other:?} instead of a reset"),
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_whole() {
    let mut browser = Browser::start().await;
    let mut stream = browser.send("GET", None, "/break", None).await;
    // The reset may overtake what came before it.
    if soon("the response", stream.recv_response()).await.is_ok() {
        assert_eq!(rest(&mut stream).await, None);
    }
    assert_eq!(browser.ask("POST", "/echo", b"x").await.1, "x");
}

#[tokio::test]
async fn a_request_that_its_client_gives_up_is_let_go() {
    let mut browser = Browser::start().await;
    let mut stream = browser.send("GET", None, "/wait", None).await;
    assert_eq!(browser.events.next().await, Event::Asked);
    stream.stop_sending(h3::error::Code::H3_REQUEST_CANCELLED);
    assert_eq!(browser.events.next().await, Event::GivenUp);
    assert_eq!(browser.ask("POST", "/echo", b"x").await.1, "x");

    let _stream = browser.send("GET", None, "/wait", None).await;
    assert_eq!(browser.events.next().await, Event::Asked);
    browser.quic.close(VarInt::from_u32(0x100), b"");
    assert_eq!(browser.events.next().await, Event::GivenUp);
    soon("the end of every task", browser.host.tasks.idle()).await;
}

#[tokio::test]
async fn a_body_that_its_client_gives_up_ends_for_its_reader() {
    let mut browser = Browser::start().await;
    let mut stream = browser.send("POST", None, "/echo", None).await;
    stream.send_data(Bytes::from_static(b"half")).await.unwrap();
    assert_eq!(status(&mut stream).await, 200);
    assert_eq!(soon("the echo", stream.recv_data()).await.unwrap().unwrap().chunk(), b"half");
    stream.stop_stream(h3::error::Code::H3_REQUEST_CANCELLED);
    assert_eq!(rest(&mut stream).await, None);
    assert_eq!(browser.ask("POST", "/echo", b"x").await.1, "x");
}

#[tokio::test]
async fn an_answer_goes_on_while_its_body_still_comes() {
    let mut browser = Browser::start().await;
    let mut stream = browser.send("POST", None, "/echo", None).await;
    for piece in ["one", "two", "three"] {
        stream.send_data(Bytes::from(piece)).await.unwrap();
        if piece == "one" {
            assert_eq!(status(&mut stream).await, 200);
        }
        let echo = soon("the echo", stream.recv_data()).await.unwrap().expect("the answer goes on");
        assert_eq!(echo.chunk(), piece.as_bytes());
    }
    stream.finish().await.unwrap();
    assert_eq!(rest(&mut stream).await, Some(Bytes::new()));
}

#[tokio::test]
async fn requests_under_way_are_answered_beside_the_session_and_later_ones_are_rejected() {
    let mut browser = Browser::start().await;
    let held = browser.hold(1).await;
    // A header of which one byte came before the session, and the rest after.
    let (mut begun, mut begun_answer) = browser.raw(&[0x01]).await;
    let session = browser.session().await;
    let id = session.id().into_inner();
    browser.echo(u8::try_from(id).unwrap()).await;

    begun.write_all(&[0x02, 0, 0]).await.unwrap();
    let rejected = super::refusal(&mut begun, &mut begun_answer).await;
    assert_eq!(rejected, (u64::from(REQUEST_REJECTED), u64::from(REQUEST_REJECTED)));
    let mut late = browser.send("GET", None, "/make?3", None).await;
    assert_eq!(broken(&mut late).await, u64::from(REQUEST_REJECTED));

    browser.release(held).await;
    browser.echo(u8::try_from(id).unwrap()).await;
}

#[tokio::test]
async fn a_closing_endpoint_lets_requests_finish_and_takes_no_more() {
    let mut browser = Browser::start().await;
    let held = browser.hold(1).await;
    let endpoint = browser.server.endpoint.clone();
    let closing = tokio::spawn(async move { endpoint.close(Code::GoingAway).await });
    // GOAWAY arrives, and h3's client refuses to ask on.
    let refused = async {
        loop {
            let request = Request::get("https://localhost/make?3").body(()).unwrap();
            match browser.requests.send_request(request).await {
                Err(h3::error::StreamError::RemoteClosing) => break,
                Err(other) => panic!("{other}"),
                // Not heard yet: then the server rejects it, or answers it still.
                Ok(mut stream) => drop(soon("an answer or a rejection", stream.recv_response()).await),
            }
        }
    };
    soon("the GOAWAY", refused).await;
    browser.release(held).await;
    soon("the end", closing).await.unwrap();
    soon("the end of every task", browser.host.tasks.idle()).await;
}

#[tokio::test]
async fn two_connects_at_once_open_one_session() {
    let mut browser = Browser::start().await;
    let session = Some(Protocol::WEB_TRANSPORT);
    let mut first = browser.send("CONNECT", session, "/rill/v1", Some(HOME)).await;
    let mut second = browser.send("CONNECT", session, "/rill/v1", Some(HOME)).await;
    assert_eq!(status(&mut first).await, 200);
    browser.events.connected().await;
    assert_eq!(broken(&mut second).await, u64::from(REQUEST_REJECTED));
    browser.echo(0).await;
    assert!(browser.events.is_empty());
}
