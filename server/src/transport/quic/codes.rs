//! Codes of the application inside QUIC's.

use quinn::VarInt;
use rill_protocol::Code;
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
    fn decode(self, number: VarInt) -> Option<u32> {
        match self {
            Self::Plain => u32::try_from(number.into_inner()).ok(),
            Self::WebTransport => error_from_http3(number.into_inner()),
        }
    }

    /// The code that a peer closed the whole connection with. A WebTransport client may
    /// do that instead of closing its session first; HTTP/3's own numbers begin at 0x100,
    /// which says that nothing was wrong.
    pub(super) fn decode_close(self, number: VarInt) -> Option<u32> {
        match (self, number.into_inner()) {
            (Self::WebTransport, code @ 0..0x100) => Some(code as u32),
            (Self::WebTransport, 0x100) => Some(Code::Normal.number()),
            _ => self.decode(number),
        }
    }

    /// A stream that ends without an application's code ends in peace.
    pub(super) fn decode_stream(self, number: VarInt) -> u32 {
        self.decode(number).unwrap_or(Code::Normal.number())
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
