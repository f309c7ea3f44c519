//! A stream of a device's connection, frame by frame.

use bytes::Bytes;
use rill_protocol::{
    Frame, FrameDecoder, codec,
    kind::Body,
    limits,
    mux::{Class, HalfError, RecvHalf, SendHalf},
};
use rill_server::transport::memory;
use std::future::{pending, poll_fn};

pub(super) struct Stream {
    send: SendHalf,
    recv: RecvHalf,
    decoder: FrameDecoder,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// With a code of the server.
    Coded(u32),
    Gone,
    /// The server's own bytes make no sense.
    Broken,
}

impl Stream {
    pub(super) fn open(client: &memory::Client, class: Class) -> Option<Self> {
        let (send, recv) = client.mux().open(class).ok()?;
        Some(Self { send, recv, decoder: FrameDecoder::new(limits::FRAME_BODY_BYTES_MAX) })
    }

    pub(super) async fn send<T: Body>(&mut self, body: &T) {
        self.bytes(codec::frame(body)).await;
    }

    /// No more will be sent.
    pub(super) fn finish(&mut self) {
        self.send.finish();
    }

    pub(super) async fn bytes(&mut self, mut bytes: Bytes) {
        while !bytes.is_empty() {
            if poll_fn(|context| self.send.poll_write(context, &mut bytes)).await.is_err() {
                // Reading tells why.
                return;
            }
        }
    }

    /// The next frame. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Frame, Over> {
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(_) => return Err(Over::Broken),
            }
            match poll_fn(|context| self.recv.poll_read(context)).await {
                Ok(Some(bytes)) => self.decoder.push(&bytes),
                Ok(None) => return Err(Over::Gone),
                Err(HalfError::Peer(code)) => return Err(Over::Coded(code)),
                Err(_) => return Err(Over::Gone),
            }
        }
    }
}

/// The next frame of a stream, once there is one.
pub(super) async fn next_of(stream: &mut Option<Stream>) -> Result<Frame, Over> {
    match stream {
        Some(stream) => stream.next().await,
        None => pending().await,
    }
}
