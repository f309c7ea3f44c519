//! A stream of downloads: requests answered one after the other, each with the bytes that it
//! asked for. What a client does not take holds up this stream and nothing else: it is read no
//! further, and how much of all files may lie in the transport is bounded there
//! ([`crate::transport::Priority::File`]).

use bytes::Bytes;
use rill_protocol::{
    Code, Frame, chunk, codec, limits,
    message::{FileStart, GetFile},
};
use std::{ops::Range, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

use super::{Session, dispatch::failed, observed::told, reader::FrameReader, request};
use crate::{
    admission::Over,
    files::service::{FileError, FileStream},
    transport::{Priority, RecvStream, SendStream},
    wire::{code::Failure, number},
};

/// Answers until the client ends the stream.
pub(super) async fn run<R: RecvStream, S: SendStream>(session: Arc<Session>, mut reader: FrameReader<R>, mut send: S) {
    send.set_priority(Priority::File);
    while let Some(frame) = request::next(&session, &mut reader, &mut send).await {
        let begun = Instant::now();
        let (first, bytes) = match session.may(true) {
            Ok(()) => match answer(&session, &frame).await {
                Ok((start, stream)) => (codec::frame(&start), Some(stream)),
                Err(failure) => (failed(request::number(&frame), failure), None),
            },
            Err(Over::Refuse) => (failed(request::number(&frame), Code::RateLimited), None),
            Err(Over::Close) => return session.registration.end(Code::RateLimited),
        };
        told(&session, frame.known(), &first, begun);
        if let Err(code) = write(&mut send, vec![first]).await {
            return send.reset(code);
        }
        if let Some((at, stream)) = bytes
            && let Err(code) = pass(&mut send, at, stream).await
        {
            // Who turns away is not refused anything.
            if code != Code::Normal {
                session.refused(code);
            }
            return send.reset(code);
        }
    }
}

/// What is asked for: its beginning, and where and what the bytes are.
async fn answer(session: &Session, frame: &Frame) -> Result<(FileStart, (u64, FileStream)), Failure> {
    let get = match frame.decode_if::<GetFile>() {
        Some(Ok(get)) => get,
        Some(Err(error)) => return Err(Failure { code: Code::Malformed, detail: error.to_string() }),
        None if frame.known().is_none() => return Err(Code::Unsupported.into()),
        None => return Err(Code::UnexpectedFrame.into()),
    };
    let Some(files) = &session.services.files else { return Err(FileError::NoSuchFile.into()) };
    let readable = files.open(session.identity.user, get.room, get.seq.get(), get.variant).await?;
    let (offset, available) = (get.offset.get(), readable.available);
    // Behind the end of what is there for now, while more is to come, nothing is wrong.
    if offset > available {
        let is_wrong = offset > readable.size;
        return Err(if is_wrong { FileError::BadRange { available } } else { FileError::NotReady }.into());
    }
    let range: Range<u64> = offset..offset.saturating_add(get.length.get()).min(available);
    let start = FileStart {
        request: get.request,
        size: number(readable.size),
        length: number(range.end - range.start),
        media_type: readable.media_type.to_owned(),
    };
    Ok((start, (offset, readable.read(range).await?)))
}

/// Hands the bytes on, a piece at a time.
async fn pass<S: SendStream>(send: &mut S, mut at: u64, mut stream: FileStream) -> Result<(), Code> {
    loop {
        let piece = match stream.next().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ok(()),
            Err(error) => return Err(Failure::from(error).code),
        };
        let head = chunk::head(number(at), piece.len());
        at += piece.len() as u64;
        write(send, vec![head, piece]).await?;
    }
}

/// A client that takes nothing for long loses the stream; what it did not get it asks for anew.
async fn write<S: SendStream>(send: &mut S, chunks: Vec<Bytes>) -> Result<(), Code> {
    match timeout(Duration::from_millis(limits::STUCK_AFTER_MS), send.write(chunks)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Code::Normal),
        Err(_) => Err(Code::TooSlow),
    }
}
