//! A history stream: requests answered one after the other, so that a client's pages
//! wait for each other and for nobody else.

use bytes::Bytes;
use rill_protocol::{
    Code, Frame, codec, limits,
    message::{Direction, GetMessages},
};
use rill_storage::model::Anchor;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

use super::{
    Session,
    dispatch::failed,
    observed::told,
    reader::{FrameReader, ReadError},
};
use crate::{
    admission::Over,
    transport::{Priority, RecvStream, SendStream},
    wire::{code::Failure, history},
};

/// Answers until the client ends the stream.
pub(super) async fn run<R: RecvStream, S: SendStream>(session: Arc<Session>, mut reader: FrameReader<R>, mut send: S) {
    send.set_priority(Priority::History);
    reader.set_body_bytes_max(limits::CLIENT_FRAME_BODY_BYTES_MAX);
    let stuck_after = Duration::from_millis(limits::STUCK_AFTER_MS);
    loop {
        let frame = match reader.next().await {
            Ok(Some(frame)) => frame,
            Ok(None) => return send.finish(),
            Err(ReadError::Violation(code)) => {
                session.refused(code);
                reader.stop(code);
                return send.reset(code);
            }
            Err(ReadError::Gone) => return,
        };
        // Pages that nobody takes hold up further ones, of this connection alone.
        let Ok(_page) = session.pages.acquire().await else { return };
        let begun = Instant::now();
        let answer = match session.may(true) {
            Ok(()) => answer(&session, &frame).await,
            Err(Over::Refuse) => failed(request_number(&frame), Code::RateLimited),
            Err(Over::Close) => return session.registration.end(Code::RateLimited),
        };
        told(&session, frame.known(), &answer, begun);
        // A page is long: one that nobody takes is not held for as long as the client pings.
        match tokio::time::timeout(stuck_after, send.write(vec![answer])).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => return send.reset(Code::TooSlow),
        }
    }
}

fn request_number(frame: &Frame) -> u32 {
    codec::decode_prefix::<u32>(&frame.body).map_or(0, |(request, _)| request)
}

async fn answer(session: &Session, frame: &Frame) -> Bytes {
    let request = request_number(frame);
    let body = match frame.decode_if::<GetMessages>() {
        Some(Ok(body)) => body,
        Some(Err(error)) => return failed(request, Failure { code: Code::Malformed, detail: error.to_string() }),
        None if frame.known().is_none() => return failed(request, Code::Unsupported),
        None => return failed(request, Code::UnexpectedFrame),
    };
    let anchor = match body.direction {
        Direction::Before => Anchor::Before(body.seq.get()),
        Direction::After => Anchor::After(body.seq.get()),
        Direction::Other(_) => return failed(request, Code::Unsupported),
    };
    let messages = &session.services.domain.messages;
    match messages.page(session.identity.user, body.room, anchor, body.limit as usize).await {
        Ok(page) => codec::frame(&history::page(request, page)),
        Err(error) => failed(request, error),
    }
}
