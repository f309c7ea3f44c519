//! Frames over the halves of a stream.

use bytes::Bytes;
use rill_protocol::{Frame, FrameDecoder, codec::DecodeError, frame::FrameError, limits::FRAME_BODY_BYTES_MAX};
use std::{
    collections::VecDeque,
    future::{pending, poll_fn},
    task::{Poll, ready},
};
use thiserror::Error;

use super::lane::Violation;
use crate::{
    files::{receiving, sending},
    transport::{RecvHalf, SendHalf, StreamError},
};

/// Why a stream brings no more frames.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Body(#[from] DecodeError),
    #[error(transparent)]
    Entry(#[from] Violation),
    #[error(transparent)]
    Upload(#[from] sending::Violation),
    #[error(transparent)]
    Download(#[from] receiving::Violation),
    #[error("the stream ended")]
    Ended,
}

impl ReadError {
    /// Whether the bytes were wrong, rather than at an end.
    pub(crate) fn is_violation(&self) -> bool {
        !matches!(self, Self::Stream(_) | Self::Ended)
    }
}

/// Cuts what a stream brings into frames.
#[derive(Debug)]
pub(crate) struct FrameReader {
    recv: RecvHalf,
    frames: FrameDecoder,
    /// Whether the decoder may hold a whole frame.
    filled: bool,
}

impl FrameReader {
    pub(crate) fn new(recv: RecvHalf) -> Self {
        Self { recv, frames: FrameDecoder::new(FRAME_BODY_BYTES_MAX), filled: false }
    }

    /// Resolves when [`Self::next`] has something to look at. Cancel safe.
    pub(crate) async fn fill(&mut self) -> Result<(), ReadError> {
        if self.filled {
            return Ok(());
        }
        let bytes = poll_fn(|context| self.recv.poll_read(context)).await?.ok_or(ReadError::Ended)?;
        self.frames.push(&bytes);
        self.filled = true;
        Ok(())
    }

    /// The next frame that has come already.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, ReadError> {
        let frame = self.frames.next_frame()?;
        self.filled = frame.is_some();
        Ok(frame)
    }

    /// The next frame. Cancel safe.
    pub(crate) async fn frame(&mut self) -> Result<Frame, ReadError> {
        loop {
            if let Some(frame) = self.next()? {
                return Ok(frame);
            }
            self.fill().await?;
        }
    }
}

/// Writes frames in order, without making anybody wait.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    send: SendHalf,
    queue: VecDeque<Bytes>,
}

impl FrameWriter {
    pub(crate) fn new(send: SendHalf) -> Self {
        Self { send, queue: VecDeque::new() }
    }

    /// Frames that are not written yet; the protocol bounds how many come (requests
    /// in flight, resumes of every room, pings).
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.queue.push_back(frame);
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Resolves when some of what waits is written; never while nothing waits. Cancel safe.
    pub(crate) async fn some_written(&mut self) -> Result<(), StreamError> {
        poll_fn(|context| {
            let before = self.queue.len();
            while let Some(front) = self.queue.front_mut() {
                if front.is_empty() {
                    self.queue.pop_front();
                } else if self.send.poll_write(context, front)?.is_pending() {
                    break;
                }
            }
            if self.queue.len() < before { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
        .await
    }

    /// Nothing more will be written.
    pub(crate) fn finish(mut self) {
        self.send.finish();
    }

    /// Writes as long as there is something to write; resolves only when that fails.
    /// Cancel safe.
    pub(crate) async fn drain(&mut self) -> StreamError {
        let written = poll_fn(|context| {
            while let Some(front) = self.queue.front_mut() {
                if front.is_empty() {
                    self.queue.pop_front();
                    continue;
                }
                ready!(self.send.poll_write(context, front))?;
            }
            Poll::Ready(Ok(()))
        });
        match written.await {
            Ok(()) => pending().await,
            Err(error) => error,
        }
    }
}
