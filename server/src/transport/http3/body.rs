//! A request's body as it comes in.

use super::quic;
use bytes::{Buf as _, Bytes};
use h3::{error::StreamError, server::RequestStream};
use http::{HeaderMap, header::CONTENT_LENGTH};
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use thiserror::Error;

/// Streams in as it is read: who does not read holds the client back. A client that sends
/// more is told to stop when the body is dropped. What follows it (trailers) is not read.
pub struct Body {
    stream: RequestStream<quic::RecvStream, Bytes>,
    /// What the header has promised and has not come yet.
    promised_bytes: Option<u64>,
    over: bool,
}

/// Why a body does not come whole.
#[derive(Debug, Error)]
pub enum BodyError {
    #[error("the client has given its request up")]
    Stream(#[source] StreamError),
    /// RFC 9114, section 4.1.2.
    #[error("the body is not as long as its Content-Length says")]
    Length,
}

impl Body {
    pub(super) fn new(stream: RequestStream<quic::RecvStream, Bytes>, promised_bytes: Option<u64>) -> Self {
        Self { stream, promised_bytes, over: false }
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        let data = ready!(self.stream.poll_recv_data(context)).map_err(BodyError::Stream)?;
        let data = data.map(|mut data| data.copy_to_bytes(data.remaining()));
        let came = data.as_ref().map(|data| data.len() as u64);
        self.promised_bytes = match (self.promised_bytes, came) {
            (Some(promised), Some(came)) => Some(promised.checked_sub(came).ok_or(BodyError::Length)?),
            (Some(1..), None) => return Poll::Ready(Err(BodyError::Length)),
            (promised, _) => promised,
        };
        Poll::Ready(Ok(data))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let next = ready!(self.next(context));
        self.over = !matches!(next, Ok(Some(_)));
        Poll::Ready(next.transpose().map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }

    fn size_hint(&self) -> SizeHint {
        self.promised_bytes.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// The one length that a header promises, if it does.
///
/// # Errors
/// More than one, or no number.
pub(super) fn content_length(headers: &HeaderMap) -> Result<Option<u64>, BodyError> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(None),
        (Some(length), None) => {
            let digits = length.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(BodyError::Length)
        }
        (Some(_), Some(_)) => Err(BodyError::Length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(values: &[&'static str], expected: Option<Option<u64>>) {
        let headers: HeaderMap = values.iter().map(|value| (CONTENT_LENGTH, HeaderValue::from_static(value))).collect();
        assert_eq!(content_length(&headers).ok(), expected, "{values:?}");
    }

    #[test]
    fn one_number_or_none_is_a_length() {
        check(&[], Some(None));
        check(&["0"], Some(Some(0)));
        check(&["17"], Some(Some(17)));
        for wrong in ["", "+1", "-1", "1, 1", "0x10", " 1", "99999999999999999999"] {
            check(&[wrong], None);
        }
    }

    #[test]
    fn two_lengths_are_none_also_when_they_agree() {
        let mut headers = HeaderMap::new();
        for length in ["3", "3"] {
            headers.append(CONTENT_LENGTH, HeaderValue::from_static(length));
        }
        assert!(content_length(&headers).is_err());
    }
}
