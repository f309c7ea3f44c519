//! A stream that the attacker has opened.

use bytes::Bytes;
use quinn::{ReadError, VarInt, WriteError};
use rill_protocol::{
    Frame, FrameDecoder, codec,
    kind::Body,
    limits::FRAME_BODY_BYTES_MAX,
    mux::{HalfError, RecvHalf, SendHalf},
};
use std::future::poll_fn;
use web_transport_proto::error_to_http3;

use super::failed;
use crate::hostile::answer::Answer;

/// The most of one read.
const READ_BYTES_MAX: usize = 64 * 1024;

/// Both halves, and the frames that come.
pub(crate) struct Stream {
    halves: Halves,
    decoder: FrameDecoder,
}

enum Halves {
    Quic { send: quinn::SendStream, recv: quinn::RecvStream, webtransport: bool },
    Mux { send: SendHalf, recv: RecvHalf },
}

impl Stream {
    /// On a connection over QUIC; a stream of a WebTransport session begins with its name.
    pub(crate) async fn quic(quic: &quinn::Connection, session: Option<u64>) -> Result<Self, Answer> {
        let opened = quic.open_bi().await;
        let (mut send, recv) = opened.map_err(|error| Answer::of_quic(&error, session.is_some()))?;
        if let Some(id) = session {
            // The draft's signal value, then the session (draft-ietf-webtrans-http3, section 4.2).
            let mut header = vec![0x40, 0x41];
            web_transport_proto::VarInt::from_u64(id).unwrap_or(web_transport_proto::VarInt::MAX).encode(&mut header);
            let _ = send.write_all(&header).await;
        }
        Ok(Self::new(Halves::Quic { send, recv, webtransport: session.is_some() }))
    }

    /// On a mux.
    pub(crate) fn mux(send: SendHalf, recv: RecvHalf) -> Self {
        Self::new(Halves::Mux { send, recv })
    }

    fn new(halves: Halves) -> Self {
        Self { halves, decoder: FrameDecoder::new(FRAME_BODY_BYTES_MAX) }
    }

    pub(crate) async fn write(&mut self, bytes: impl Into<Bytes>) -> Result<(), Answer> {
        let mut bytes = bytes.into();
        match &mut self.halves {
            Halves::Quic { send, webtransport, .. } => send.write_chunk(bytes).await.map_err(|error| match error {
                WriteError::Stopped(code) => Answer::of_stream(code, *webtransport),
                _ => Answer::Cut,
            }),
            Halves::Mux { send, .. } => {
                while !bytes.is_empty() {
                    poll_fn(|context| send.poll_write(context, &mut bytes)).await.map_err(of_half)?;
                }
                Ok(())
            }
        }
    }

    pub(crate) async fn send<T: Body>(&mut self, body: &T) -> Result<(), Answer> {
        self.write(codec::frame(body)).await
    }

    pub(crate) fn finish(&mut self) {
        match &mut self.halves {
            Halves::Quic { send, .. } => drop(send.finish()),
            Halves::Mux { send, .. } => send.finish(),
        }
    }

    pub(crate) fn reset(&mut self, code: u32) {
        match &mut self.halves {
            Halves::Quic { send, webtransport: false, .. } => drop(send.reset(VarInt::from_u32(code))),
            Halves::Quic { send, webtransport: true, .. } => {
                drop(send.reset(VarInt::from_u64(error_to_http3(code)).unwrap_or_default()));
            }
            Halves::Mux { send, .. } => send.reset(code),
        }
    }

    /// The next frame, or how the stream ended: `Cut` in peace or with its connection.
    pub(crate) async fn next(&mut self) -> Result<Frame, Answer> {
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => return Err(Answer::Wrong(format!("the server's own frame: {error}"))),
            }
            let bytes = self.read().await?;
            self.decoder.push(&bytes);
        }
    }

    /// The next bytes as they come.
    pub(crate) async fn read(&mut self) -> Result<Bytes, Answer> {
        match &mut self.halves {
            Halves::Quic { recv, webtransport, .. } => match recv.read_chunk(READ_BYTES_MAX, true).await {
                Ok(Some(chunk)) => Ok(chunk.bytes),
                Err(ReadError::Reset(code)) => Err(Answer::of_stream(code, *webtransport)),
                Ok(None) | Err(_) => Err(Answer::Cut),
            },
            Halves::Mux { recv, .. } => match poll_fn(|context| recv.poll_read(context)).await {
                Ok(Some(bytes)) => Ok(bytes),
                Ok(None) => Err(Answer::Cut),
                Err(error) => Err(of_half(error)),
            },
        }
    }

    /// The next frame of a kind; a refusal before it is an error.
    pub(crate) async fn expect<T: Body>(&mut self) -> Result<T, Answer> {
        loop {
            let frame = self.next().await?;
            if let Some(body) = frame.decode_if::<T>() {
                return body.map_err(|error| Answer::Wrong(format!("the server's own body: {error}")));
            }
            if let Some(refused) = failed(&frame) {
                return Err(refused);
            }
        }
    }

    /// The next refusal; other frames are passed over.
    pub(crate) async fn refusal(&mut self) -> Answer {
        loop {
            match self.next().await {
                Ok(frame) => {
                    if let Some(refused) = failed(&frame) {
                        return refused;
                    }
                }
                Err(answer) => return answer,
            }
        }
    }
}

fn of_half(error: HalfError) -> Answer {
    match error {
        HalfError::Peer(code) => Answer::Reset(code),
        _ => Answer::Cut,
    }
}
