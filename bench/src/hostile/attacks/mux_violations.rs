//! Messages of a WebSocket that break the mux: more than the credit, streams that were not
//! opened or are over, classes and kinds that are none, too many streams, texts, and
//! messages longer than allowed. The socket is closed with mux_violation or the code that
//! is nearer.

use futures_util::SinkExt as _;
use rill_client::TransportKind;
use rill_protocol::{
    Code,
    limits::{MUX_CHUNK_BYTES_MAX, MUX_MESSAGE_BYTES_MAX, MUX_STREAM_WINDOW_BYTES, STREAMS_MAX},
    mux::{Class, frame::Frame},
    version::WEBSOCKET_SUBPROTOCOL,
};
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Message;

use super::Attack;
use crate::hostile::{
    answer::Answer,
    attacker::{Attacker, PATIENCE},
    tcp::Door,
    wire::websocket,
};

pub(super) const ATTACK: Attack = Attack {
    name: "mux_violations",
    what: "Messages of a WebSocket that break the mux",
    account: false,
    drops: false,
    every_ms: 3000,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, _: TransportKind) -> Result<(), Answer> {
    for message in messages() {
        let mut socket = websocket::upgrade(&attacker, Door::Tls, Some(WEBSOCKET_SUBPROTOCOL), &[]).await?;
        for part in message {
            // A server that has closed does not read on.
            let sent = socket.send(part).await;
            if sent.is_err() {
                break;
            }
        }
        let heard = attacker.within(PATIENCE, websocket::verdict(&mut socket)).await.unwrap_or(Answer::Silent);
        attacker.heard(&heard.expected(&[
            Code::MuxViolation,
            Code::TooManyStreams,
            Code::FrameTooLong,
            Code::Malformed,
        ]));
    }
    Ok(())
}

/// What is sent on each connection.
fn messages() -> Vec<Vec<Message>> {
    let frames = |frames: &[Frame<'_>]| {
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| frame.put(&mut bytes));
        Message::Binary(bytes.into())
    };
    let open = |stream| Frame::Open { stream, class: Class::Control };
    let chunk = vec![0; MUX_CHUNK_BYTES_MAX];
    let data = |stream, bytes| Frame::Data { stream, bytes };
    // The first stream is read, the second waits to be accepted: its credit runs out.
    let mut beyond = vec![frames(&[open(1), open(2)])];
    beyond.extend((0..=MUX_STREAM_WINDOW_BYTES as usize / chunk.len()).map(|_| frames(&[data(2, &chunk)])));
    let many: Vec<Frame<'_>> = (1..=STREAMS_MAX as u32 + 2).map(open).collect();
    vec![
        beyond,
        vec![frames(&many)],
        vec![frames(&[data(1, b"x")])],
        vec![frames(&[open(2)])],
        vec![frames(&[open(1), open(1)])],
        vec![frames(&[open(1), Frame::Fin { stream: 1 }, data(1, b"x")])],
        vec![frames(&[open(1), Frame::Credit { stream: 9, limit: 7 }])],
        vec![Message::Binary(vec![6, 1, 99].into())],
        vec![Message::Binary(vec![77].into())],
        vec![Message::Binary(Vec::new().into())],
        // Data of no length, of too great a length, and a cut message.
        vec![frames(&[open(1)]), Message::Binary(vec![0, 1, 0].into())],
        vec![frames(&[open(1)]), Message::Binary(vec![0, 1, 0xFB, 0xFF, 0xFF].into())],
        vec![Message::Binary(vec![0, 1].into())],
        // A stream's number in a longer form than it needs.
        vec![Message::Binary(vec![6, 0xFB, 1, 0, 0].into())],
        vec![Message::Text("hello".into())],
        vec![Message::Binary(vec![0; MUX_MESSAGE_BYTES_MAX + 1].into())],
        vec![Message::Binary(vec![0; 3 * MUX_MESSAGE_BYTES_MAX].into())],
    ]
}
