//! What is particular to HTTP/3 and to WebTransport over it. The client is h3's, over
//! quinn, so that every byte can be chosen.

mod bad_input;
mod requests;
mod session;
mod slow;

use crate::{
    client::quic::Server,
    host::{Ask, Events, HOME, Host},
    soon,
};
use bytes::Bytes;
use h3::{client::RequestStream, client::SendRequest, ext::Protocol};
use http::Request;
use quinn::ReadError;
use rill_protocol::Code;

pub(super) const REQUEST_REJECTED: u32 = 0x10B;
pub(super) const BUFFERED_STREAM_REJECTED: u32 = 0x3994_BD84;
pub(super) const STREAM_CREATION_ERROR: u32 = 0x103;

pub(super) type Stream = RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

pub(super) struct Browser {
    pub(super) quic: quinn::Connection,
    pub(super) requests: SendRequest<h3_quinn::OpenStreams, Bytes>,
    pub(super) events: Events,
    pub(super) host: Host,
    pub(super) server: Server,
}

impl Browser {
    pub(super) async fn start() -> Self {
        let (host, events) = Host::new();
        let server = Server::start(&host);
        let quic = server.dial(server.address, b"h3").await.unwrap();
        let (mut driver, requests) = h3::client::builder()
            .enable_extended_connect(true)
            .enable_datagram(true)
            .build(h3_quinn::Connection::new(quic.clone()))
            .await
            .unwrap();
        tokio::spawn(async move { driver.wait_idle().await });
        Self { quic, requests, events, host, server }
    }

    pub(super) async fn send(
        &mut self,
        method: &str,
        protocol: Option<Protocol>,
        path: &str,
        origin: Option<&str>,
    ) -> Stream {
        let mut request = Request::builder().method(method).uri(format!("https://localhost{path}"));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let mut request = request.body(()).unwrap();
        if let Some(protocol) = protocol {
            request.extensions_mut().insert(protocol);
        }
        self.requests.send_request(request).await.unwrap()
    }

    /// A session: the stream of its CONNECT.
    pub(super) async fn session(&mut self) -> Stream {
        let mut stream = self.send("CONNECT", Some(Protocol::WEB_TRANSPORT), "/rill/v1", Some(HOME)).await;
        assert_eq!(status(&mut stream).await, 200);
        self.events.connected().await;
        stream
    }

    /// A stream that begins with these bytes.
    pub(super) async fn raw(&self, first: &[u8]) -> (quinn::SendStream, quinn::RecvStream) {
        let (mut send, recv) = self.quic.open_bi().await.unwrap();
        send.write_all(first).await.unwrap();
        (send, recv)
    }

    /// One of the session's streams, echoed through.
    pub(super) async fn echo(&self, session: u8) {
        let mut first = vec![0x40, 0x41, session];
        first.extend_from_slice(&[Ask::Echo as u8, 0, 0, 0, 0, b'x']);
        let (mut send, mut recv) = self.raw(&first).await;
        send.finish().unwrap();
        assert_eq!(soon("the echo", recv.read_to_end(10)).await.unwrap(), b"x");
    }
}

pub(super) async fn status(stream: &mut Stream) -> u16 {
    soon("the response", stream.recv_response()).await.unwrap().status().as_u16()
}

/// The codes with which the server refused a stream: its reset, and its stop.
pub(super) async fn refusal(send: &mut quinn::SendStream, recv: &mut quinn::RecvStream) -> (u64, u64) {
    let reset = match soon("the reset", recv.read_to_end(10)).await {
        Err(quinn::ReadToEndError::Read(ReadError::Reset(code))) => code.into_inner(),
        other => panic!("{other:?} instead of a reset"),
    };
    (reset, stop(send).await)
}

pub(super) async fn stop(send: &mut quinn::SendStream) -> u64 {
    match soon("the stop", send.stopped()).await {
        Ok(Some(code)) => code.into_inner(),
        other => panic!("{other:?} instead of a stop"),
    }
}

/// draft-ietf-webtrans-http3, section 4.3, for codes up to 29.
pub(super) fn mapped(code: Code) -> u64 {
    assert!(code.number() < 30);
    0x52E4_A40F_A8DB + u64::from(code.number())
}
