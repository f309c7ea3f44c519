//! What a hostile peer hears.

use quinn::{ConnectionError, VarInt};
use rill_protocol::Code;
use std::fmt;
use web_transport_proto::error_from_http3;

/// How one attempt was answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// The connection was closed with a code of Rill's table.
    Closed(u32),
    /// The stream was reset or stopped with one.
    Reset(u32),
    /// The request was answered `Failed` with one.
    Failed(u32),
    /// An HTTP error: its status, and the code of its body if it has one.
    Http(u16, Option<u32>),
    /// A refusal in the words of the transport: QUIC, TLS, HTTP/3, WebSocket.
    Transport(String),
    /// Carried out, as for an honest client.
    Served,
    /// Ended without a word.
    Cut,
    /// Nothing came in time, and nothing was closed.
    Silent,
    /// What must not be: a code outside of the table, a wrong success.
    Wrong(String),
}

impl Answer {
    /// Of a code in Rill's table.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Closed(code) | Self::Reset(code) | Self::Failed(code) | Self::Http(_, Some(code)) => {
                Code::from_number(*code)
            }
            _ => None,
        }
    }

    /// Says what happened in a way that a program can read.
    pub(crate) fn is_coded(&self) -> bool {
        match self {
            Self::Closed(code) | Self::Reset(code) | Self::Failed(code) => Code::from_number(*code).is_some(),
            Self::Http(_, code) => code.is_none_or(|code| Code::from_number(code).is_some()),
            Self::Transport(_) => true,
            _ => false,
        }
    }

    /// The same answer, or `Wrong` if it is none of what was to come. Who is too many
    /// hears so anywhere.
    pub(crate) fn expected(self, codes: &[Code]) -> Self {
        const ALWAYS: [Code; 4] = [Code::RateLimited, Code::Busy, Code::TooManyStreams, Code::Timeout];
        match self.code() {
            Some(code) if codes.contains(&code) || ALWAYS.contains(&code) => self,
            None if matches!(
                self,
                Self::Transport(_) | Self::Http(400.., _) | Self::Cut | Self::Silent | Self::Wrong(_)
            ) =>
            {
                self
            }
            _ => Self::Wrong(format!(
                "{self} instead of {}",
                codes.iter().map(|c| c.name()).collect::<Vec<_>>().join(" or ")
            )),
        }
    }

    /// How quinn tells the end of a connection of raw QUIC, or of HTTP/3.
    pub(crate) fn of_quic(error: &ConnectionError, http3: bool) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) if http3 => {
                Self::Transport(format!("http3 0x{:x}", close.error_code.into_inner()))
            }
            ConnectionError::ApplicationClosed(close) => match u32::try_from(close.error_code.into_inner()) {
                Ok(code) => Self::Closed(code),
                Err(_) => Self::Wrong(format!("closed with {}", close.error_code)),
            },
            ConnectionError::ConnectionClosed(close) => Self::Transport(format!("quic {}", close.error_code)),
            ConnectionError::TransportError(error) => Self::Transport(format!("quic {}", error.code)),
            ConnectionError::Reset => Self::Transport("quic stateless reset".to_owned()),
            ConnectionError::VersionMismatch => Self::Transport("quic version negotiation".to_owned()),
            ConnectionError::TimedOut => Self::Silent,
            ConnectionError::LocallyClosed | ConnectionError::CidsExhausted => Self::Cut,
        }
    }

    /// How a stream of QUIC was reset or stopped; WebTransport's codes lie among HTTP/3's.
    pub(crate) fn of_stream(code: VarInt, webtransport: bool) -> Self {
        let number = code.into_inner();
        match (webtransport, error_from_http3(number), u32::try_from(number)) {
            (true, Some(code), _) | (false, _, Ok(code)) => Self::Reset(code),
            (true, None, _) => Self::Transport(format!("http3 0x{number:x}")),
            (false, _, Err(_)) => Self::Wrong(format!("reset with {number}")),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |code: &u32| Code::from_number(*code).map_or("unknown", Code::name);
        match self {
            Self::Closed(code) => write!(out, "close {code} {}", name(code)),
            Self::Reset(code) => write!(out, "reset {code} {}", name(code)),
            Self::Failed(code) => write!(out, "failed {code} {}", name(code)),
            Self::Http(status, Some(code)) => write!(out, "http {status} {}", name(code)),
            Self::Http(status, None) => write!(out, "http {status}"),
            Self::Transport(text) => out.write_str(text),
            Self::Served => out.write_str("served"),
            Self::Cut => out.write_str("cut"),
            Self::Silent => out.write_str("silent"),
            Self::Wrong(text) => write!(out, "wrong: {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: Answer, codes: &[Code], accepted: bool) {
        let judged = answer.clone().expected(codes);
        assert_eq!(judged == answer, accepted, "{answer} for {codes:?}: {judged}");
    }

    #[test]
    fn only_what_was_to_come_is_accepted() {
        check(Answer::Closed(41), &[Code::BadTicket], true);
        check(Answer::Closed(8), &[Code::BadTicket], true);
        check(Answer::Closed(0), &[Code::BadTicket], false);
        check(Answer::Served, &[Code::BadTicket], false);
        check(Answer::Http(403, Some(45)), &[Code::ForeignOrigin], true);
        check(Answer::Http(200, None), &[Code::ForeignOrigin], false);
        check(Answer::Transport("quic refused".to_owned()), &[Code::BadTicket], true);
    }

    #[test]
    fn a_code_outside_of_the_table_is_not_coded() {
        assert!(Answer::Closed(41).is_coded() && Answer::Http(431, None).is_coded());
        assert!(!Answer::Closed(9_999).is_coded() && !Answer::Cut.is_coded() && !Answer::Silent.is_coded());
    }
}
