//! WebSocket through TLS: the mux by the protocol's machine, or messages by hand.

use futures_util::{SinkExt as _, StreamExt as _};
use rill_protocol::{
    mux::{self, Class, OpenError, Role},
    version::{WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL},
};
use std::future::poll_fn;
use tokio::{sync::watch, task::JoinSet};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
    },
};

use super::Stream;
use crate::hostile::{
    answer::Answer,
    attacker::Attacker,
    http::Reply,
    tcp::{self, Door, Pipe},
};

/// Close codes are this plus the code's number.
const CLOSE_CODE_BASE: u16 = 4_000;

/// Messages, as they are.
pub(crate) type Messages = WebSocketStream<Box<dyn Pipe>>;

/// An upgrade with these headers, through a door.
pub(crate) async fn upgrade(
    attacker: &Attacker,
    door: Door,
    subprotocol: Option<&str>,
    headers: &[(&'static str, &str)],
) -> Result<Messages, Answer> {
    let ground = &attacker.ground;
    let pipe = tcp::through(attacker.address, door, ground, &[b"http/1.1"]).await?;
    let scheme = if door == Door::Tls { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{WEBSOCKET_PATH}", ground.host(door));
    let odd = |error: String| Answer::Wrong(format!("the request itself: {error}"));
    let mut request = url.into_client_request().map_err(|error| odd(error.to_string()))?;
    for (name, value) in subprotocol.map(|name| (SEC_WEBSOCKET_PROTOCOL.as_str(), name)).iter().chain(headers) {
        let value = HeaderValue::from_str(value).map_err(|error| odd(error.to_string()))?;
        request.headers_mut().insert(*name, value);
    }
    match client_async(request, pipe).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            Err(Reply { status: response.status().as_u16(), head: String::new(), body }.answer())
        }
        Err(_) => Err(Answer::Cut),
    }
}

/// How a message ends a connection, if it does.
pub(crate) fn ending(message: Option<Result<Message, tungstenite::Error>>) -> Option<Answer> {
    match message {
        Some(Ok(Message::Close(Some(frame)))) => Some(match u16::from(frame.code) {
            code @ CLOSE_CODE_BASE..=4_999 => Answer::Closed(u32::from(code - CLOSE_CODE_BASE)),
            code => Answer::Transport(format!("websocket {code}")),
        }),
        Some(Ok(Message::Close(None)) | Err(_)) | None => Some(Answer::Cut),
        Some(Ok(_)) => None,
    }
}

/// A connection that speaks the mux.
pub(crate) struct Socket {
    mux: mux::Connection,
    ended: watch::Receiver<Option<Answer>>,
    _tasks: JoinSet<()>,
}

impl Socket {
    pub(crate) async fn connect(attacker: &Attacker) -> Result<Self, Answer> {
        Ok(Self::over(upgrade(attacker, Door::Tls, Some(WEBSOCKET_SUBPROTOCOL), &[]).await?))
    }

    /// On a connection whose upgrade is done.
    pub(crate) fn over(socket: Messages) -> Self {
        let mux = mux::Connection::new(Role::Client);
        let (end, ended) = watch::channel(None);
        let mut tasks = JoinSet::new();
        let carried = mux.clone();
        tasks.spawn(async move {
            let answer = carry(socket, &carried).await;
            end.send_replace(Some(answer));
            carried.close();
        });
        Self { mux, ended, _tasks: tasks }
    }

    pub(crate) fn open(&self, class: Class) -> Result<Stream, Answer> {
        match self.mux.open(class) {
            Ok((send, recv)) => Ok(Stream::mux(send, recv)),
            Err(OpenError::TooMany) => Err(Answer::Transport("mux full".to_owned())),
            Err(_) => Err(Answer::Cut),
        }
    }

    pub(crate) async fn ended(&self) -> Answer {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(answer)) => answer.clone(),
            _ => Answer::Cut,
        }
    }
}

/// Carries messages both ways until the server ends it.
async fn carry(socket: Messages, mux: &mux::Connection) -> Answer {
    let (mut sink, mut stream) = socket.split();
    let write = async {
        while let Some(message) = poll_fn(|context| mux.poll_transmit(context)).await {
            if sink.send(Message::Binary(message)).await.is_err() {
                break;
            }
        }
        // How it ended is heard by the other half.
        std::future::pending::<()>().await;
    };
    let read = async {
        loop {
            let message = stream.next().await;
            if let Some(Ok(Message::Binary(bytes))) = &message
                && mux.receive(bytes).is_err()
            {
                return Answer::Wrong("the server broke the mux".to_owned());
            }
            if let Some(answer) = ending(message) {
                return answer;
            }
        }
    };
    tokio::select! {
        () = write => Answer::Cut,
        answer = read => answer,
    }
}

/// How the server ends a connection of messages by hand.
pub(crate) async fn verdict(socket: &mut Messages) -> Answer {
    loop {
        if let Some(answer) = ending(socket.next().await) {
            return answer;
        }
    }
}
