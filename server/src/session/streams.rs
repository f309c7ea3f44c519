//! The streams behind control, and datagrams. Each stream is a task from its first
//! byte, so that one which never says what it is holds up no other.

use rill_protocol::{
    Code, Frame, Kind, codec, limits,
    message::{Lane, LaneClass, Ping, Pong, Typing},
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::oneshot;

use super::{
    LaneWriter, Session, download, history, lane,
    reader::{FrameReader, ReadError},
    typing, upload,
};
use crate::{
    hub::LaneIndex,
    runtime::TaskGroup,
    transport::{Connection, RecvStream, SendStream},
    wire::number,
};

/// Accepts streams until the connection ends. The transport bounds how many are open.
pub(super) async fn accept<C: Connection>(session: Arc<Session>, connection: Arc<C>) {
    let mut tasks = TaskGroup::new(session.services.tasks.clone());
    let mut order = 0;
    while let Ok((mut send, mut recv)) = connection.accept().await {
        order += 1;
        if session.services.gate.stream(session.identity.user).is_err() {
            session.refused(Code::RateLimited);
            recv.stop(Code::RateLimited);
            send.reset(Code::RateLimited);
            continue;
        }
        tasks.spawn(serve(session.clone(), order, send, recv));
    }
}

async fn serve<S: SendStream, R: RecvStream>(session: Arc<Session>, order: u64, mut send: S, recv: R) {
    let mut reader = FrameReader::new(recv, limits::HELLO_FRAME_BODY_BYTES_MAX);
    let timeout = Duration::from_millis(limits::STREAM_HEADER_TIMEOUT_MS);
    // In a place of its own, which is given back: what follows waits for years.
    let refused = match Box::pin(tokio::time::timeout(timeout, reader.next())).await {
        Err(_) => Code::Timeout,
        Ok(Err(ReadError::Violation(code))) => code,
        Ok(Err(ReadError::Gone) | Ok(None)) => return,
        Ok(Ok(Some(frame))) => match frame.known() {
            Some(Kind::Lane) => match frame.decode::<Lane>() {
                Ok(Lane { class: LaneClass::InView }) => {
                    return lane(&session, order, LaneIndex::InView, &mut reader, send).await;
                }
                Ok(Lane { class: LaneClass::Others }) => {
                    return lane(&session, order, LaneIndex::Others, &mut reader, send).await;
                }
                Ok(Lane { class: LaneClass::Other(_) }) => Code::Unsupported,
                Err(_) => Code::Malformed,
            },
            // In a place of their own: each is many times what a lane needs, and lanes are what
            // every connection has, and all that an idle one has.
            Some(Kind::History) if frame.body.is_empty() => {
                return Box::pin(history::run(session, reader, send)).await;
            }
            Some(Kind::Upload) if frame.body.is_empty() => return Box::pin(upload::run(session, reader, send)).await,
            Some(Kind::Download) if frame.body.is_empty() => {
                return Box::pin(download::run(session, reader, send)).await;
            }
            Some(Kind::History | Kind::Upload | Kind::Download) => Code::Malformed,
            Some(_) => Code::UnexpectedFrame,
            None => Code::Unsupported,
        },
    };
    session.refused(refused);
    reader.stop(refused);
    send.reset(refused);
}

/// Runs a lane in the place of the one of its class that was opened before it.
async fn lane<S: SendStream, R: RecvStream>(
    session: &Arc<Session>,
    order: u64,
    lane: LaneIndex,
    reader: &mut FrameReader<R>,
    send: S,
) {
    let (place, mut replaced) = oneshot::channel::<()>();
    let pass = {
        // Pass and place are taken together: the writer that stays is the one that may write.
        let mut lanes = session.lanes.lock();
        let taken = &mut lanes[lane as usize];
        if taken.as_ref().is_some_and(|newer| newer.order > order) {
            return;
        }
        // The older one, if there is one, ends with its place.
        *taken = Some(LaneWriter { order, _place: place });
        session.inbox.lane_opened(lane)
    };
    let mut writing = pin!(lane::run(session, pass, send));
    tokio::select! {
        biased;
        _ = &mut replaced => {}
        () = &mut writing => {}
        ended = reader.next() => match ended {
            // A client that has closed its half still reads ours.
            Ok(None) => tokio::select! {
                biased;
                _ = replaced => {}
                () = writing => {}
            },
            Ok(Some(_)) | Err(ReadError::Violation(_)) => {
                session.refused(Code::UnexpectedFrame);
                reader.stop(Code::UnexpectedFrame);
            }
            Err(ReadError::Gone) => {}
        },
    }
}

/// Answers probes, and takes and tells who writes; every other datagram is dropped, as datagrams
/// may be.
pub(super) async fn datagrams<C: Connection>(session: Arc<Session>, connection: Arc<C>) {
    loop {
        let datagram = tokio::select! {
            biased;
            () = session.inbox.typing_woken() => {
                // In places of their own: idle connections are many.
                Box::pin(typing::tell(&session, &*connection)).await;
                continue;
            }
            () = session.typing_came.notified() => {
                let said = session.typing_on_control.lock().take();
                if let Some(said) = said {
                    Box::pin(typing::said(&session, said)).await;
                }
                continue;
            }
            datagram = connection.recv_datagram() => match datagram {
                Ok(datagram) => datagram,
                Err(_) => return,
            },
        };
        let Ok(frame) = Frame::from_datagram(datagram) else { continue };
        if let Some(Ok(said)) = frame.decode_if::<Typing>() {
            Box::pin(typing::said(&session, said)).await;
        } else if let Some(Ok(ping)) = frame.decode_if::<Ping>() {
            let now_ms = number(session.services.clock.now_ms());
            connection.send_datagram(codec::datagram(&Pong { nonce: ping.nonce, now_ms }));
        }
    }
}
