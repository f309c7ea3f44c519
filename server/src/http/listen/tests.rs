//! Peers that hold a place without using it, over time that is stopped.

use super::*;
use crate::{http::pace::STALL_TIMEOUT, runtime::StopSwitch, transport::Permit};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::{Instant, sleep, timeout},
};

/// More than any connection may stall.
const FOR_EVER: Duration = Duration::from_secs(600);
/// An answer that fits no buffer.
const LONG_BYTES: usize = 4 * 1024 * 1024;

/// Runs `client` against a connection; how long the connection lasted, if it ended.
async fn lasted<F: Future<Output = ()>>(client: impl FnOnce(DuplexStream) -> F) -> Option<Duration> {
    let (ours, io) = duplex(4_096);
    let switch = StopSwitch::new();
    let peer = Peer { address: ([127, 0, 0, 1], 1).into(), door: Door::Loopback };
    let router = Router::new().fallback(async |uri: axum::http::Uri| match uri.path() {
        "/long" => vec![b'x'; LONG_BYTES],
        _ => b"here".to_vec(),
    });
    let begun = Instant::now();
    let serving = http(io, peer, Place::new(Permit::default()), router, switch.stop());
    tokio::select! {
        ended = timeout(FOR_EVER, serving) => ended.ok().map(|_| begun.elapsed()),
        () = async { client(ours).await; std::future::pending::<()>().await } => None,
    }
}

fn assert_within(lasted: Option<Duration>, least: Duration, most: Duration) {
    assert!(lasted.is_some_and(|lasted| (least..=most).contains(&lasted)), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn who_connects_and_asks_nothing_is_sent_away() {
    for words in ["", "PRI * HT", "GET / HTTP/1.1\r\nHost:"] {
        let ended = lasted(async |mut client| {
            client.write_all(words.as_bytes()).await.unwrap();
            client.read_to_end(&mut Vec::new()).await.unwrap();
        });
        assert_within(ended.await, HEADER_TIMEOUT, 2 * HEADER_TIMEOUT);
    }
    // Asked once, and then nothing.
    let ended = lasted(async |mut client| {
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");
    });
    assert_within(ended.await, HEADER_TIMEOUT, 2 * STALL_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_header_that_comes_byte_by_byte_is_not_waited_for() {
    let ended = lasted(async |mut client| {
        for byte in b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: indeed\r\n\r\n" {
            if client.write_all(&[*byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_secs(9)).await;
        }
        panic!("it was waited for");
    });
    assert_within(ended.await, HEADER_TIMEOUT, 2 * HEADER_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_is_not_kept() {
    let ended = lasted(async |mut client| {
        client.write_all(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        // The connection stays open, unread.
        sleep(FOR_EVER).await;
        drop(client);
    });
    assert_within(ended.await, STALL_TIMEOUT, STALL_TIMEOUT + GOODBYE_TIMEOUT + HEADER_TIMEOUT);
}

/// HTTP/2 by hand (RFC 9113): the preface and one frame after the other.
struct Http2(DuplexStream);

const PING: u8 = 6;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;

impl Http2 {
    async fn begin(mut io: DuplexStream, settings: &[u8]) -> Self {
        io.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let mut client = Self(io);
        client.frame(SETTINGS, 0, 0, settings).await;
        client
    }

    async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        let _ = self.0.write_all(&frame).await;
    }

    /// A request, by HPACK's static table and one literal path.
    async fn get(&mut self, stream: u32, path: &str) {
        let mut block = vec![0x82, 0x86, 0x04, path.len() as u8];
        block.extend(path.as_bytes());
        block.extend(b"\x41\x09localhost");
        self.frame(1, 0x5, stream, &block).await;
    }

    /// Reads, and answers pings, until the end.
    async fn live_on(&mut self) {
        let mut header = [0; 9];
        while self.0.read_exact(&mut header).await.is_ok() {
            let mut payload = vec![0; u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize];
            if self.0.read_exact(&mut payload).await.is_err() {
                return;
            }
            if header[3] == PING && header[4] & ACK == 0 {
                self.frame(PING, ACK, 0, &payload).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn http2_without_requests_ends_however_lively_it_is() {
    let ended = lasted(async |io| Http2::begin(io, &[]).await.live_on().await);
    assert_within(ended.await, HEADER_TIMEOUT, 2 * HEADER_TIMEOUT);
    let ended = lasted(async |io| {
        let mut client = Http2::begin(io, &[]).await;
        client.get(1, "/").await;
        client.live_on().await;
    });
    assert_within(ended.await, STALL_TIMEOUT, STALL_TIMEOUT + GOODBYE_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn http2_whose_window_never_opens_is_not_waited_for() {
    // SETTINGS_INITIAL_WINDOW_SIZE 0: not a byte of an answer may be sent.
    let closed_window = [0, 4, 0, 0, 0, 0];
    for path in ["/", "/long"] {
        let ended = lasted(async |io| {
            let mut client = Http2::begin(io, &closed_window).await;
            for stream in [1, 3, 5] {
                client.get(stream, path).await;
            }
            client.live_on().await;
        });
        assert_within(ended.await, STALL_TIMEOUT, STALL_TIMEOUT + GOODBYE_TIMEOUT + HEADER_TIMEOUT);
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_now_and_then_stays() {
    let ended = lasted(async |io| {
        let mut client = Http2::begin(io, &[]).await;
        for number in 0..15 {
            client.get(2 * number + 1, "/").await;
            let _ = timeout(STALL_TIMEOUT / 2, client.live_on()).await;
        }
    });
    // Until the client itself leaves.
    assert_within(ended.await, 15 * STALL_TIMEOUT / 2, 15 * STALL_TIMEOUT / 2);
}

#[tokio::test]
async fn a_tls_handshake_that_never_ends_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let source = rill_certs::Source::SelfSigned { dir: directory.path().to_owned(), names: vec!["localhost".into()] };
    let certificate = rill_certs::Tcp::open(source, 1_700_000_000_000).unwrap();
    let tls = rill_certs::server_config(certificate.slot(), rustls::ALL_VERSIONS, &[b"http/1.1"]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, address) = listener.accept().await.unwrap();
    // The first bytes of a ClientHello that says it is longer.
    client.write_all(&[0x16, 3, 1, 0x02, 0]).await.unwrap();
    let switch = StopSwitch::new();
    let place = Place::new(Permit::default());
    let serving =
        connection(stream, address, place, Some(Arc::new(tls).into()), Door::Redirect, Router::new(), switch.stop());
    let waiting = async {
        tokio::task::yield_now().await;
        tokio::time::pause();
        tokio::time::advance(HEADER_TIMEOUT + Duration::from_millis(1)).await;
        tokio::time::resume();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = serving => assert!(ended.unwrap_err().to_string().contains("too long")),
        () = waiting => unreachable!("it pends for ever"),
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn little_of_what_is_written_leaves_the_scheduler_before_it_can_be_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tune(&stream).unwrap();
    assert_eq!(socket2::SockRef::from(&stream).tcp_notsent_lowat().unwrap(), TCP_UNSENT_BYTES_MAX);
    assert!(stream.nodelay().unwrap());
}
