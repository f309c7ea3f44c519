//! The first stream, `Control`, `Hello`, `Welcome`: who is there. Nothing is started
//! before a ticket was good.

use rill_protocol::{
    AttemptId, Code, Frame, codec,
    kind::Body,
    limits,
    message::{Control, Hello, Limits, Welcome},
    version::VERSION,
};
use serde::de::DeserializeOwned;
use std::time::Duration;

use super::{
    End, Services,
    reader::{FrameReader, ReadError},
};
use crate::{
    domain::{accounts::Identity, characters::cleaned},
    transport::{Connection, Permit, Priority, SendStream},
    wire::{code::Failure, number},
};

/// A peer whose ticket was good.
pub(super) struct Greeted<C: Connection> {
    pub(super) identity: Identity,
    pub(super) attempt: AttemptId,
    pub(super) client: String,
    /// Among the connections that its user may have.
    pub(super) place: Permit,
    pub(super) send: C::Send,
    /// In a place of its own: it goes from hand to hand, and each hand is part of a task.
    pub(super) reader: Box<FrameReader<C::Recv>>,
}

/// Bounded in bytes and time.
pub(super) async fn run<C: Connection>(services: &Services, connection: &C) -> Result<Greeted<C>, End> {
    tokio::time::timeout(Duration::from_millis(limits::ATTACH_TIMEOUT_MS), greet(services, connection))
        .await
        .unwrap_or_else(|_| Err(End::new(Code::Timeout, "no Hello in time")))
}

async fn greet<C: Connection>(services: &Services, connection: &C) -> Result<Greeted<C>, End> {
    let gone = || End::new(Code::Normal, "left before Hello");
    let (mut send, recv) = connection.accept().await.map_err(|_| gone())?;
    send.set_priority(Priority::Control);
    let mut reader = Box::new(FrameReader::new(recv, limits::HELLO_FRAME_BODY_BYTES_MAX));
    let control: Control = expect(&mut reader).await?;
    if control.version != VERSION {
        return Err(End::new(Code::Unsupported, format!("version {}", control.version)));
    }
    let hello: Hello = expect(&mut reader).await?;
    if hello.client.len() > limits::CLIENT_NAME_BYTES_MAX {
        return Err(End::new(Code::Malformed, "the client's name is too long"));
    }
    let too_many = || End::new(Code::RateLimited, "the user has enough connections");
    // Before the ticket is used up, so that it serves the next try.
    if services.gate.user_is_full(hello.ticket.user()) {
        return Err(too_many());
    }
    let (identity, ticket) = services.domain.accounts.redeem(&hello.ticket).await.map_err(|error| {
        let failure = Failure::from(error);
        End::new(failure.code, failure.detail)
    })?;
    let place = services.gate.user_connection(identity.user).ok_or_else(too_many)?;
    reader.set_body_bytes_max(limits::CLIENT_FRAME_BODY_BYTES_MAX);
    let welcome = codec::frame(&Welcome {
        user: identity.user,
        name: identity.name.clone(),
        session: identity.session,
        ticket,
        server: services.software.clone(),
        now_ms: number(services.clock.now_ms()),
        limits: limits_in_force(),
    });
    send.write(vec![welcome]).await.map_err(|_| gone())?;
    let client = cleaned(&hello.client, limits::CLIENT_NAME_BYTES_MAX);
    Ok(Greeted { identity, attempt: hello.attempt, client, place, send, reader })
}

/// The next frame, which must be a `T`.
async fn expect<T, R>(reader: &mut FrameReader<R>) -> Result<T, End>
where
    T: Body + DeserializeOwned,
    R: crate::transport::RecvStream,
{
    let frame: Frame = match reader.next().await {
        Ok(Some(frame)) => frame,
        Ok(None) | Err(ReadError::Gone) => return Err(End::new(Code::Normal, "left before Hello")),
        Err(ReadError::Violation(code)) => return Err(End::new(code, "before Hello")),
    };
    match frame.decode_if::<T>() {
        Some(Ok(body)) => Ok(body),
        Some(Err(error)) => Err(End::new(Code::Malformed, error.to_string())),
        None => Err(End::new(Code::HelloRequired, format!("kind {} instead of {}", frame.kind, T::KIND.name()))),
    }
}

fn limits_in_force() -> Limits {
    Limits {
        text_bytes_max: limits::TEXT_BYTES_MAX as u32,
        room_name_chars_max: limits::ROOM_NAME_CHARS_MAX as u32,
        rooms_per_user_max: limits::ROOMS_PER_USER_MAX as u32,
        history_page_max: limits::HISTORY_PAGE_MAX as u32,
        resume_cursors_max: limits::RESUME_CURSORS_MAX as u32,
        presence_watch_max: limits::PRESENCE_WATCH_MAX as u32,
        streams_max: limits::STREAMS_MAX as u32,
        requests_in_flight_max: limits::REQUESTS_IN_FLIGHT_MAX as u32,
        datagram_bytes_max: limits::DATAGRAM_BYTES_MAX as u32,
        ping_interval_ms: limits::PING_INTERVAL_MS as u32,
        dead_after_ms: limits::DEAD_AFTER_MS as u32,
    }
}
