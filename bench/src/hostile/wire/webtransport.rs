//! HTTP/3 and WebTransport by h3's client over quinn: another implementation than the
//! chat's, with the connection in hand beside it.

use bytes::{Bytes, BytesMut};
use h3::{
    client::{RequestStream, SendRequest},
    ext::Protocol,
};
use http::Request;
use rill_protocol::version::WEBTRANSPORT_PATH;
use tokio::{sync::watch, task::JoinSet};
use web_transport_proto::{Capsule, CapsuleError};

use super::quic;
use crate::hostile::{answer::Answer, attacker::Attacker};

type Requests = SendRequest<h3_quinn::OpenStreams, Bytes>;
type Sending = RequestStream<h3_quinn::SendStream<Bytes>, Bytes>;
type Receiving = RequestStream<h3_quinn::RecvStream, Bytes>;

/// A connection that speaks HTTP/3.
pub(crate) struct Http3 {
    pub(crate) quic: quinn::Connection,
    pub(crate) requests: Requests,
    driver: JoinSet<()>,
}

impl Http3 {
    pub(crate) async fn connect(attacker: &Attacker) -> Result<Self, Answer> {
        Self::over(quic::dial(attacker, attacker.ground.quic, &[b"h3"]).await?).await
    }

    async fn over(quic: quinn::Connection) -> Result<Self, Answer> {
        let built = h3::client::builder()
            .enable_extended_connect(true)
            .enable_datagram(true)
            .build(h3_quinn::Connection::new(quic.clone()))
            .await;
        let Ok((mut connection, requests)) = built else { return Err(Answer::of_quic(&quic.closed().await, true)) };
        let mut driver = JoinSet::new();
        driver.spawn(async move { drop(connection.wait_idle().await) });
        Ok(Self { quic, requests, driver })
    }

    /// Asks for a session, or something like it. The status, and the request's stream.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        origin: Option<&str>,
    ) -> Result<(u16, RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>), Answer> {
        let mut request = Request::builder().method(method).uri(format!("https://localhost{path}"));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let mut request = request.body(()).map_err(|error| Answer::Wrong(error.to_string()))?;
        if method == "CONNECT" {
            request.extensions_mut().insert(Protocol::WEB_TRANSPORT);
        }
        let Ok(mut stream) = self.requests.send_request(request).await else { return Err(self.refusal().await) };
        match stream.recv_response().await {
            Ok(response) => Ok((response.status().as_u16(), stream)),
            Err(_) => Err(self.refusal().await),
        }
    }

    /// Why a request came to nothing: the connection's end, if it has one.
    async fn refusal(&self) -> Answer {
        match self.quic.close_reason() {
            Some(error) => Answer::of_quic(&error, true),
            None => Answer::Transport("http3 stream refused".to_owned()),
        }
    }
}

/// A session.
pub(crate) struct Browser {
    pub(crate) quic: quinn::Connection,
    /// The sending half of the CONNECT, for capsules.
    pub(crate) capsules: tokio::sync::Mutex<Sending>,
    session_id: u64,
    ended: watch::Receiver<Option<Answer>>,
    _requests: Requests,
    _tasks: JoinSet<()>,
}

impl Browser {
    pub(crate) async fn session(attacker: &Attacker) -> Result<Self, Answer> {
        Self::within(Http3::connect(attacker).await?).await
    }

    /// On a connection that was made for HTTP/3.
    pub(crate) async fn over(quic: quinn::Connection) -> Result<Self, Answer> {
        Self::within(Http3::over(quic).await?).await
    }

    async fn within(mut http3: Http3) -> Result<Self, Answer> {
        let (status, stream) = http3.ask("CONNECT", WEBTRANSPORT_PATH, None).await?;
        if status != 200 {
            return Err(Answer::Http(status, None));
        }
        let Http3 { quic, requests, driver: mut tasks } = http3;
        let session_id = stream.id().into_inner();
        let (capsules, receiving) = stream.split();
        let (end, ended) = watch::channel(None);
        let hears = quic.clone();
        tasks.spawn(async move { drop(end.send_replace(Some(hear(receiving, &hears).await))) });
        let capsules = tokio::sync::Mutex::new(capsules);
        Ok(Self { quic, capsules, session_id, ended, _requests: requests, _tasks: tasks })
    }

    pub(crate) fn session_id(&self) -> u64 {
        self.session_id
    }

    pub(crate) async fn ended(&self) -> Answer {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(answer)) => answer.clone(),
            _ => Answer::Cut,
        }
    }
}

/// How the server ends the session: by a capsule, or with its connection.
async fn hear(mut receiving: Receiving, quic: &quinn::Connection) -> Answer {
    let mut bytes = BytesMut::new();
    while let Ok(Some(data)) = receiving.recv_data().await {
        bytes::BufMut::put(&mut bytes, data);
        loop {
            let mut rest = &bytes[..];
            match Capsule::decode(&mut rest) {
                Ok(Capsule::CloseWebTransportSession { code, .. }) => return Answer::Closed(code),
                Ok(_) => {
                    let read = bytes.len() - rest.len();
                    bytes::Buf::advance(&mut bytes, read);
                }
                Err(CapsuleError::UnexpectedEnd | CapsuleError::VarInt(_)) => break,
                Err(error) => return Answer::Wrong(format!("the server's own capsule: {error}")),
            }
        }
    }
    Answer::of_quic(&quic.closed().await, true)
}
