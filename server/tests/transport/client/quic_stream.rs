//! quinn's streams with the codes of raw QUIC or of WebTransport.

use bytes::Bytes;
use quinn::{ReadError, VarInt, WriteError};
use rill_protocol::Code;
use rill_server::transport::{Priority, RecvStream, SendStream, StreamError};

/// How codes are written. The draft's mapping is spelled out here a second time.
#[derive(Clone, Copy)]
pub(crate) enum Codes {
    Plain,
    WebTransport,
}

/// draft-ietf-webtrans-http3, section 4.3.
const FIRST: u64 = 0x52E4_A40F_A8DB;

impl Codes {
    pub(crate) fn write(self, code: u32) -> VarInt {
        let code = u64::from(code);
        VarInt::from_u64(match self {
            Self::Plain => code,
            Self::WebTransport => FIRST + code + code / 0x1E,
        })
        .unwrap()
    }

    /// How the peer ended a stream: a number of HTTP/3's own says that all is over.
    fn read(self, number: VarInt) -> StreamError {
        let number = match self {
            Self::Plain => Some(number.into_inner()),
            Self::WebTransport => number.into_inner().checked_sub(FIRST).map(|shifted| shifted - shifted / 0x1F),
        };
        number.map_or(StreamError::Closed, |number| StreamError::Peer(number.try_into().unwrap()))
    }
}

/// As the trait's.
pub(crate) async fn write(
    quic: &mut quinn::SendStream,
    codes: Codes,
    mut chunks: Vec<Bytes>,
) -> Result<(), StreamError> {
    quic.write_all_chunks(&mut chunks).await.map_err(|error| match error {
        WriteError::Stopped(code) => codes.read(code),
        _ => StreamError::Closed,
    })
}

/// As the trait's.
pub(crate) async fn read(quic: &mut quinn::RecvStream, codes: Codes) -> Result<Option<Bytes>, StreamError> {
    match quic.read_chunk(1 << 20, true).await {
        Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes)),
        Err(ReadError::Reset(code)) => Err(codes.read(code)),
        Err(_) => Err(StreamError::Closed),
    }
}

pub(crate) struct Send(pub(crate) quinn::SendStream);

impl SendStream for Send {
    async fn write(&mut self, chunks: Vec<Bytes>) -> Result<(), StreamError> {
        write(&mut self.0, Codes::Plain, chunks).await
    }

    fn finish(&mut self) {
        self.0.finish().unwrap();
    }

    fn reset(&mut self, code: Code) {
        self.0.reset(Codes::Plain.write(code.number())).unwrap();
    }

    fn set_priority(&mut self, _: Priority) {}
}

pub(crate) struct Recv(pub(crate) quinn::RecvStream);

impl RecvStream for Recv {
    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        read(&mut self.0, Codes::Plain).await
    }

    fn stop(&mut self, code: Code) {
        self.0.stop(Codes::Plain.write(code.number())).unwrap();
    }
}
