//! A history stream: requests answered one after the other, so that a client's pages
//! wait for each other and for nobody else.

use bytes::{Bytes, BytesMut};
use rill_protocol::{
    Code, Frame, Kind, codec,
    kind::Body,
    limits,
    message::{Direction, GetMessages, GetRoomFiles, MessageFiles},
};
use rill_storage::model::Anchor;
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

use super::{Session, dispatch::failed, observed::told, reader::FrameReader, request};
use crate::{
    admission::Over,
    domain::messages::Page,
    transport::{Priority, RecvStream, SendStream},
    wire::{code::Failure, history},
};

/// Answers until the client ends the stream.
pub(super) async fn run<R: RecvStream, S: SendStream>(session: Arc<Session>, mut reader: FrameReader<R>, mut send: S) {
    send.set_priority(Priority::History);
    reader.set_body_bytes_max(limits::CLIENT_FRAME_BODY_BYTES_MAX);
    let stuck_after = Duration::from_millis(limits::STUCK_AFTER_MS);
    while let Some(frame) = request::next(&session, &mut reader, &mut send).await {
        // Pages that nobody takes hold up further ones, of this connection alone.
        let Ok(_page) = session.pages.acquire().await else { return };
        let begun = Instant::now();
        let answer = match session.may(true) {
            Ok(()) => answer(&session, &frame).await,
            Err(Over::Refuse) => failed(request::number(&frame), Code::RateLimited),
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

async fn answer(session: &Session, frame: &Frame) -> Bytes {
    let request = request::number(frame);
    let page = match page(session, frame).await {
        Ok(page) => page,
        Err(failure) => return failed(request, failure),
    };
    let mut answer = BytesMut::new();
    if let Some(changes) = history::changes(request, &page) {
        codec::put_frame(&mut answer, &changes);
    }
    let (files, page) = history::page(request, page);
    if !files.is_empty() {
        codec::put_frame(&mut answer, &MessageFiles { request, files });
    }
    codec::put_frame(&mut answer, &page);
    answer.freeze()
}

async fn page(session: &Session, frame: &Frame) -> Result<Page, Failure> {
    let (messages, user) = (&session.services.domain.messages, session.identity.user);
    let page = match frame.known() {
        Some(Kind::GetMessages) => {
            let GetMessages { room, direction, seq, limit, .. } = decoded(frame)?;
            let anchor = match direction {
                Direction::Before => Anchor::Before(seq.get()),
                Direction::After => Anchor::After(seq.get()),
                Direction::Other(_) => return Err(Code::Unsupported.into()),
            };
            messages.page(user, room, anchor, limit as usize).await?
        }
        Some(Kind::GetRoomFiles) => {
            let GetRoomFiles { room, before, limit, .. } = decoded(frame)?;
            messages.files(user, room, before.get(), limit as usize).await?
        }
        Some(_) => return Err(Code::UnexpectedFrame.into()),
        None => return Err(Code::Unsupported.into()),
    };
    Ok(page)
}

fn decoded<T: Body + DeserializeOwned>(frame: &Frame) -> Result<T, Failure> {
    frame.decode().map_err(|error| Failure { code: Code::Malformed, detail: error.to_string() })
}
