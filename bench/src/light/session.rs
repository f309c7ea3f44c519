//! One light client, from Hello to its end.

use bytes::BytesMut;
use rill_protocol::{
    AttemptId, Epoch, Frame, Kind, RoomId, Ticket, U53, UserId, codec,
    kind::Body,
    limits::RESUME_CURSORS_MAX,
    message::{
        Attach, Attached, Control, Cursor, EntryPosted, Failed, Hello, Lane, LaneClass, Ping, Presence, PresenceSlot,
        ReadState, ReadStates, Resume, Resumed, ResumedRoom, RoomAdded, RoomHandle, UserHead, WatchPresence, Welcome,
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
    time::{Interval, MissedTickBehavior, interval_at, timeout},
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
    pings: Interval,
    nonce: u32,
    request: u32,
    /// Rooms of the user.
    pub(crate) rooms: usize,
    /// The right to the next connection.
    pub(crate) next_ticket: Ticket,
    /// How far it has read in each room that was named on a lane.
    read: [HashMap<u32, (RoomId, u64)>; 2],
}

/// What somebody still has of an earlier connection; by default nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) user_epoch: Epoch,
    pub(crate) user_seq: U53,
    /// Of each room.
    pub(crate) cursors: Vec<Cursor>,
    /// Entries that are wanted of a room of which nothing was kept.
    pub(crate) tail: u32,
}

/// What a session was told until it was ready.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) user_epoch: Epoch,
    pub(crate) user_seq: U53,
    pub(crate) resumed: Vec<ResumedRoom>,
    pub(crate) read: Vec<ReadState>,
}

/// What came, of that which somebody here looks at.
#[derive(Debug)]
pub(crate) enum News {
    Said(Said),
    Presence(Vec<PresenceSlot>),
    Other,
}

/// A message on a lane.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) room: RoomId,
    pub(crate) text: String,
    /// Whether it stood behind everything that came of its room before.
    pub(crate) in_order: bool,
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
        Self::open_with(dialer, ticket, &Kept::default()).await.map(|(session, _)| session)
    }

    /// As somebody who goes on from what they have.
    pub(crate) async fn open_with(dialer: &Dialer, ticket: Ticket, kept: &Kept) -> Result<(Self, Told), Answer> {
        timeout(READY_PATIENCE, Self::opened(dialer, ticket, kept)).await.unwrap_or(Err(Answer::Silent))
    }

    async fn opened(dialer: &Dialer, ticket: Ticket, kept: &Kept) -> Result<(Self, Told), Answer> {
        let wire = dialer.dial().await?;
        match Self::attached(&wire, ticket, kept).await {
            Ok(Ready { control, lanes, welcome, requests, rooms, told }) => {
                let every = Duration::from_millis(welcome.limits.ping_interval_ms.max(1).into());
                let mut pings = interval_at((Instant::now() + every).into(), every);
                pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let next_ticket = welcome.ticket;
                let (nonce, read) = (0, Default::default());
                let request = requests;
                Ok((Self { wire, control, lanes, pings, nonce, request, rooms, next_ticket, read }, told))
            }
            // The end of the connection says more than that of a stream.
            Err(Answer::Cut) => Err(wire.ended().await),
            Err(answer) => Err(answer),
        }
    }

    async fn attached(wire: &Wire, ticket: Ticket, kept: &Kept) -> Result<Ready, Answer> {
        let mut control = wire.open(Class::Control).await?;
        let mut attempt = AttemptId::default();
        getrandom::fill(&mut attempt.0).map_err(|error| Answer::Wrong(error.to_string()))?;
        let mut hello = BytesMut::new();
        codec::put_frame(&mut hello, &Control { version: VERSION });
        codec::put_frame(&mut hello, &Hello { ticket, attempt, client: "rill-bench".to_owned() });
        control.write(hello.freeze()).await?;
        let welcome: Welcome = control.expect().await?;
        control.send(&Attach { request: 0, user_epoch: kept.user_epoch, user_seq: kept.user_seq }).await?;
        let mut told = Told::default();
        let mut cursors = kept.cursors.clone();
        loop {
            let frame = control.next().await?;
            match frame.known() {
                Some(Kind::Attached) => told.user_epoch = decoded::<Attached>(&frame)?.user_epoch,
                Some(Kind::RoomAdded) => {
                    let room = decoded::<RoomAdded>(&frame)?.room.id;
                    cursors.push(Cursor { room, epoch: Epoch::default(), seq: U53::default(), tail: kept.tail });
                }
                Some(Kind::UserHead) => {
                    told.user_seq = decoded::<UserHead>(&frame)?.seq;
                    break;
                }
                Some(Kind::Failed) => return Err(Answer::Failed(decoded::<Failed>(&frame)?.code)),
                _ => {}
            }
        }
        let lanes = [
            lane(wire, LaneClass::InView, Class::LaneInView).await?,
            lane(wire, LaneClass::Others, Class::LaneOthers).await?,
        ];
        let mut requests = 0;
        for chunk in cursors.chunks(RESUME_CURSORS_MAX) {
            requests += 1;
            control.send(&Resume { request: requests, cursors: chunk.to_vec() }).await?;
        }
        for _ in 0..requests {
            resumed(&mut control, &mut told).await?;
        }
        Ok(Ready { control, lanes, welcome, requests, rooms: cursors.len(), told })
    }

    /// Begins anew in a room of which nothing is known: how the user stands there.
    pub(crate) async fn resume(&mut self, room: RoomId) -> Result<Told, Answer> {
        self.request += 1;
        let cursor = Cursor { room, epoch: Epoch::default(), seq: U53::default(), tail: 0 };
        self.control.send(&Resume { request: self.request, cursors: vec![cursor] }).await?;
        let mut told = Told::default();
        resumed(&mut self.control, &mut told).await?;
        Ok(told)
    }

    /// Wants to be told whether these are there.
    pub(crate) async fn watch(&mut self, users: Vec<UserId>) -> Result<(), Answer> {
        self.request += 1;
        self.control.send(&WatchPresence { request: self.request, users }).await
    }

    /// What comes next, or how the connection ended. Pings meanwhile, when it is due.
    pub(crate) async fn next(&mut self) -> Result<News, Answer> {
        let Self { control, lanes: [in_view, others], pings, nonce, .. } = self;
        let came = tokio::select! {
            frame = control.next() => frame.map(|frame| Some((None, frame))),
            frame = in_view.next() => frame.map(|frame| Some((Some(0), frame))),
            frame = others.next() => frame.map(|frame| Some((Some(1), frame))),
            _ = pings.tick() => {
                *nonce += 1;
                control.send(&Ping { nonce: *nonce }).await.map(|()| None)
            }
        };
        match came {
            Ok(None) => Ok(News::Other),
            Ok(Some((Some(lane), frame))) => self.lane(lane, &frame),
            Ok(Some((None, frame))) => match frame.known() {
                Some(Kind::Presence) => Ok(News::Presence(decoded::<Presence>(&frame)?.slots)),
                Some(Kind::Failed) => Err(Answer::Failed(decoded::<Failed>(&frame)?.code)),
                _ => Ok(News::Other),
            },
            Err(Answer::Cut | Answer::Reset(_)) => Err(self.wire.ended().await),
            Err(answer) => Err(answer),
        }
    }

    /// Reads until the connection ends: how.
    pub(crate) async fn stay(mut self, number: usize, heard: mpsc::Sender<Heard>) -> Answer {
        loop {
            match self.next().await {
                Ok(News::Said(Said { room, text, in_order })) => {
                    let message = Heard { by: number, room, text, at: Instant::now(), in_order };
                    if heard.send(message).await.is_err() {
                        return Answer::Served;
                    }
                }
                Ok(_) => {}
                Err(answer) => return answer,
            }
        }
    }

    fn lane(&mut self, lane: usize, frame: &Frame) -> Result<News, Answer> {
        match frame.known() {
            Some(Kind::RoomHandle) => {
                let RoomHandle { handle, room, .. } = decoded(frame)?;
                self.read[lane].insert(handle, (room, 0));
                Ok(News::Other)
            }
            Some(Kind::EntryPosted) => {
                let EntryPosted { header, text } = decoded(frame)?;
                let read = self.read[lane].get_mut(&header.room);
                let (room, last) = read.ok_or_else(|| Answer::Wrong("an entry of no room".to_owned()))?;
                let in_order = header.seq.get() > *last;
                *last = header.seq.get().max(*last);
                Ok(News::Said(Said { room: *room, text, in_order }))
            }
            _ => Ok(News::Other),
        }
    }
}

/// What a connection has when it is ready.
struct Ready {
    control: Stream,
    lanes: [Stream; 2],
    welcome: Welcome,
    /// So many were made.
    requests: u32,
    rooms: usize,
    told: Told,
}

/// The answer to one `Resume`.
async fn resumed(control: &mut Stream, told: &mut Told) -> Result<(), Answer> {
    loop {
        let frame = control.next().await?;
        match frame.known() {
            Some(Kind::ReadStates) => told.read.extend(decoded::<ReadStates>(&frame)?.states),
            Some(Kind::Resumed) => {
                told.resumed.extend(decoded::<Resumed>(&frame)?.rooms);
                return Ok(());
            }
            Some(Kind::Failed) => return Err(Answer::Failed(decoded::<Failed>(&frame)?.code)),
            _ => {}
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
