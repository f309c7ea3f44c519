//! Requests of the wire as the log and the counts see them: kind, code, time. What was
//! said in them is not looked at.

use bytes::Bytes;
use rill_protocol::{Code, FrameDecoder, Kind, message::Failed};
use std::sync::Arc;
use tokio::time::Instant;

use super::{
    Session,
    dispatch::{Answer, Request},
    writer::Outgoing,
};
use crate::logging::ACCESS;

/// A refusal is shorter than this; a longer answer is none.
const FAILED_BYTES_MAX: usize = 512;

/// The word for an answer: a code's name, or `ok`.
fn outcome(answer: &Bytes) -> &'static str {
    if answer.len() > FAILED_BYTES_MAX {
        return "ok";
    }
    let mut frames = FrameDecoder::new(FAILED_BYTES_MAX);
    frames.push(answer);
    match frames.next_frame().ok().flatten().and_then(|frame| frame.decode_if::<Failed>()) {
        Some(Ok(failed)) => Code::from_number(failed.code).map_or("other", Code::name),
        _ => "ok",
    }
}

fn told(session: &Session, kind: &'static str, answer: &Bytes, begun: Instant) {
    let (code, took) = (outcome(answer), begun.elapsed());
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
    let kind = kind.map_or("unknown", Kind::name);
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
