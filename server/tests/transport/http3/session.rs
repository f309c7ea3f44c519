//! WebTransport over HTTP/3: its CONNECT, headers of streams, capsules.

use super::{
    BUFFERED_STREAM_REJECTED, Browser, REQUEST_REJECTED, STREAM_CREATION_ERROR, mapped, refusal, status, stop,
};
use crate::{
    host::{Ask, Event, HOME},
    soon,
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use h3::ext::Protocol;
use quinn::{ReadError, VarInt, WriteError};
use rill_protocol::Code;

#[tokio::test]
async fn requests_that_open_no_session_are_answered_and_the_connection_stays() {
    let mut browser = Browser::start().await;
    let session = Some(Protocol::WEB_TRANSPORT);
    for (method, protocol, path, origin, expected) in [
        ("GET", None, "/", None, 404),
        ("GET", None, "/rill/v1", None, 404),
        ("POST", None, "/api/v1/login", Some(HOME), 404),
        ("CONNECT", session, "/rill/v2", Some(HOME), 404),
        ("CONNECT", session, "/", Some(HOME), 404),
        ("CONNECT", session, "/rill/v1", Some("https://evil.example"), 403),
        ("CONNECT", Some(Protocol::CONNECT_UDP), "/rill/v1", None, 400),
    ] {
        let mut stream = browser.send(method, protocol, path, origin).await;
        assert_eq!(status(&mut stream).await, expected, "{method} {path} {origin:?}");
        assert!(soon("the end", stream.recv_data()).await.unwrap().is_none());
    }
    assert!(browser.events.is_empty());
    let _session = browser.session().await;
    browser.echo(7 * 4).await;
}

#[tokio::test]
async fn a_silent_request_holds_up_no_session() {
    let mut browser = Browser::start().await;
    let _nothing = browser.raw(&[]).await;
    // A HEADERS frame that claims 100 bytes and brings two.
    let _begun = browser.raw(&[0x01, 0x40, 0x64, 0, 0]).await;
    let stream = browser.session().await;
    assert!(stream.id().into_inner() > 0);
}

#[tokio::test]
async fn a_request_header_without_end_is_refused_before_it_fills_memory() {
    let browser = Browser::start().await;
    // A HEADERS frame that claims 2^30 - 1 bytes.
    let (mut send, _recv) = browser.raw(&[0x01, 0xBF, 0xFF, 0xFF, 0xFF]).await;
    let mut taken = 0;
    let error = loop {
        match soon("the refusal", send.write_all(&[0; 16 * 1024])).await {
            Ok(()) => taken += 16 * 1024,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, WriteError::Stopped(_) | WriteError::ConnectionLost(_)), "{error}");
    assert!(taken < 4 << 20, "{taken}");
}

#[tokio::test]
async fn a_stream_that_comes_along_with_its_connect_waits_for_it() {
    let mut browser = Browser::start().await;
    let mut connect = browser.send("CONNECT", Some(Protocol::WEB_TRANSPORT), "/rill/v1", None).await;
    // Sent before the 200 is heard.
    browser.echo(0).await;
    assert_eq!(status(&mut connect).await, 200);
}

#[tokio::test]
async fn a_stream_that_overtakes_its_connect_is_refused_and_the_session_opens() {
    let mut browser = Browser::start().await;
    let (mut send, mut recv) = browser.raw(&[0x40, 0x41, 4, b'x']).await;
    let rejected = u64::from(BUFFERED_STREAM_REJECTED);
    assert_eq!(refusal(&mut send, &mut recv).await.0, rejected);
    let stream = browser.session().await;
    assert_eq!(stream.id().into_inner(), 4);
    browser.echo(4).await;
}

#[tokio::test]
async fn beside_a_session_other_streams_are_refused() {
    let mut browser = Browser::start().await;
    let _session = browser.session().await;
    for (first, code) in [
        // A HEADERS frame: another request.
        (&[0x01, 0x02, 0, 0][..], REQUEST_REJECTED),
        // A stream of session 8.
        (&[0x40, 0x41, 8, b'x'], BUFFERED_STREAM_REJECTED),
    ] {
        let (mut send, mut recv) = browser.raw(first).await;
        assert_eq!(refusal(&mut send, &mut recv).await, (u64::from(code), u64::from(code)), "{first:?}");
    }
    // One that ends inside its header.
    let (mut send, mut recv) = browser.raw(&[0x40]).await;
    send.finish().unwrap();
    let reset = soon("the reset", recv.read_to_end(10)).await.unwrap_err();
    let expected = ReadError::Reset(VarInt::from_u64(mapped(Code::CutFrame)).unwrap());
    assert_eq!(reset, quinn::ReadToEndError::Read(expected));
    browser.echo(0).await;
    assert!(browser.events.is_empty());
}

#[tokio::test]
async fn one_way_streams_are_stopped_but_never_those_of_http3() {
    let mut browser = Browser::start().await;
    let _session = browser.session().await;
    for (first, code) in [
        // Of the session, and of a kind nobody knows.
        (&[0x40, 0x54, 0, b'x'][..], mapped(Code::UnexpectedFrame)),
        (&[0x40, 0x7F, b'x'], u64::from(STREAM_CREATION_ERROR)),
    ] {
        let mut send = browser.quic.open_uni().await.unwrap();
        send.write_all(first).await.unwrap();
        assert_eq!(stop(&mut send).await, code, "{first:?}");
    }
    // QPACK's decoder stream, which a browser may open late.
    let mut decoder = browser.quic.open_uni().await.unwrap();
    decoder.write_all(&[0x03]).await.unwrap();
    browser.echo(0).await;
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(100), decoder.stopped()).await;
    assert!(stopped.is_err(), "{stopped:?}");
}

#[tokio::test]
async fn headers_in_pieces_and_headers_that_never_come_hold_up_nobody() {
    let mut browser = Browser::start().await;
    let _session = browser.session().await;
    let _silent = [browser.raw(&[0x40]).await, browser.raw(&[0x40, 0x41]).await];
    let (mut send, mut recv) = browser.raw(&[0x40]).await;
    for piece in [&[0x41][..], &[0x40], &[0x00], &[Ask::Echo as u8, 0, 0], &[0, 0, b'y']] {
        browser.echo(0).await;
        send.write_all(piece).await.unwrap();
    }
    send.finish().unwrap();
    assert_eq!(soon("the echo", recv.read_to_end(10)).await.unwrap(), b"y");
}

#[tokio::test]
async fn as_many_streams_as_promised_are_open_beside_the_connect() {
    let mut browser = Browser::start().await;
    let _session = browser.session().await;
    let mut open = Vec::new();
    for _ in 0..rill_protocol::limits::STREAMS_MAX {
        let hold = [0x40, 0x41, 0, Ask::Hold as u8, 0, 0, 0, 0];
        let (send, mut recv) = soon("a stream", browser.raw(&hold)).await;
        assert_eq!(soon("the word", recv.read_chunk(1, true)).await.unwrap().unwrap().bytes, "!");
        open.push((send, recv));
    }
    let more = tokio::time::timeout(std::time::Duration::from_millis(100), browser.quic.open_bi()).await;
    assert!(more.is_err());
}

#[tokio::test]
async fn datagrams_of_nobody_are_dropped() {
    let mut browser = Browser::start().await;
    let _session = browser.session().await;
    for datagram in [&b""[..], b"\x01other", b"\x40", b"\x00ours"] {
        browser.quic.send_datagram(Bytes::from_static(datagram)).unwrap();
    }
    assert_eq!(soon("the echo", browser.quic.read_datagram()).await.unwrap(), &b"\x00ours"[..]);
}

/// Sends this inside DATA on the CONNECT stream; how the server saw the session end.
async fn check_close(frames: &[&[u8]], finish: bool, code: Option<u32>, reason: &str) {
    let mut browser = Browser::start().await;
    let mut stream = browser.session().await;
    for frame in frames {
        stream.send_data(Bytes::copy_from_slice(frame)).await.unwrap();
    }
    if finish {
        stream.finish().await.unwrap();
    }
    let closed = browser.events.closed().await;
    assert_eq!((closed.code, closed.reason.as_str()), (code, reason), "{frames:?}");
    // The server ends its half too; then it is the client's to end the connection.
    assert!(soon("the end", stream.recv_data()).await.unwrap().is_none());
    browser.quic.close(VarInt::from_u32(0x100), b"");
    soon("the end of every task", browser.host.tasks.idle()).await;
}

#[tokio::test]
async fn a_session_that_the_page_closes_ends_with_its_code_and_reason() {
    // CLOSE_WEBTRANSPORT_SESSION is 0x2843: length, code in four bytes, reason.
    let close = b"\x68\x43\x08\x00\x00\x00\x02late";
    check_close(&[close], true, Some(2), "late").await;
    check_close(&[close], false, Some(2), "late").await;
    // Behind meaningless capsules, as Chromium sends them, and in pieces.
    check_close(&[b"\x17\x03abc", b"\x40\x40\x00", close], true, Some(2), "late").await;
    check_close(&[b"\x17\x03abc\x68", &close[1..5], &close[5..]], true, Some(2), "late").await;
    check_close(&[], true, Some(0), "").await;
}

#[tokio::test]
async fn a_page_hears_code_and_reason_of_the_server() {
    let mut browser = Browser::start().await;
    let mut stream = browser.session().await;
    // One that has yet to say what it is, and QPACK's decoder stream behind it.
    let unnamed = browser.quic.open_uni().await.unwrap();
    let mut decoder = browser.quic.open_uni().await.unwrap();
    decoder.write_all(&[0x03]).await.unwrap();
    browser.echo(0).await;
    let mut ask = vec![0x40, 0x41, 0, Ask::Close as u8];
    ask.extend_from_slice(&Code::BadTicket.number().to_be_bytes());
    let closer = browser.raw(&ask).await;
    let mut capsule = BytesMut::new();
    while let Some(data) = soon("the capsule", stream.recv_data()).await.unwrap() {
        capsule.put(data);
    }
    let mut capsule = capsule.freeze();
    assert_eq!((capsule.get_u16(), capsule.get_u8(), capsule.get_u32()), (0x6843, 4 + 7, Code::BadTicket.number()));
    assert_eq!(capsule, "because");
    // The page hears it only if nothing else happens at that time: no stream may be
    // stopped, neither HTTP/3's nor the session's, and the connection waits a moment.
    stream.finish().await.unwrap();
    let calm = async {
        tokio::select! {
            _ = unnamed.stopped() => "the unnamed stream was stopped",
            _ = decoder.stopped() => "the decoder's stream was stopped",
            _ = closer.0.stopped() => "the session's stream was stopped",
            _ = browser.quic.closed() => "the connection was closed",
        }
    };
    let disturbed = tokio::time::timeout(std::time::Duration::from_millis(200), calm).await;
    assert!(disturbed.is_err(), "{disturbed:?}");
    // Then it ends, whether or not the browser says so.
    let ended = soon("the end", browser.quic.closed()).await;
    assert!(matches!(ended, quinn::ConnectionError::ApplicationClosed(close) if close.error_code == 0x100_u32.into()));
    soon("the end of every task", browser.host.tasks.idle()).await;
}

#[tokio::test]
async fn a_page_that_does_not_answer_a_close_is_let_go() {
    let mut browser = Browser::start().await;
    let _stream = browser.session().await;
    let mut ask = vec![0x40, 0x41, 0, Ask::Close as u8];
    ask.extend_from_slice(&Code::TooSlow.number().to_be_bytes());
    let _closer = browser.raw(&ask).await;
    match soon("the end", browser.quic.closed()).await {
        quinn::ConnectionError::ApplicationClosed(close) => assert_eq!(close.error_code.into_inner(), 0x100),
        other => panic!("{other}"),
    }
    soon("the end of every task", browser.host.tasks.idle()).await;
}

#[tokio::test]
async fn a_session_whose_page_says_nonsense_about_it_ends() {
    for nonsense in [
        // A close with a reason that is no UTF-8, and one that claims 2^30 - 1 bytes.
        Bytes::from_static(b"\x68\x43\x05\x00\x00\x00\x02\xFF"),
        Bytes::from_static(b"\x68\x43\xBF\xFF\xFF\xFF"),
        // More than a session has to say.
        Bytes::from(vec![0x17; 200_000]),
    ] {
        let mut browser = Browser::start().await;
        let mut stream = browser.session().await;
        let _ = stream.send_data(nonsense).await;
        let closed = browser.events.closed().await;
        assert_ne!(closed.code, Some(Code::Normal.number()));
        soon("the end", browser.quic.closed()).await;
        soon("the end of every task", browser.host.tasks.idle()).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_ends_its_session() {
    let mut browser = Browser::start().await;
    let _session = browser.session().await;
    let hold = [0x40, 0x41, 0, Ask::Hold as u8, 0, 0, 0, 0];
    let (_send, mut recv) = browser.raw(&hold).await;
    assert_eq!(soon("the word", recv.read_chunk(1, true)).await.unwrap().unwrap().bytes, "!");
    browser.quic.close(VarInt::from_u32(0x10C), b"gone");
    let closed_stream = browser.events.next().await;
    let closed = match closed_stream {
        Event::Closed(closed) => closed,
        _ => browser.events.closed().await,
    };
    assert_eq!(closed.code, None);
    soon("the end of every task", browser.host.tasks.idle()).await;
}
