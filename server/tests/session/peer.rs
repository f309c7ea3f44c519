//! A client made of raw frames, so that it can break every rule.

use bytes::{Bytes, BytesMut};
use rill_protocol::{
    AttemptId, ClientId, Epoch, Frame, FrameDecoder, Kind, RoomId, Ticket, U53, codec,
    kind::Body,
    limits,
    message::*,
    mux::{Class, RecvHalf, SendHalf},
    varint,
    version::VERSION,
};
use rill_server::transport::{Closed, memory};
use serde::de::DeserializeOwned;
use std::{collections::VecDeque, future::poll_fn, time::Duration};
use tokio::time::timeout;

use crate::world::SystemEntropyBytes;

/// Long enough for a busy machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing has to come to count as nothing.
pub(crate) const SILENCE: Duration = Duration::from_millis(150);

pub(crate) struct Stream {
    send: SendHalf,
    recv: RecvHalf,
    decoder: FrameDecoder,
    waiting: VecDeque<Frame>,
}

impl Stream {
    pub(crate) async fn write(&mut self, bytes: impl Into<Bytes>) {
        let mut bytes = bytes.into();
        while !bytes.is_empty() {
            if poll_fn(|context| self.send.poll_write(context, &mut bytes)).await.is_err() {
                return;
            }
        }
    }

    pub(crate) async fn send<T: Body>(&mut self, body: &T) {
        self.write(codec::frame(body)).await;
    }

    pub(crate) fn finish(&mut self) {
        self.send.finish();
    }

    /// The next frame, or how the stream ended: `Ok(None)` in peace, `Err` with a code.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, u32> {
        timeout(PATIENCE, self.next_whenever()).await.expect("no frame came")
    }

    /// The same, however long it takes. Cancel safe.
    pub(crate) async fn next_whenever(&mut self) -> Result<Option<Frame>, u32> {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Ok(Some(frame));
            }
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                return Ok(Some(frame));
            }
            match poll_fn(|context| self.recv.poll_read(context)).await {
                Ok(Some(bytes)) => self.decoder.push(&bytes),
                Ok(None) => return Ok(None),
                Err(rill_protocol::mux::HalfError::Peer(code)) => return Err(code),
                Err(_) => return Err(u32::MAX),
            }
        }
    }

    /// The next frame of `T`'s kind; others are kept for later.
    pub(crate) async fn expect<T: Body + DeserializeOwned>(&mut self) -> T {
        let mut others = VecDeque::new();
        let found = loop {
            let frame = self.next().await.unwrap().unwrap_or_else(|| panic!("the stream ended before {:?}", T::KIND));
            match frame.decode_if::<T>() {
                Some(body) => break body.unwrap(),
                None => others.push_back(frame),
            }
        };
        others.append(&mut self.waiting);
        self.waiting = others;
        found
    }

    /// Everything that came and still comes, until nothing does for a while.
    pub(crate) async fn heard(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Ok(Ok(Some(frame))) = timeout(SILENCE, self.next_whenever()).await {
            frames.push(frame);
        }
        frames
    }

    /// Everything up to the post at that place, and what comes behind it.
    pub(crate) async fn heard_up_to(&mut self, last_seq: u64) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await.unwrap().expect("the stream ended before that post");
            let posted = frame.decode_if::<EntryPosted>().map(Result::unwrap);
            frames.push(frame);
            if posted.is_some_and(|posted| posted.header.seq.get() == last_seq) {
                frames.append(&mut self.heard().await);
                return frames;
            }
        }
    }

    /// Whether nothing more comes for a while; what came before does not count.
    pub(crate) async fn is_silent(&mut self) -> bool {
        self.waiting.clear();
        timeout(SILENCE, self.next_whenever()).await.is_err()
    }
}

pub(crate) struct Peer {
    pub(crate) client: memory::Client,
    pub(crate) control: Stream,
    pub(crate) in_view: Option<Stream>,
    pub(crate) others: Option<Stream>,
    requests: u32,
}

fn open(client: &memory::Client, class: Class) -> Stream {
    let (send, recv) = client.mux().open(class).unwrap();
    Stream { send, recv, decoder: FrameDecoder::new(limits::FRAME_BODY_BYTES_MAX), waiting: VecDeque::new() }
}

impl Peer {
    pub(crate) fn new(client: memory::Client) -> Self {
        let control = open(&client, Class::Control);
        Self { client, control, in_view: None, others: None, requests: 0 }
    }

    pub(crate) fn open(&self, class: Class) -> Stream {
        open(&self.client, class)
    }

    pub(crate) fn request(&mut self) -> u32 {
        self.requests += 1;
        self.requests
    }

    pub(crate) async fn hello(&mut self, ticket: Ticket, attempt: AttemptId) -> Result<Welcome, Closed> {
        self.control.send(&Control { version: VERSION }).await;
        self.control.send(&Hello { ticket, attempt, client: "test".into() }).await;
        match self.control.next().await {
            Ok(Some(frame)) => Ok(frame.decode_if::<Welcome>().unwrap().unwrap()),
            _ => Err(self.closed().await),
        }
    }

    /// Attaches with nothing, opens both lanes, and waits for the list of rooms.
    pub(crate) async fn attach(&mut self) -> (Attached, Vec<RoomInfo>) {
        let request = self.request();
        self.control.send(&Attach { request, user_epoch: Epoch::default(), user_seq: U53::default() }).await;
        let attached: Attached = self.control.expect().await;
        let mut rooms = Vec::new();
        loop {
            let frame = self.control.next().await.unwrap().unwrap();
            match frame.known() {
                Some(Kind::RoomAdded) => rooms.push(frame.decode::<RoomAdded>().unwrap().room),
                Some(Kind::UserHead) => break,
                Some(Kind::RoomDetails | Kind::InvitedToRoom | Kind::ProfileAnswer) => {}
                other => panic!("{other:?}"),
            }
        }
        for (class, mux) in [(LaneClass::InView, Class::LaneInView), (LaneClass::Others, Class::LaneOthers)] {
            let mut lane = self.lane(class, mux).await;
            assert_eq!(lane.expect::<LaneReady>().await.class, class);
            match class {
                LaneClass::InView => self.in_view = Some(lane),
                _ => self.others = Some(lane),
            }
        }
        (attached, rooms)
    }

    pub(crate) async fn lane(&self, class: LaneClass, mux: Class) -> Stream {
        let mut lane = self.open(mux);
        lane.send(&Lane { class }).await;
        lane
    }

    /// Resumes one room and returns the answer.
    pub(crate) async fn resume(&mut self, room: RoomId, epoch: Epoch, seq: u64, tail: u32) -> Resumed {
        let request = self.request();
        let cursor = Cursor { room, epoch, seq: U53::saturating(seq), tail };
        self.control.send(&Resume { request, cursors: vec![cursor] }).await;
        let resumed: Resumed = self.control.expect().await;
        assert_eq!(resumed.request, request);
        resumed
    }

    pub(crate) async fn post(&mut self, room: RoomId, text: &str) -> Result<Accepted, Failed> {
        self.post_as(room, ClientId(SystemEntropyBytes::fresh()), text).await
    }

    pub(crate) async fn post_as(&mut self, room: RoomId, client_id: ClientId, text: &str) -> Result<Accepted, Failed> {
        let request = self.request();
        self.ask(&Post { request, room, client_id, text: text.into() }).await
    }

    /// Sends a request and waits for its answer or its refusal.
    pub(crate) async fn ask<Q: Body, A: Body + DeserializeOwned>(&mut self, body: &Q) -> Result<A, Failed> {
        self.control.send(body).await;
        let mut others = VecDeque::new();
        let answer = loop {
            let frame = self.control.next().await.unwrap().unwrap();
            if let Some(answer) = frame.decode_if::<A>() {
                break Ok(answer.unwrap());
            }
            if let Some(failed) = frame.decode_if::<Failed>() {
                break Err(failed.unwrap());
            }
            others.push_back(frame);
        };
        others.append(&mut self.control.waiting);
        self.control.waiting = others;
        answer
    }

    pub(crate) async fn closed(&self) -> Closed {
        timeout(PATIENCE, self.client.closed()).await.expect("the connection stays open")
    }
}

/// A frame of any kind and any bytes.
pub(crate) fn raw_frame(kind: u32, body: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    varint::put(&mut out, (varint::len(u64::from(kind)) + body.len()) as u64);
    varint::put(&mut out, u64::from(kind));
    out.extend_from_slice(body);
    out.freeze()
}

/// The room, seq and text of the next entry on a lane; the text of a notice is its kind.
pub(crate) async fn entry(lane: &mut Stream) -> (u64, String) {
    loop {
        let frame = lane.next().await.unwrap().unwrap();
        let of = |header: EntryHeader, text: &str| (header.seq.get(), text.to_owned());
        return match frame.known() {
            Some(Kind::RoomHandle | Kind::LaneReady) => continue,
            Some(Kind::EntryPosted) => {
                let posted = frame.decode::<EntryPosted>().unwrap();
                of(posted.header, &posted.text)
            }
            Some(Kind::EntryCreated) => of(frame.decode::<EntryCreated>().unwrap().header, "+created"),
            Some(Kind::EntryJoined) => of(frame.decode::<EntryJoined>().unwrap().header, "+joined"),
            Some(Kind::EntryLeft) => of(frame.decode::<EntryLeft>().unwrap().header, "+left"),
            Some(Kind::EntryHidden) => of(frame.decode::<EntryHidden>().unwrap().header, "+hidden"),
            Some(Kind::EntryFile) => {
                let posted = frame.decode::<EntryFile>().unwrap();
                of(posted.header, &format!("+file {}", posted.file.name))
            }
            Some(Kind::EntryFileSettled) => {
                let settled = frame.decode::<EntryFileSettled>().unwrap();
                of(settled.header, &format!("+settled {}: {:?}", settled.target.get(), settled.state.outcome))
            }
            other => panic!("{other:?}"),
        };
    }
}
