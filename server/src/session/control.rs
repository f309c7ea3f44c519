//! The control stream's reading side: frames in the order received, answers when they
//! are done. Reading never waits for a request, so a slow one holds up no other; the
//! number under way is bounded, past it the answer is `Busy`.

use futures_util::{FutureExt as _, StreamExt, future::OptionFuture, stream::FuturesUnordered};
use rill_protocol::{Code, limits};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use super::{
    End, Session,
    dispatch::{self, Answer, Phase},
    observed::observed,
    reader::{FrameReader, ReadError},
    writer::{self, Outgoing},
};
use crate::{
    limits::CONTROL_FRAMES_WAITING_MAX,
    runtime::{
        TaskGroup,
        queue::{Sender, queue},
    },
    transport::{RecvStream, SendStream},
};

/// Clients come back at different moments within this time after a goodbye.
const RECONNECT_SPREAD_MS: u32 = 500;

/// Runs the control stream until the session ends. `close` is told before the stream is let
/// go: a reset that comes first would cost the peer the code.
pub(super) async fn run<R: RecvStream, S: SendStream>(
    session: &Arc<Session>,
    mut reader: Box<FrameReader<R>>,
    send: S,
    close: impl FnOnce(&End),
) -> End {
    let (outgoing, waiting) = queue(CONTROL_FRAMES_WAITING_MAX);
    let mut tasks = TaskGroup::new(session.services.tasks.clone());
    let (told, mut writer_end) = oneshot::channel();
    tasks.spawn(writer::run(session.clone(), send, waiting, told));
    let end = converse(session, &mut reader, outgoing, &mut writer_end).await;
    close(&end);
    end
}

/// Frame by frame, until one side has enough.
async fn converse<R: RecvStream>(
    session: &Arc<Session>,
    reader: &mut FrameReader<R>,
    outgoing: Sender<Outgoing>,
    mut writer_end: &mut oneshot::Receiver<End>,
) -> End {
    let mut requests = FuturesUnordered::<dispatch::Request>::new();
    let mut stop = session.services.stop.clone();
    let mut phase = Phase::Welcomed;
    let dead_after = Duration::from_millis(limits::DEAD_AFTER_MS);
    let attach_timeout = tokio::time::sleep(Duration::from_millis(limits::ATTACH_TIMEOUT_MS));
    // Given back when it has served.
    let mut unattached = Some(Box::pin(attach_timeout));
    loop {
        tokio::select! {
            // New frames come last: whoever sends without a pause holds up nothing.
            biased;
            Some(frame) = requests.next() => {
                // Not everything is answered.
                if !frame.is_empty()
                    && let Err(end) = pass(&outgoing, Outgoing::Frame(frame)).await
                {
                    return end;
                }
            }
            end = &mut writer_end => {
                return end.unwrap_or_else(|_| End::new(Code::Internal, "the control writer panicked"));
            }
            () = OptionFuture::from(unattached.as_mut()).map(drop), if unattached.is_some() => {
                return End::new(Code::Timeout, "no Attach in time");
            }
            () = stop.thrown(), if phase != Phase::Leaving => {
                phase = Phase::Leaving;
                let mut spread = [0; 4];
                session.services.entropy.fill(&mut spread);
                let reconnect_after_ms = u32::from_le_bytes(spread) % RECONNECT_SPREAD_MS;
                if let Err(end) = pass(&outgoing, Outgoing::go_away(reconnect_after_ms)).await { return end }
            }
            frame = timeout(dead_after, reader.next()) => {
                let frame = match frame {
                    Err(_) => return End::new(Code::Timeout, "nothing was heard"),
                    Ok(Err(ReadError::Violation(code))) => return End::new(code, "on control"),
                    Ok(Ok(None) | Err(ReadError::Gone)) => return End::new(Code::Normal, "control ended"),
                    Ok(Ok(Some(frame))) => frame,
                };
                let is_full = requests.len() >= limits::REQUESTS_IN_FLIGHT_MAX;
                let (kind, begun) = (frame.known(), Instant::now());
                let answer = dispatch::frame(session, &mut phase, is_full, frame);
                match observed(session, kind, begun, answer) {
                    Answer::Nothing => {}
                    Answer::Now(frame) => {
                        if let Err(end) = pass(&outgoing, frame).await { return end }
                    }
                    Answer::Later(request) => requests.push(request),
                    Answer::End(end) => return end,
                }
            }
        }
        if phase != Phase::Welcomed {
            unattached = None;
        }
        if phase == Phase::Leaving && requests.is_empty() {
            // The goodbye and the last answers go out before the connection ends.
            drop(outgoing);
            let _ = timeout(Duration::from_millis(u64::from(RECONNECT_SPREAD_MS)), writer_end).await;
            return End::new(Code::GoingAway, "the server stops");
        }
    }
}

/// Hands a frame to the writer. A peer that does not take its answers for too long is closed
/// with a code that says resume.
async fn pass(outgoing: &Sender<Outgoing>, frame: Outgoing) -> Result<(), End> {
    // As a rule there is a place. To wait for one has a place of its own: idle connections are many.
    let Err(frame) = outgoing.try_send(frame) else { return Ok(()) };
    match Box::pin(timeout(Duration::from_millis(limits::STUCK_AFTER_MS), outgoing.send(frame))).await {
        Err(_) => Err(End::new(Code::TooSlow, "answers were not read")),
        // A writer that has ended says itself why.
        Ok(Ok(()) | Err(_)) => Ok(()),
    }
}
