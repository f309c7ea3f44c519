//! One light client, from Hello to its end.

use bytes::BytesMut;
use rill_protocol::{
    AttemptId, Epoch, Frame, Kind, RoomId, Ticket, U53, codec,
    kind::Body,
    limits::RESUME_CURSORS_MAX,
    message::{
        Attach, Control, Cursor, EntryPosted, Failed, Hello, Lane, LaneClass, Ping, Resume, Resumed, RoomAdded,
        RoomHandle, Welcome,
    },
    mux::Class,
    version::VERSION,
};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval_at, timeout},
};

use super::Dialer;
use crate::hostile::{
    answer::Answer,
    wire::{Stream, Wire},
};

/// From the first packet until it is ready.
const READY_PATIENCE: Duration = Duration::from_secs(30);

/// A connection that is ready: attached, with both lanes and a cursor in every room of its
/// user.
pub(crate) struct Session {
    wire: Wire,
    control: Stream,
    lanes: [Stream; 2],
    ping_every: Duration,
    /// Rooms of the user.
    pub(crate) rooms: usize,
    /// The right to the next connection.
    pub(crate) next_ticket: Ticket,
    /// How far it has read in each room that was named on a lane.
    read: [HashMap<u32, (RoomId, u64)>; 2],
}

/// A message that a session was given.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) by: usize,
    pub(crate) room: RoomId,
    pub(crate) text: String,
    pub(crate) at: Instant,
    /// Whether it stood behind everything that came of its room before.
    pub(crate) in_order: bool,
}

impl Session {
    pub(crate) async fn open(dialer: &Dialer, ticket: Ticket) -> Result<Self, Answer> {
        timeout(READY_PATIENCE, Self::opened(dialer, ticket)).await.unwrap_or(Err(Answer::Silent))
    }

    async fn opened(dialer: &Dialer, ticket: Ticket) -> Result<Self, Answer> {
        let wire = dialer.dial().await?;
        match Self::attached(&wire, ticket).await {
            Ok((control, lanes, welcome, rooms)) => Ok(Self {
                wire,
                control,
                lanes,
                ping_every: Duration::from_millis(welcome.limits.ping_interval_ms.max(1).into()),
                rooms,
                next_ticket: welcome.ticket,
                read: Default::default(),
            }),
            // The end of the connection says more than that of a stream.
            Err(Answer::Cut) => Err(wire.ended().await),
            Err(answer) => Err(answer),
        }
    }

    async fn attached(wire: &Wire, ticket: Ticket) -> Result<(Stream, [Stream; 2], Welcome, usize), Answer> {
        let mut control = wire.open(Class::Control).await?;
        let mut attempt = AttemptId::default();
        getrandom::fill(&mut attempt.0).map_err(|error| Answer::Wrong(error.to_string()))?;
        let mut hello = BytesMut::new();
        codec::put_frame(&mut hello, &Control { version: VERSION });
        codec::put_frame(&mut hello, &Hello { ticket, attempt, client: "rill-bench".to_owned() });
        control.write(hello.freeze()).await?;
        let welcome: Welcome = control.expect().await?;
        control.send(&Attach { request: 0, user_epoch: Epoch::default(), user_seq: U53::default() }).await?;
        let mut rooms = Vec::new();
        loop {
            let frame = control.next().await?;
            match frame.known() {
                Some(Kind::RoomAdded) => rooms.push(decoded::<RoomAdded>(&frame)?.room.id),
                Some(Kind::UserHead) => break,
                Some(Kind::Failed) => return Err(Answer::Failed(decoded::<Failed>(&frame)?.code)),
                _ => {}
            }
        }
        let lanes = [
            lane(wire, LaneClass::InView, Class::LaneInView).await?,
            lane(wire, LaneClass::Others, Class::LaneOthers).await?,
        ];
        let mut resumes = 0;
        for (request, chunk) in (1..).zip(rooms.chunks(RESUME_CURSORS_MAX)) {
            let cursor = |room: &RoomId| Cursor { room: *room, epoch: Epoch::default(), seq: U53::default(), tail: 0 };
            control.send(&Resume { request, cursors: chunk.iter().map(cursor).collect() }).await?;
            resumes += 1;
        }
        for _ in 0..resumes {
            control.expect::<Resumed>().await?;
        }
        Ok((control, lanes, welcome, rooms.len()))
    }

    /// Reads, and pings when it is due, until the connection ends: how.
    pub(crate) async fn stay(mut self, number: usize, heard: mpsc::Sender<Heard>) -> Answer {
        let mut pings = interval_at((Instant::now() + self.ping_every).into(), self.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut nonce = 0;
        loop {
            let Self { control, lanes: [in_view, others], .. } = &mut self;
            let came = tokio::select! {
                frame = control.next() => frame.map(|_| None),
                frame = in_view.next() => frame.map(|frame| Some((0, frame))),
                frame = others.next() => frame.map(|frame| Some((1, frame))),
                _ = pings.tick() => {
                    nonce += 1;
                    control.send(&Ping { nonce }).await.map(|()| None)
                }
            };
            let message = came.and_then(|came| match came {
                Some((lane, frame)) => self.lane(lane, &frame),
                None => Ok(None),
            });
            match message {
                Ok(None) => {}
                Ok(Some((room, text, in_order))) => {
                    let message = Heard { by: number, room, text, at: Instant::now(), in_order };
                    if heard.send(message).await.is_err() {
                        return Answer::Served;
                    }
                }
                Err(Answer::Cut | Answer::Reset(_)) => return self.wire.ended().await,
                Err(answer) => return answer,
            }
        }
    }

    fn lane(&mut self, lane: usize, frame: &Frame) -> Result<Option<(RoomId, String, bool)>, Answer> {
        match frame.known() {
            Some(Kind::RoomHandle) => {
                let RoomHandle { handle, room, .. } = decoded(frame)?;
                self.read[lane].insert(handle, (room, 0));
                Ok(None)
            }
            Some(Kind::EntryPosted) => {
                let EntryPosted { header, text } = decoded(frame)?;
                let read = self.read[lane].get_mut(&header.room);
                let (room, last) = read.ok_or_else(|| Answer::Wrong("an entry of no room".to_owned()))?;
                let in_order = header.seq.get() > *last;
                *last = header.seq.get().max(*last);
                Ok(Some((*room, text, in_order)))
            }
            _ => Ok(None),
        }
    }
}

async fn lane(wire: &Wire, class: LaneClass, priority: Class) -> Result<Stream, Answer> {
    let mut stream = wire.open(priority).await?;
    stream.send(&Lane { class }).await?;
    stream.finish();
    Ok(stream)
}

fn decoded<T: Body>(frame: &Frame) -> Result<T, Answer> {
    frame.decode().map_err(|error| Answer::Wrong(format!("the server's own body: {error}")))
}
