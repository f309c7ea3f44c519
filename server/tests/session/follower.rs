//! A client as the protocol asks for one, reduced to its rooms: it applies entries in
//! the order of their seqs, whatever lanes and connections do to them.

use rill_protocol::{Epoch, Frame, Kind, RoomId, U53, codec, limits::REORDER_ENTRIES_MAX, message::*, mux::Class};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    gated::Gate,
    peer::{Peer, Stream},
    world::{Person, World},
};

/// What an entry showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Text(String),
    Notice(Kind),
    Hidden,
}

/// The live tail of one room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    pub(crate) base: u64,
    /// Everything above the base, in order.
    pub(crate) seen: Vec<Seen>,
    epoch: Epoch,
    held: BTreeMap<u64, Seen>,
    resuming: Option<u32>,
    dropped: bool,
}

impl Tail {
    pub(crate) fn have(&self) -> u64 {
        self.base + self.seen.len() as u64
    }

    /// Whether it must be resumed.
    fn offer(&mut self, epoch: Epoch, seq: u64, seen: Seen) -> bool {
        assert!(self.epoch == Epoch::default() || self.epoch == epoch, "no log was restored");
        if seq > self.have() || self.epoch == Epoch::default() {
            self.held.insert(seq, seen);
        }
        self.release();
        if self.held.len() > REORDER_ENTRIES_MAX {
            self.held.clear();
            self.dropped = self.resuming.is_some();
            return !self.dropped;
        }
        false
    }

    fn release(&mut self) {
        while self.epoch != Epoch::default()
            && let Some(seen) = self.held.remove(&(self.have() + 1))
        {
            self.seen.push(seen);
        }
    }

    fn resumed(&mut self, request: u32, answer: Option<&ResumedRoom>) -> bool {
        if self.resuming != Some(request) {
            return false;
        }
        self.resuming = None;
        if let Some(answer) = answer
            && (self.epoch == Epoch::default() || answer.base.get() > self.have())
        {
            assert!(answer.outcome == Outcome::Limited, "{answer:?} at {}", self.have());
            (self.epoch, self.base) = (answer.epoch, answer.base.get());
            self.seen.clear();
        }
        let have = self.have();
        self.held.retain(|seq, _| *seq > have);
        self.release();
        std::mem::take(&mut self.dropped)
    }
}

pub(crate) enum Order {
    View(Option<RoomId>),
    Resume(RoomId),
    ReopenLane(LaneClass),
    Reconnect,
    /// Reads nothing for some milliseconds.
    Sleep(u64),
    Tell(oneshot::Sender<HashMap<RoomId, Tail>>),
}

/// The next frame of a lane, once there is one.
async fn next_of(lane: &mut Option<Stream>) -> Result<Option<Frame>, u32> {
    match lane {
        Some(lane) => lane.next_whenever().await,
        None => std::future::pending().await,
    }
}

#[derive(Default)]
struct Handles(HashMap<u32, (RoomId, Epoch)>);

/// The client and its connection.
pub(crate) struct Follower {
    world: Arc<World>,
    person: Person,
    peer: Peer,
    gate: Gate,
    handles: [Handles; 2],
    tails: HashMap<RoomId, Tail>,
    view: Option<RoomId>,
    /// Resumes under way, with their rooms.
    resumes: HashMap<u32, Vec<RoomId>>,
    user_cursor: (Epoch, u64),
    /// Rooms that a snapshot has named so far.
    named: Option<HashSet<RoomId>>,
    online: bool,
}

impl Follower {
    /// Connects through `gate`, now and whenever it is told to connect again.
    pub(crate) fn start(world: &Arc<World>, person: &Person, gate: Gate) -> mpsc::Sender<Order> {
        let mut follower = Self {
            world: world.clone(),
            person: person.clone(),
            peer: world.connect_through(&gate),
            gate,
            handles: Default::default(),
            tails: HashMap::new(),
            view: None,
            resumes: HashMap::new(),
            user_cursor: Default::default(),
            named: None,
            online: false,
        };
        let (orders, mut queue) = mpsc::channel(16);
        world.run(async move {
            follower.attach().await;
            follower.run(&mut queue).await;
        });
        orders
    }

    async fn reconnect(&mut self) {
        self.peer = self.world.connect_through(&self.gate);
        self.handles = Default::default();
        self.resumes.clear();
        self.online = false;
        for tail in self.tails.values_mut() {
            (tail.resuming, tail.dropped) = (None, false);
            tail.held.clear();
        }
        self.attach().await;
    }

    async fn attach(&mut self) {
        let ticket = self.world.ticket(&self.person).await;
        self.peer.hello(ticket, self.world.attempt()).await.unwrap();
        let (user_epoch, user_seq) = (self.user_cursor.0, U53::saturating(self.user_cursor.1));
        let request = self.peer.request();
        self.peer.control.send(&Attach { request, user_epoch, user_seq }).await;
    }

    async fn run(&mut self, queue: &mut mpsc::Receiver<Order>) {
        loop {
            let Peer { control, in_view, others, .. } = &mut self.peer;
            tokio::select! {
                frame = control.next_whenever() => {
                    let frame = frame.expect("control was reset").expect("control ended");
                    self.control(&frame).await;
                }
                frame = next_of(in_view) => self.lane(LaneClass::InView, frame).await,
                frame = next_of(others) => self.lane(LaneClass::Others, frame).await,
                order = queue.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Tell(answer) => drop(answer.send(self.tails.clone())),
            Order::Sleep(ms) => tokio::time::sleep(std::time::Duration::from_millis(ms)).await,
            Order::Reconnect => self.reconnect().await,
            Order::View(room) => {
                self.view = room;
                self.send_view().await;
            }
            Order::Resume(room) => self.resume(vec![room]).await,
            Order::ReopenLane(class) if self.online => self.open_lane(class).await,
            Order::ReopenLane(_) => {}
        }
    }

    async fn open_lane(&mut self, class: LaneClass) {
        let (index, mux) = if class == LaneClass::InView { (0, Class::LaneInView) } else { (1, Class::LaneOthers) };
        let lane = self.peer.lane(class, mux).await;
        self.handles[index] = Handles::default();
        let place = if index == 0 { &mut self.peer.in_view } else { &mut self.peer.others };
        *place = Some(lane);
    }

    async fn send_view(&mut self) {
        if !self.online {
            return;
        }
        let room = self.view.filter(|room| self.tails.contains_key(room));
        let have_seq = room.map_or(0, |room| self.tails[&room].have());
        self.peer.control.send(&View { room, have_seq: U53::saturating(have_seq) }).await;
    }

    async fn resume(&mut self, rooms: Vec<RoomId>) {
        if !self.online {
            return;
        }
        let request = self.peer.request();
        let mut cursors = Vec::new();
        for room in &rooms {
            let Some(tail) = self.tails.get_mut(room) else { continue };
            (tail.resuming, tail.dropped) = (Some(request), false);
            cursors.push(Cursor { room: *room, epoch: tail.epoch, seq: U53::saturating(tail.have()), tail: 20 });
        }
        self.resumes.insert(request, rooms);
        self.peer.control.send(&Resume { request, cursors }).await;
    }

    async fn resume_all(&mut self) {
        self.send_view().await;
        self.resume(self.tails.keys().copied().collect()).await;
    }

    async fn control(&mut self, frame: &Frame) {
        match frame.known() {
            Some(Kind::Attached) => {
                let Attached { user_epoch, snapshot, .. } = frame.decode().unwrap();
                self.user_cursor.0 = user_epoch;
                self.named = snapshot.then(HashSet::new);
            }
            Some(Kind::RoomAdded) => {
                let RoomAdded { header, room } = frame.decode().unwrap();
                self.passed(header.seq);
                if let Some(named) = &mut self.named {
                    named.insert(room.id);
                }
                let is_known = self.tails.contains_key(&room.id);
                if !is_known {
                    self.tails.insert(room.id, Tail::default());
                    self.resume(vec![room.id]).await;
                    if self.view == Some(room.id) {
                        self.send_view().await;
                    }
                }
            }
            Some(Kind::RoomRemoved) => {
                let RoomRemoved { header, room } = frame.decode().unwrap();
                self.passed(header.seq);
                self.tails.remove(&room);
            }
            Some(Kind::UserHead) => {
                self.user_cursor.1 = frame.decode::<UserHead>().unwrap().seq.get();
                if let Some(named) = self.named.take() {
                    self.tails.retain(|room, _| named.contains(room));
                }
                if !std::mem::replace(&mut self.online, true) {
                    self.open_lane(LaneClass::InView).await;
                    self.open_lane(LaneClass::Others).await;
                    self.resume_all().await;
                }
            }
            Some(Kind::RoomDetails | Kind::ReadStates | Kind::Receipts) => {}
            Some(Kind::Resumed) => self.resumed(&frame.decode().unwrap()).await,
            other => panic!("{other:?}: {frame:?}"),
        }
    }

    fn passed(&mut self, seq: U53) {
        if self.online {
            self.user_cursor.1 = self.user_cursor.1.max(seq.get());
        }
    }

    async fn resumed(&mut self, answer: &Resumed) {
        let mut again = Vec::new();
        for room in self.resumes.remove(&answer.request).unwrap() {
            let outcome = answer.rooms.iter().find(|outcome| outcome.room == room);
            let Some(tail) = self.tails.get_mut(&room) else { continue };
            if outcome.is_some_and(|outcome| outcome.outcome == Outcome::Gone) {
                if tail.resuming == Some(answer.request) {
                    self.tails.remove(&room);
                }
            } else if tail.resumed(answer.request, outcome) {
                again.push(room);
            }
        }
        if !again.is_empty() {
            self.resume(again).await;
        }
    }

    async fn lane(&mut self, class: LaneClass, frame: Result<Option<Frame>, u32>) {
        let frame = frame.expect("a lane was reset").expect("a lane ended");
        if frame.known() == Some(Kind::LaneReady) {
            // What the lane before it had under way may be lost, also of rooms that have
            // left it meanwhile.
            return self.resume_all().await;
        }
        let handles = &mut self.handles[usize::from(class == LaneClass::Others)].0;
        if let Some(named) = frame.decode_if::<RoomHandle>() {
            let RoomHandle { handle, room, epoch } = named.unwrap();
            handles.insert(handle, (room, epoch));
            return;
        }
        let (header, _): (EntryHeader, _) = codec::decode_prefix(&frame.body).unwrap();
        let (room, epoch) = *handles.get(&header.room).expect("an entry under a handle that was not told");
        let seen = match frame.known().unwrap() {
            Kind::EntryPosted => Seen::Text(frame.decode::<EntryPosted>().unwrap().text),
            Kind::EntryHidden => Seen::Hidden,
            notice => Seen::Notice(notice),
        };
        if let Some(tail) = self.tails.get_mut(&room)
            && tail.offer(epoch, header.seq.get(), seen)
        {
            self.resume(vec![room]).await;
        }
    }
}
