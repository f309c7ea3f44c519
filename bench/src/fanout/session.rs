//! A session of Rill from docs/protocol.md alone: control, both lanes, the room in view.

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use rill_client::{
    Endpoints, TransportKind, Trust,
    transport::{self, Class, Connection, RecvHalf, SendHalf},
};
use rill_protocol::{
    AttemptId, Epoch, Frame, FrameDecoder, Kind, RoomId, Ticket, U53, codec,
    kind::Body,
    limits::{FRAME_BODY_BYTES_MAX, PING_INTERVAL_MS},
    message::{
        Accepted, Attach, Control, Cursor, Failed, Hello, Lane, LaneClass, Outcome, Ping, Replay, Resume, Resumed,
        UserHead, View, Welcome,
    },
    version::VERSION,
};
use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Interval, interval_at};

use super::seat::{FIRST_POST, Heard, Seat};

const ATTACH: u32 = 1;
const RESUME: u32 = 2;
const PING_EVERY: Duration = Duration::from_millis(PING_INTERVAL_MS);

pub(crate) struct Session {
    control: Wire,
    unsent: VecDeque<Bytes>,
    entries: RecvHalf,
    /// Nothing comes on it: there is one room, and it is in view.
    _others: RecvHalf,
    ping: Interval,
    connection: Connection,
}

/// The control stream.
struct Wire {
    send: SendHalf,
    recv: RecvHalf,
    frames: FrameDecoder,
}

/// Whom a session is of, and how it gets there.
#[derive(Clone)]
pub(crate) struct Entrance {
    pub(crate) kind: TransportKind,
    pub(crate) endpoints: Endpoints,
    pub(crate) trust: Trust,
    pub(crate) room: RoomId,
}

impl Session {
    /// Follows the room from its head on, which is returned too.
    pub(crate) async fn join(entrance: Entrance, ticket: Ticket) -> anyhow::Result<(Self, u64)> {
        let Entrance { kind, endpoints, trust, room } = entrance;
        let connection = transport::connect(kind, &endpoints, &trust).await?;
        let (send, recv) = connection.open(Class::Control).await?;
        let mut control = Wire { send, recv, frames: FrameDecoder::new(FRAME_BODY_BYTES_MAX) };
        let mut attempt = [0; 16];
        getrandom::fill(&mut attempt)?;
        let client = concat!("rill-bench ", env!("CARGO_PKG_VERSION")).to_owned();
        control.send.write(codec::frame(&Control { version: VERSION })).await?;
        control.send.write(codec::frame(&Hello { ticket, attempt: AttemptId(attempt), client })).await?;
        control.next_of::<Welcome>().await.context("no welcome")?;
        let attach = Attach { request: ATTACH, user_epoch: Epoch::default(), user_seq: U53::default() };
        control.send.write(codec::frame(&attach)).await?;
        control.next_of::<UserHead>().await.context("not attached")?;
        let entries = open_lane(&connection, Class::LaneInView, LaneClass::InView).await?;
        let others = open_lane(&connection, Class::LaneOthers, LaneClass::Others).await?;
        let cursor = Cursor { room, epoch: Epoch::default(), seq: U53::default(), tail: 0 };
        control.send.write(codec::frame(&Resume { request: RESUME, cursors: vec![cursor] })).await?;
        let resumed: Resumed = control.next_of().await.context("not resumed")?;
        let found = resumed.rooms.into_iter().find(|found| found.room == room && found.outcome != Outcome::Gone);
        let base = found.context("no member of the room")?.base;
        control.send.write(codec::frame(&View { room: Some(room), have_seq: base })).await?;
        let ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        let session = Self { control, unsent: VecDeque::new(), entries, _others: others, ping, connection };
        Ok((session, base.get()))
    }

    /// Why a stream ended, where the connection says it.
    fn ended(&self, what: &str) -> anyhow::Error {
        anyhow::anyhow!("{what} of a {} session ended", self.connection.kind())
    }
}

async fn open_lane(connection: &Connection, class: Class, carries: LaneClass) -> anyhow::Result<RecvHalf> {
    let (mut send, recv) = connection.open(class).await?;
    send.write(codec::frame(&Lane { class: carries })).await?;
    send.finish();
    Ok(recv)
}

impl Wire {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<anyhow::Result<Option<Frame>>> {
        loop {
            if let Some(frame) = self.frames.next_frame()? {
                return Poll::Ready(Ok(Some(frame)));
            }
            match self.recv.poll_read(context)? {
                Poll::Ready(Some(bytes)) => self.frames.push(&bytes),
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// The next frame of a kind, past others.
    async fn next_of<T: Body + serde::de::DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        loop {
            let frame = poll_fn(|context| self.poll_frame(context)).await?.context("the control stream ended")?;
            if let Some(found) = frame.decode_if() {
                return Ok(found?);
            }
            if let Some(failed) = frame.decode_if::<Failed>() {
                let Failed { request, code, detail } = failed?;
                bail!("request {request} was refused with {code}: {detail}");
            }
        }
    }
}

impl Seat for Session {
    const ANSWERS: bool = true;

    fn post(&mut self, frame: Bytes) {
        self.unsent.push_back(frame);
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<anyhow::Result<Heard>> {
        loop {
            while let Some(front) = self.unsent.front_mut() {
                if front.is_empty() {
                    self.unsent.pop_front();
                } else if self.control.send.poll_write(context, front)?.is_pending() {
                    break;
                }
            }
            if let Poll::Ready(bytes) = self.entries.poll_read(context)? {
                return Poll::Ready(bytes.map(Heard::Entries).ok_or_else(|| self.ended("the lane")));
            }
            while let Poll::Ready(frame) = self.control.poll_frame(context)? {
                let frame = frame.ok_or_else(|| self.ended("control"))?;
                if let Some(heard) = answer(&frame)? {
                    return Poll::Ready(Ok(heard));
                }
            }
            if self.ping.poll_tick(context).is_pending() {
                return Poll::Pending;
            }
            self.unsent.push_back(codec::frame(&Ping { nonce: 0 }));
        }
    }
}

/// What a frame says of a post, if it says something.
fn answer(frame: &Frame) -> anyhow::Result<Option<Heard>> {
    Ok(match frame.known() {
        Some(Kind::Accepted) => {
            let Accepted { request, seq, replay, .. } = frame.decode()?;
            ensure!(replay == Replay::First, "post {request} was made before");
            Some(Heard::Accepted { request, seq: seq.get() })
        }
        Some(Kind::Failed) => {
            let Failed { request, code, detail } = frame.decode()?;
            ensure!(request >= FIRST_POST, "request {request} was refused with {code}: {detail}");
            Some(Heard::Refused { request, code })
        }
        _ => None,
    })
}
