//! Streams on which a client asks one thing after the other: the next request, and its number.

use rill_protocol::{Frame, codec};

use super::{
    Session,
    reader::{FrameReader, ReadError},
};
use crate::transport::{RecvStream, SendStream};

/// The next request; none behind the last one, or where the stream broke a rule of framing. Then
/// it has been ended.
pub(super) async fn next<R: RecvStream, S: SendStream>(
    session: &Session,
    reader: &mut FrameReader<R>,
    send: &mut S,
) -> Option<Frame> {
    match reader.next().await {
        Ok(Some(frame)) => return Some(frame),
        Ok(None) => send.finish(),
        Err(ReadError::Violation(code)) => {
            session.refused(code);
            reader.stop(code);
            send.reset(code);
        }
        Err(ReadError::Gone) => {}
    }
    None
}

/// What every request begins with, also one whose body is not understood; 0 if not even that.
pub(super) fn number(frame: &Frame) -> u32 {
    codec::decode_prefix::<u32>(&frame.body).map_or(0, |(request, _)| request)
}
