//! Streams of quinn, under the codes of raw QUIC or of WebTransport.

use crate::transport::{
    Priority, RecvStream as RecvContract, SendStream as SendContract, StreamError, ending::Ending,
    webtransport::h3_code,
};
use bytes::Bytes;
use quinn::{ReadError, VarInt, WriteError};
use rill_protocol::Code;
use std::sync::Arc;
use web_transport_proto::{error_from_http3, error_to_http3};

/// How an application's code is written into QUIC's 62 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport) enum Codes {
    /// As it is.
    Plain,
    /// Moved out of the way of HTTP/3's own codes (draft-ietf-webtrans-http3, section 4.3).
    WebTransport,
}

impl Codes {
    pub(in crate::transport) fn encode(self, code: Code) -> VarInt {
        match self {
            Self::Plain => VarInt::from_u32(code.number()),
            Self::WebTransport => VarInt::from_u64(error_to_http3(code.number())).unwrap_or(VarInt::MAX),
        }
    }

    /// `None` for a number that is no application's.
    /// What a half that is dropped ends with.
    fn farewell(self, connection: &Ending) -> VarInt {
        match (self, connection.get()) {
            // The session takes its streams along (draft-ietf-webtrans-http3, section 6).
            (Self::WebTransport, Some(_)) => VarInt::from_u32(h3_code::SESSION_GONE),
            _ => self.encode(Code::Normal),
        }
    }

    fn decode(self, number: VarInt) -> Option<u32> {
        match self {
            Self::Plain => u32::try_from(number.into_inner()).ok(),
            Self::WebTransport => error_from_http3(number.into_inner()),
        }
    }

    /// The code that a peer closed the whole connection with. A WebTransport client may
    /// do that instead of closing its session first; HTTP/3's own numbers begin at 0x100,
    /// which says that nothing was wrong.
    pub(in crate::transport) fn decode_close(self, number: VarInt) -> Option<u32> {
        match (self, number.into_inner()) {
            (Self::WebTransport, code @ 0..0x100) => Some(code as u32),
            (Self::WebTransport, 0x100) => Some(Code::Normal.number()),
            _ => self.decode(number),
        }
    }

    /// A stream that ends without an application's code ends in peace.
    fn decode_stream(self, number: VarInt) -> u32 {
        self.decode(number).unwrap_or(Code::Normal.number())
    }
}

/// The sending half of a QUIC stream.
pub struct SendStream {
    quic: quinn::SendStream,
    codes: Codes,
    connection: Arc<Ending>,
    /// Nothing may follow: quinn would let a reset overtake what was finished.
    ended: bool,
}

impl SendStream {
    pub(in crate::transport) fn new(quic: quinn::SendStream, codes: Codes, connection: Arc<Ending>) -> Self {
        Self { quic, codes, connection, ended: false }
    }
}

impl SendContract for SendStream {
    async fn write(&mut self, mut chunks: Vec<Bytes>) -> Result<(), StreamError> {
        if self.ended || self.connection.get().is_some() {
            return Err(StreamError::Closed);
        }
        tokio::select! {
            biased;
            result = self.quic.write_all_chunks(&mut chunks) => result.map_err(|error| match error {
                WriteError::Stopped(code) => StreamError::Peer(self.codes.decode_stream(code)),
                _ => StreamError::Closed,
            }),
            _ = self.connection.wait() => Err(StreamError::Closed),
        }
    }

    fn finish(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            // An error says that the peer has stopped it.
            let _ = self.quic.finish();
        }
    }

    fn reset(&mut self, code: Code) {
        if !std::mem::replace(&mut self.ended, true) {
            let _ = self.quic.reset(self.codes.encode(code));
        }
    }

    fn set_priority(&mut self, priority: Priority) {
        let _ = self.quic.set_priority(match priority {
            Priority::Control => 30,
            Priority::LaneInView => 20,
            Priority::LaneOthers => 10,
            // Below 0, which is where HTTP/3's own streams are.
            Priority::History => -10,
        });
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        if !self.ended {
            // quinn would finish the stream as if all had been said.
            let _ = self.quic.reset(self.codes.farewell(&self.connection));
        }
    }
}

/// The receiving half of a QUIC stream.
pub struct RecvStream {
    quic: quinn::RecvStream,
    codes: Codes,
    connection: Arc<Ending>,
}

impl RecvStream {
    pub(in crate::transport) fn new(quic: quinn::RecvStream, codes: Codes, connection: Arc<Ending>) -> Self {
        Self { quic, codes, connection }
    }
}

impl RecvContract for RecvStream {
    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        tokio::select! {
            biased;
            result = self.quic.read_chunk(usize::MAX, true) => match result {
                Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes)),
                Err(ReadError::Reset(code)) => Err(StreamError::Peer(self.codes.decode_stream(code))),
                Err(_) => Err(StreamError::Closed),
            },
            _ = self.connection.wait() => Err(StreamError::Closed),
        }
    }

    fn stop(&mut self, code: Code) {
        // An error says that it has ended already.
        let _ = self.quic.stop(self.codes.encode(code));
    }
}

impl Drop for RecvStream {
    fn drop(&mut self) {
        let _ = self.quic.stop(self.codes.farewell(&self.connection));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `number` means at the end of a stream and of a connection.
    fn check(codes: Codes, number: u64, stream: u32, close: Option<u32>) {
        let number = VarInt::from_u64(number).unwrap();
        assert_eq!((codes.decode_stream(number), codes.decode_close(number)), (stream, close), "{codes:?} {number}");
    }

    #[test]
    fn codes_are_told_from_those_of_http3() {
        check(Codes::Plain, 41, 41, Some(41));
        check(Codes::Plain, 1 << 40, 0, None);
        // draft-ietf-webtrans-http3, section 4.3: every 31st number is skipped.
        check(Codes::WebTransport, 0x52E4_A40F_A8DB, 0, Some(0));
        check(Codes::WebTransport, 0x52E4_A40F_A8DB + 41 + 1, 41, Some(41));
        check(Codes::WebTransport, 41, 0, Some(41));
        check(Codes::WebTransport, 0x100, 0, Some(0));
        check(Codes::WebTransport, 0x10C, 0, None);
        for code in Code::ALL {
            for codes in [Codes::Plain, Codes::WebTransport] {
                check(codes, codes.encode(*code).into_inner(), code.number(), Some(code.number()));
            }
        }
    }
}
