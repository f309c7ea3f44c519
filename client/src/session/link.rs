//! One connection, from the open transport to `Welcome`.

use bytes::BytesMut;
use rill_protocol::{
    Code, Kind, Ticket, codec,
    message::{Control, Failed, Hello, Welcome},
    version,
};
use std::time::Duration;
use tokio::time::timeout;

use super::stream::{FrameReader, FrameWriter, ReadError};
use crate::{
    Failure, limits, random,
    transport::{Class, Closed, Connection},
};

/// How long the reason of a close may come behind the end of a stream.
const REASON_PATIENCE: Duration = Duration::from_millis(500);

/// Why a connection came to nothing, or to its end.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The server gave a code.
    Coded(Failure),
    /// The way broke, or what came made no sense.
    Broken(String),
    /// This side wants no more.
    Here,
    /// This machine has another address, and the connection cannot follow.
    Moved,
}

impl From<Closed> for End {
    fn from(closed: Closed) -> Self {
        match closed.code {
            Some(code) => Self::Coded(Failure { code, detail: closed.reason }),
            None => Self::Broken(closed.reason),
        }
    }
}

/// A connection on which the server knows who is there.
pub(crate) struct Link {
    pub(super) connection: Connection,
    pub(super) reader: FrameReader,
    pub(super) writer: FrameWriter,
    pub(super) welcome: Welcome,
}

impl Link {
    /// Says hello. The ticket is used up, whatever comes of it.
    pub(crate) async fn hello(connection: Connection, ticket: Ticket, client: &str) -> Result<Self, End> {
        let handshake = timeout(limits::WELCOME_TIMEOUT, handshake(&connection, ticket, client)).await;
        match handshake.unwrap_or_else(|_| Err(End::Broken("no welcome in time".to_owned()))) {
            Ok((reader, writer, welcome)) => Ok(Self { connection, reader, writer, welcome }),
            Err(end) => {
                connection.close(Code::Normal);
                Err(end)
            }
        }
    }
}

async fn handshake(
    connection: &Connection,
    ticket: Ticket,
    client: &str,
) -> Result<(FrameReader, FrameWriter, Welcome), End> {
    let (mut send, recv) = match connection.open(Class::Control).await {
        Ok(halves) => halves,
        Err(error) => return Err(ended(connection, &error.into()).await),
    };
    let mut hello = BytesMut::new();
    codec::put_frame(&mut hello, &Control { version: version::VERSION });
    codec::put_frame(&mut hello, &Hello { ticket, attempt: random::attempt_id(), client: client.to_owned() });
    if let Err(error) = send.write(hello.freeze()).await {
        return Err(ended(connection, &error.into()).await);
    }
    let mut reader = FrameReader::new(recv);
    let frame = match reader.frame().await {
        Ok(frame) => frame,
        Err(error) => return Err(ended(connection, &error).await),
    };
    let malformed = |error: codec::DecodeError| End::Broken(format!("the answer to Hello: {error}"));
    match frame.known() {
        Some(Kind::Welcome) => Ok((reader, FrameWriter::new(send), frame.decode().map_err(malformed)?)),
        Some(Kind::Failed) => {
            let Failed { code, detail, .. } = frame.decode().map_err(malformed)?;
            Err(End::Coded(Failure { code, detail }))
        }
        _ => Err(End::Broken(format!("the answer to Hello is of kind {}", frame.kind))),
    }
}

/// Why the control stream, and with it the connection, ended: the close code says
/// more than the stream.
pub(super) async fn ended(connection: &Connection, error: &ReadError) -> End {
    let reason = async {
        loop {
            if let Err(closed) = connection.recv_datagram().await {
                return closed;
            }
        }
    };
    match timeout(REASON_PATIENCE, reason).await {
        Ok(closed) => closed.into(),
        Err(_) => End::Broken(error.to_string()),
    }
}
