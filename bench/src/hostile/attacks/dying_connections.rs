//! Connections that vanish in the middle of a frame, by a reset of TCP or without any word
//! over QUIC: nobody is told, and the server forgets them by itself.

use futures_util::SinkExt as _;
use rill_client::TransportKind;
use rill_protocol::{
    Kind,
    mux::{Class, frame::Frame},
    version::{ALPN, WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL},
};
use std::{sync::Arc, time::Duration};
use tokio_tungstenite::{
    client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
    },
};

use super::Attack;
use crate::hostile::{answer::Answer, attacker::Attacker, relay::Relay, tcp, wire::quic};

/// For the bytes to arrive before the way is cut.
const ARRIVAL: Duration = Duration::from_millis(50);

pub(super) const ATTACK: Attack = Attack {
    name: "dying_connections",
    what: "Connections that vanish in the middle of a frame, by a reset of TCP or without any word over QUIC",
    account: false,
    drops: true,
    every_ms: 500,
    at_once: 2,
    round: |attacker, kind| Box::pin(round(attacker, kind)),
};

async fn round(attacker: Arc<Attacker>, kind: TransportKind) -> Result<(), Answer> {
    let half = [30, Kind::Control.number() as u8];
    if kind == TransportKind::WebSocket {
        let stream = tcp::plain(attacker.address, attacker.ground.http).await?;
        let url = format!("ws://{}{WEBSOCKET_PATH}", attacker.ground.loopback_host());
        let mut request = url.into_client_request().map_err(|error| Answer::Wrong(error.to_string()))?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(WEBSOCKET_SUBPROTOCOL));
        let (mut socket, _) = client_async(request, stream).await.map_err(|_| Answer::Cut)?;
        let mut message = Vec::new();
        Frame::Open { stream: 1, class: Class::Control }.put(&mut message);
        Frame::Data { stream: 1, bytes: &half }.put(&mut message);
        socket.send(Message::Binary(message.into())).await.map_err(|_| Answer::Cut)?;
        // The close of the socket is a reset.
        let _ = socket.get_ref().set_zero_linger();
        attacker.heard(&Answer::Silent);
        return Ok(());
    }
    let relay = Relay::start(&attacker).await?;
    let quic = quic::dial(&attacker, relay.address, &[ALPN]).await?;
    let (mut send, _recv) = quic.open_bi().await.map_err(|error| Answer::of_quic(&error, false))?;
    send.write_all(&half).await.map_err(|_| Answer::Cut)?;
    attacker.pause(ARRIVAL).await;
    // From here on the way is cut.
    drop(relay);
    attacker.heard(&Answer::Silent);
    Ok(())
}
