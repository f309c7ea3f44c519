//! A client of each transport, made for breaking rules: from the attacker's own address,
//! every byte chosen, every answer told.

pub(crate) mod quic;
pub(crate) mod stream;
pub(crate) mod websocket;
pub(crate) mod webtransport;

use rill_client::TransportKind;
use rill_protocol::{
    Frame,
    kind::Body,
    message::{Control, Hello, Ping, Pong, Welcome},
    mux::Class,
    version::VERSION,
};

use super::{
    answer::Answer,
    attacker::{Attacker, PATIENCE},
};
pub(crate) use stream::Stream;

/// A connection.
pub(crate) enum Wire {
    Quic(quinn::Connection),
    WebTransport(Box<webtransport::Browser>),
    WebSocket(websocket::Socket),
}

impl Wire {
    /// Opens a connection and says nothing on it.
    pub(crate) async fn connect(attacker: &Attacker, kind: TransportKind) -> Result<Self, Answer> {
        let connecting = async {
            match kind {
                TransportKind::Quic => quic::connect(attacker).await.map(Self::Quic),
                TransportKind::WebTransport => {
                    webtransport::Browser::session(attacker).await.map(|browser| Self::WebTransport(Box::new(browser)))
                }
                TransportKind::WebSocket => websocket::Socket::connect(attacker).await.map(Self::WebSocket),
            }
        };
        attacker.within(PATIENCE, connecting).await.unwrap_or(Err(Answer::Silent))
    }

    pub(crate) async fn open(&self, class: Class) -> Result<Stream, Answer> {
        match self {
            Self::Quic(quic) => Stream::quic(quic, None).await,
            Self::WebTransport(browser) => Stream::quic(&browser.quic, Some(browser.session_id())).await,
            Self::WebSocket(socket) => socket.open(class),
        }
    }

    /// Resolves when the connection has ended: how.
    pub(crate) async fn ended(&self) -> Answer {
        match self {
            Self::Quic(quic) => Answer::of_quic(&quic.closed().await, false),
            Self::WebTransport(browser) => browser.ended().await,
            Self::WebSocket(socket) => socket.ended().await,
        }
    }

    /// What becomes of the connection in time.
    pub(crate) async fn verdict(&self, attacker: &Attacker) -> Answer {
        attacker.within(PATIENCE, self.ended()).await.unwrap_or(Answer::Silent)
    }

    /// The connection's end, or a refusal on `stream`; other frames are passed over.
    pub(crate) async fn refusal(&self, attacker: &Attacker, stream: &mut Stream) -> Answer {
        let refused = async {
            tokio::select! {
                ended = self.ended() => ended,
                answer = stream.refusal() => match answer {
                    // The end of the stream was that of the connection.
                    Answer::Cut | Answer::Reset(0) => self.ended().await,
                    answer => answer,
                },
            }
        };
        attacker.within(PATIENCE, refused).await.unwrap_or(Answer::Silent)
    }
}

/// A connection whose first stream begins with `bytes`: how it ends.
pub(crate) async fn opening(
    attacker: &Attacker,
    kind: TransportKind,
    bytes: impl Into<bytes::Bytes>,
    finish: bool,
) -> Result<Answer, Answer> {
    let wire = Wire::connect(attacker, kind).await?;
    let mut control = wire.open(Class::Control).await?;
    // A peer that is closed while it writes hears why from the end.
    let _ = control.write(bytes).await;
    if finish {
        control.finish();
    }
    Ok(wire.refusal(attacker, &mut control).await)
}

/// A connection whose ticket was good.
pub(crate) struct Session {
    pub(crate) wire: Wire,
    pub(crate) control: Stream,
    request: u32,
}

impl Session {
    /// Connects and says Hello.
    pub(crate) async fn hello(attacker: &Attacker, kind: TransportKind) -> Result<Self, Answer> {
        let ticket = attacker.ticket().await?;
        let wire = Wire::connect(attacker, kind).await?;
        let mut control = wire.open(Class::Control).await?;
        let attempt = rill_protocol::AttemptId(attacker.dice().array());
        control.send(&Control { version: VERSION }).await?;
        control.send(&Hello { ticket, attempt, client: "rill-bench hostile".to_owned() }).await?;
        let welcomed = attacker.within(PATIENCE, control.expect::<Welcome>()).await;
        match welcomed.unwrap_or(Err(Answer::Silent)) {
            Ok(_) => Ok(Self { wire, control, request: 0 }),
            Err(Answer::Cut) => Err(wire.verdict(attacker).await),
            Err(answer) => Err(answer),
        }
    }

    /// Connects, says Hello and attaches.
    pub(crate) async fn attached(attacker: &Attacker, kind: TransportKind) -> Result<Self, Answer> {
        use rill_protocol::message::{Attach, Attached};
        let mut session = Self::hello(attacker, kind).await?;
        let request = session.request();
        session.control.send(&Attach { request, user_epoch: Default::default(), user_seq: Default::default() }).await?;
        session.expect::<Attached>(attacker).await?;
        Ok(session)
    }

    pub(crate) fn request(&mut self) -> u32 {
        self.request += 1;
        self.request
    }

    /// The next frame of a kind on control, or what came instead.
    pub(crate) async fn expect<T: Body>(&mut self, attacker: &Attacker) -> Result<T, Answer> {
        let found = attacker.within(PATIENCE, self.control.expect::<T>()).await;
        match found.unwrap_or(Err(Answer::Silent)) {
            Err(Answer::Cut) => Err(self.wire.verdict(attacker).await),
            found => found,
        }
    }

    /// How the last frame on control was refused.
    pub(crate) async fn refusal(&mut self, attacker: &Attacker) -> Answer {
        self.wire.refusal(attacker, &mut self.control).await
    }

    /// Whether the session still serves.
    pub(crate) async fn is_served(&mut self, attacker: &Attacker) -> Answer {
        let nonce = self.request();
        if let Err(Answer::Cut) = self.control.send(&Ping { nonce }).await {
            return self.wire.verdict(attacker).await;
        }
        loop {
            match self.expect::<Pong>(attacker).await {
                Ok(pong) if pong.nonce == nonce => return Answer::Served,
                Ok(_) => {}
                Err(answer) => return answer,
            }
        }
    }

    /// Sends a frame that must be refused with one of `codes`.
    pub(crate) async fn refused(
        &mut self,
        attacker: &Attacker,
        frame: impl Into<bytes::Bytes>,
        codes: &[rill_protocol::Code],
    ) -> Answer {
        // A peer that is closed while it writes hears why from the end.
        let _ = self.control.write(frame).await;
        self.refusal(attacker).await.expected(codes)
    }
}

/// A frame of any kind and any bytes.
pub(crate) fn raw_frame(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    rill_protocol::varint::put(&mut out, (rill_protocol::varint::len(u64::from(kind)) + body.len()) as u64);
    rill_protocol::varint::put(&mut out, u64::from(kind));
    out.extend_from_slice(body);
    out
}

/// The code of a frame that refuses a request.
pub(crate) fn failed(frame: &Frame) -> Option<Answer> {
    let failed = frame.decode_if::<rill_protocol::message::Failed>()?.ok()?;
    Some(Answer::Failed(failed.code))
}
