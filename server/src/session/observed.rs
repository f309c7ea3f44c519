//! Requests of the wire as the log and the counts see them: kind, code, time. What was
//! said in them is not looked at.

use bytes::Bytes;
use rill_protocol::{Code, FrameDecoder, Kind, message::Failed};
use std::sync::Arc;
use tokio::time::Instant;

use super::{
    Session,
    dispatch::{Answer, Request, is_request},
    writer::Outgoing,
};
use crate::logging::ACCESS;

/// A refusal is shorter than this; a longer answer is none.
const FAILED_BYTES_MAX: usize = 512;

/// Whether an answer is a refusal, and which.
fn outcome(answer: &Bytes) -> Result<(), Option<Code>> {
    if answer.len() > FAILED_BYTES_MAX {
        return Ok(());
    }
    let mut frames = FrameDecoder::new(FAILED_BYTES_MAX);
    frames.push(answer);
    match frames.next_frame().ok().flatten().and_then(|frame| frame.decode_if::<Failed>()) {
        Some(Ok(failed)) => Err(Code::from_number(failed.code)),
        _ => Ok(()),
    }
}

/// Counts an answer if it is a refusal, and tells of a request, whatever became of it.
pub(super) fn told(session: &Session, kind: Option<Kind>, answer: &Bytes, begun: Instant) {
    let (outcome, took) = (outcome(answer), begun.elapsed());
    if let Err(Some(code)) = outcome {
        session.refused(code);
    }
    if !is_request(kind) {
        return;
    }
    let kind = kind.map_or("unknown", Kind::name);
    let code = outcome.map_or_else(|code| code.map_or("other", Code::name), |()| "ok");
    session.services.metrics.answered(session.door, kind, code, took.as_secs_f64());
    tracing::info!(
        target: ACCESS,
        user = %session.identity.user,
        kind,
        code,
        ms = took.as_millis() as u64,
        address = %session.address,
        transport = session.door,
    );
}

/// Passes an answer on and tells of it, now or when it is there.
pub(super) fn observed(session: &Arc<Session>, kind: Option<Kind>, begun: Instant, answer: Answer) -> Answer {
    match answer {
        Answer::Later(request) => {
            let session = session.clone();
            let told: Request = Box::pin(async move {
                let answer = request.await;
                told(&session, kind, &answer, begun);
                answer
            });
            Answer::Later(told)
        }
        Answer::Now(Outgoing::Frame(frame)) => {
            told(session, kind, &frame, begun);
            Answer::Now(Outgoing::Frame(frame))
        }
        other => other,
    }
}
