//! What is said about a session on its CONNECT stream: capsules (RFC 9297) inside DATA
//! frames. Only the one that closes the session means something here.

use crate::transport::{
    Closed,
    ending::cut,
    limits::{HTTP3_FRAME_BYTES_MAX, REASON_BYTES_MAX},
};
use bytes::{Bytes, BytesMut};
use rill_protocol::Code;
use web_transport_proto::{Capsule, CapsuleError};

/// Gathers capsules from pieces as they come.
#[derive(Default)]
pub(super) struct Capsules {
    gathered: BytesMut,
    came_bytes: usize,
}

impl Capsules {
    /// More bytes have come.
    pub(super) fn push(&mut self, bytes: impl bytes::Buf) {
        self.came_bytes = self.came_bytes.saturating_add(bytes.remaining());
        bytes::BufMut::put(&mut self.gathered, bytes);
    }

    /// How the peer closed the session, if it has. Other capsules are skipped: browsers
    /// send meaningless ones before it. But a session has little to say.
    pub(super) fn close(&mut self) -> Result<Option<Closed>, CapsuleError> {
        if self.came_bytes > HTTP3_FRAME_BYTES_MAX {
            return Err(CapsuleError::MessageTooLong);
        }
        loop {
            let mut rest = &self.gathered[..];
            match Capsule::decode(&mut rest) {
                Ok(Capsule::CloseWebTransportSession { code, reason }) => {
                    let reason = cut(&reason, REASON_BYTES_MAX).to_owned();
                    return Ok(Some(Closed { code: Some(code), reason }));
                }
                Ok(_) => {
                    let read = self.gathered.len() - rest.len();
                    bytes::Buf::advance(&mut self.gathered, read);
                }
                Err(CapsuleError::UnexpectedEnd | CapsuleError::VarInt(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

/// The capsule that closes a session.
pub(super) fn closing(closed: &Closed) -> Bytes {
    let code = closed.code.unwrap_or(Code::Normal.number());
    let reason = cut(&closed.reason, REASON_BYTES_MAX).to_owned();
    let mut out = BytesMut::new();
    Capsule::CloseWebTransportSession { code, reason }.encode(&mut out);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed() -> Closed {
        Closed { code: Some(41), reason: "bad_ticket".to_owned() }
    }

    #[test]
    fn a_close_behind_meaningless_capsules_is_found_however_it_is_cut() {
        let mut bytes = BytesMut::new();
        Capsule::Grease { num: 7 }.encode(&mut bytes);
        let unknown = web_transport_proto::VarInt::from_u32(0x1234);
        Capsule::Unknown { typ: unknown, payload: Bytes::from_static(b"later") }.encode(&mut bytes);
        bytes.extend_from_slice(&closing(&closed()));
        for at in 0..bytes.len() {
            let mut capsules = Capsules::default();
            capsules.push(&bytes[..at]);
            assert_eq!(capsules.close().unwrap(), None, "{at}");
            capsules.push(&bytes[at..]);
            assert_eq!(capsules.close().unwrap(), Some(closed()), "{at}");
        }
    }

    #[test]
    fn a_capsule_that_claims_too_much_is_an_error() {
        let mut capsules = Capsules::default();
        // Type 0x2843, then a length of 2^30 - 1.
        capsules.push(&[0x68, 0x43, 0xBF, 0xFF, 0xFF, 0xFF][..]);
        assert!(capsules.close().is_err());
    }

    #[test]
    fn a_session_that_talks_without_end_is_an_error() {
        let mut capsules = Capsules::default();
        // A capsule of three bytes that nobody knows, over and over.
        for _ in 0..HTTP3_FRAME_BYTES_MAX / 5 {
            capsules.push(&b"\x17\x03abc"[..]);
            assert_eq!(capsules.close().unwrap(), None);
        }
        capsules.push(&b"\x17\x03abc"[..]);
        assert!(capsules.close().is_err());
    }

    #[test]
    fn a_long_reason_is_cut() {
        let long = Closed { code: Some(1), reason: "ж".repeat(REASON_BYTES_MAX) };
        let mut capsules = Capsules::default();
        capsules.push(closing(&long));
        assert_eq!(capsules.close().unwrap().unwrap().reason, "ж".repeat(REASON_BYTES_MAX / 2));
    }
}
