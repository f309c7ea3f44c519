//! The control stream's writing side: answers from a bounded queue, and behind them
//! what is state rather than a message (the user's own log, presence), read when it is
//! written. What somebody looks like the store is asked for beside that.

use bytes::Bytes;
use rill_protocol::{Code, Epoch, codec, limits, message::GoAway};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;

use super::{End, Session, marks, people, pictures::Told, user_feed::UserFeed};
use crate::{limits::CONTROL_BATCH_BYTES_MAX, runtime::queue::Receiver, transport::SendStream};

/// What the control loop hands over.
pub(super) enum Outgoing {
    Frame(Bytes),
    /// Starts the user's own log from a cursor; `Attached` is its first frame.
    StartUserFeed {
        request: u32,
        epoch: Epoch,
        seq: u64,
    },
}

impl Outgoing {
    pub(super) fn go_away(reconnect_after_ms: u32) -> Self {
        Self::Frame(codec::frame(&GoAway { reconnect_after_ms }))
    }
}

/// Writes until the queue closes (then all of it is written) or the stream fails, and tells why.
pub(super) async fn run<S: SendStream>(
    session: Arc<Session>,
    send: S,
    queue: Receiver<Outgoing>,
    told: oneshot::Sender<End>,
) {
    // Nobody hears it where the session has ended.
    let _ = told.send(write(session, send, queue).await);
}

/// What it waits for seldom has a place of its own: idle connections are many.
async fn write<S: SendStream>(session: Arc<Session>, mut send: S, queue: Receiver<Outgoing>) -> End {
    let mut feed: Option<UserFeed> = None;
    let (mut told, mut marks) = (Told::default(), marks::Told::default());
    loop {
        let mut frames = Vec::new();
        let mut next;
        tokio::select! {
            biased;
            () = session.inbox.control_woken(), if feed.is_some() => {
                if let Some(feed) = &mut feed {
                    match Box::pin(feed.heard(&session, session.inbox.take_user_log_news())).await {
                        Ok(mut grown) => frames.append(&mut grown),
                        Err(end) => return end,
                    }
                }
                frames.extend(people::presence_frames(&session));
                frames.extend(people::online_frame(&session));
                told.doubt(&session);
                marks.doubt(&session);
                // Neither holds up the other.
                next = queue.try_recv();
            }
            mut pictures = told.frames(&session), if told.is_behind() => {
                frames.append(&mut pictures);
                next = queue.try_recv();
            }
            mut moved = marks.frames(&session), if marks.is_behind() => {
                frames.append(&mut moved);
                next = queue.try_recv();
            }
            first = queue.recv() => match first {
                Some(first) => next = Some(first),
                None => {
                    send.finish();
                    return End::new(Code::Normal, "control finished");
                }
            }
        }
        while let Some(outgoing) = next.take() {
            match outgoing {
                Outgoing::Frame(frame) => frames.push(frame),
                Outgoing::StartUserFeed { request, epoch, seq } => {
                    match Box::pin(UserFeed::start(&session, &mut told, request, epoch, seq)).await {
                        Ok((started, mut first)) => {
                            frames.append(&mut first);
                            feed = Some(started);
                        }
                        Err(end) => return end,
                    }
                }
            }
            if frames.iter().map(Bytes::len).sum::<usize>() < CONTROL_BATCH_BYTES_MAX {
                next = queue.try_recv();
            }
        }
        if frames.is_empty() {
            continue;
        }
        let stuck_after = Duration::from_millis(limits::STUCK_AFTER_MS);
        match tokio::time::timeout(stuck_after, Box::pin(send.write(frames))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return End::new(Code::Normal, error.to_string()),
            Err(_) => return End::new(Code::TooSlow, "the control stream was not read"),
        }
    }
}
