//! What connections that send all they may and read nothing cost the server's process.
#![cfg(target_os = "linux")] // resident memory is read from /proc

use bytes::Bytes;
use futures_util::SinkExt as _;
use rill_protocol::{
    AttemptId, RoomId, Ticket, U53, codec, limits,
    message::{Attach, Control, Direction, GetMessages, Hello, History},
    mux::{Class, Connection, RecvHalf, Role, SendHalf},
    version::{VERSION, WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL},
};
use rill_server::limits::{CONNECTION_MEMORY_BYTES_MAX, STRANGER_MEMORY_BYTES_MAX};
use serde_json::{Value, json};
use std::{future::poll_fn, time::Duration};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::running::Running;

/// For a peer to send what the server takes.
const SENDING: Duration = Duration::from_millis(700);
/// For how long memory is watched, and how often it is looked at.
const WATCHED: u32 = 30;
const LOOK: Duration = Duration::from_millis(100);
/// What the process needs besides: the store's cache, hashes of passwords, the allocator.
const SLACK_BYTES: usize = 24 * 1024 * 1024;

fn resident_bytes(server: &Running) -> usize {
    let pages = std::fs::read_to_string(format!("/proc/{}/statm", server.pid())).unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

/// The most that is held within a while.
async fn peak_bytes(server: &Running) -> usize {
    let mut peak = 0;
    for _ in 0..WATCHED {
        peak = peak.max(resident_bytes(server));
        sleep(LOOK).await;
    }
    peak
}

/// A client's end of the mux over a socket that it never reads.
struct Hostile {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    mux: Connection,
    streams: Vec<(SendHalf, RecvHalf)>,
}

impl Hostile {
    async fn connect(http: &str) -> Self {
        let mut request = format!("ws://{http}{WEBSOCKET_PATH}").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", WEBSOCKET_SUBPROTOCOL.parse().unwrap());
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Self { socket, mux: Connection::new(Role::Client), streams: Vec::new() }
    }

    /// Opens a stream and sends `frames` on it, as far as the server lets it.
    async fn say(&mut self, class: Class, frames: Vec<Bytes>) {
        let (mut send, recv) = self.mux.open(class).unwrap();
        let writing = async {
            for mut bytes in frames {
                while !bytes.is_empty() {
                    if poll_fn(|context| send.poll_write(context, &mut bytes)).await.is_err() {
                        return;
                    }
                }
            }
            std::future::pending::<()>().await;
        };
        let sending = async {
            while let Some(message) = poll_fn(|context| self.mux.poll_transmit(context)).await {
                if self.socket.send(Message::Binary(message)).await.is_err() {
                    return;
                }
            }
        };
        let _ = timeout(SENDING / limits::STREAMS_MAX as u32, async { tokio::join!(writing, sending) }).await;
        self.streams.push((send, recv));
    }
}

async fn post(http: &str, token: &str, key: u32, path: &str, body: &Value) -> Value {
    let request = reqwest::Client::new().post(format!("http://{http}/api/v1/{path}")).bearer_auth(token).json(body);
    let key = format!("01890a5d-ac96-774b-bcce-{key:012x}");
    request.header("Idempotency-Key", key).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_that_send_all_they_may_hold_little() {
    const STRANGERS: usize = 100;
    let data = TempDir::new().unwrap();
    let server = Running::start(data.path(), &[]);
    let http = server.ready()["http"].as_str().unwrap().to_owned();
    let before = resident_bytes(&server);
    // Three megabytes each, by the credit that every stream begins with.
    let flood = Bytes::from(vec![0x40; limits::MUX_STREAM_WINDOW_BYTES as usize]);
    let strangers = (0..STRANGERS).map(|_| async {
        let mut stranger = Hostile::connect(&http).await;
        for _ in 0..12 {
            stranger.say(Class::LaneOthers, vec![flood.clone()]).await;
        }
        stranger
    });
    let strangers = futures_util::future::join_all(strangers).await;
    let held = peak_bytes(&server).await.saturating_sub(before);
    let bound = strangers.len() * STRANGER_MEMORY_BYTES_MAX + SLACK_BYTES;
    assert!(held < bound, "{held} bytes for {} strangers, {bound} are allowed", strangers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_that_ask_for_everything_and_read_nothing_hold_what_is_named() {
    const CONNECTIONS: usize = 24;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let data = TempDir::new().unwrap();
    let server = Running::start(data.path(), &[]);
    let http = server.ready()["http"].as_str().unwrap().to_owned();
    let account = json!({ "username": "ann", "password": "a long enough horse" });
    let token = post(&http, "", 0, "register", &account).await["token"].as_str().unwrap().to_owned();
    let room = post(&http, &token, 1, "rooms", &json!({ "name": "long" })).await["room"]["id"].clone();
    let room: RoomId = room.as_str().unwrap().parse().unwrap();
    let text = "x".repeat(limits::TEXT_BYTES_MAX);
    for key in 2..42 {
        post(&http, &token, key, &format!("rooms/{room}/messages"), &json!({ "text": text })).await;
    }
    let before = resident_bytes(&server);
    let connections = (0..CONNECTIONS).map(|number| {
        let (http, token) = (&http, &token);
        async move {
            let tickets = post(http, token, 0, "tickets", &json!({ "count": 1 })).await;
            let ticket: Ticket = tickets["tickets"][0].as_str().unwrap().parse().unwrap();
            let mut hostile = Hostile::connect(http).await;
            let hello = Hello { ticket, attempt: AttemptId([number as u8; 16]), client: "hostile".into() };
            let attach = Attach { request: 1, user_epoch: Default::default(), user_seq: Default::default() };
            let control = codec::frame(&Control { version: VERSION });
            hostile.say(Class::Control, vec![control, codec::frame(&hello), codec::frame(&attach)]).await;
            for request in 0..limits::STREAMS_MAX as u32 - 1 {
                let (direction, seq) = (Direction::Before, U53::MAX);
                let page = codec::frame(&GetMessages { request, room, direction, seq, limit: 100 });
                hostile.say(Class::History, [vec![codec::frame(&History {})], vec![page; 64]].concat()).await;
            }
            hostile
        }
    });
    let connections = futures_util::future::join_all(connections).await;
    let held = peak_bytes(&server).await.saturating_sub(before);
    let bound = connections.len() * CONNECTION_MEMORY_BYTES_MAX + SLACK_BYTES;
    assert!(
        held > connections.len() * limits::HISTORY_PAGE_TEXT_BYTES_MAX / 4,
        "they have what they asked for: {held}"
    );
    assert!(held < bound, "{held} bytes for {} connections, {bound} are allowed", connections.len());
}
