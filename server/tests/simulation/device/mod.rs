//! A client as docs/protocol.md asks for one, and its hardships: it outlives connections,
//! keeps what it has not been told is done, and applies entries in order.

mod changes;
mod control;
mod files;
mod lanes;
mod pictures;
mod stream;
mod tail;
mod talks;

use bytes::Bytes;
use futures_util::FutureExt as _;
use rill_protocol::{
    AttemptId, ClientId, Code, Epoch, RoomId, Ticket, UserId,
    code::Action,
    limits::{DEAD_AFTER_MS, PING_INTERVAL_MS},
    message::{Control, Hello, LaneClass, Ping},
    mux::Class,
    version::VERSION,
};
use rill_server::{
    domain::accounts::Identity,
    transport::{TransportKind, memory},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    dice::Dice,
    link::Barrier,
    talks::Moment,
    world::{Person, World},
};
use changes::Outbox;
use files::Errands;
pub(crate) use pictures::Pictures;
use stream::{Over, Stream, next_of};
pub(crate) use tail::Tail;

/// Orders that wait for a device; what is too much is not ordered.
const ORDERS_MAX: usize = 64;
/// How long the server may go on with a connection that nobody reads.
const ABANDONED_LIFE: Duration = Duration::from_secs(90);

/// What a device is told to do.
pub(crate) enum Order {
    Post(RoomId, String),
    PostBatch(RoomId, Vec<String>),
    /// Sends an answered post again, as it was or with another text.
    Repeat {
        same: bool,
    },
    /// Sends what is under way once more.
    Hurry,
    Join(RoomId),
    Leave(RoomId),
    View(Option<RoomId>),
    Resume(RoomId),
    ReopenLane(LaneClass),
    Page(RoomId, u64),
    Send(RoomId, Bytes),
    Fetch(RoomId, u64),
    /// The connection ends, with a word or without one.
    Drop,
    Vanish,
    /// Another connection takes the place of this one.
    Move,
    /// Reads nothing and says nothing.
    Sleep(Duration),
    Tell(oneshot::Sender<Standing>),
    /// Goes for good.
    Go,
}

/// What a device has and still wants.
pub(crate) struct Standing {
    pub(crate) user: UserId,
    pub(crate) is_online: bool,
    pub(crate) wants: usize,
    pub(crate) tails: BTreeMap<RoomId, Tail>,
    /// Who is shown to be there.
    pub(crate) shows: BTreeMap<UserId, bool>,
    pub(crate) pictures: Pictures,
    /// Up to where chats have arrived at the others.
    pub(crate) delivered: BTreeMap<RoomId, u64>,
}

/// What a request without an answer was for.
enum Purpose {
    Attach,
    Watch,
    Post(RoomId, ClientId),
    Batch(RoomId, Vec<ClientId>),
    /// A post that was answered before.
    Repeat(RoomId, ClientId),
    Change(RoomId, ClientId),
    Resume(Vec<RoomId>),
    /// And when it was asked for.
    Page(RoomId, Moment),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Greeting,
    Attaching,
    Online,
}

struct Connection {
    generation: u64,
    client: memory::Client,
    barrier: Barrier,
    phase: Phase,
    control: Stream,
    /// In view, others.
    lanes: [Option<Stream>; 2],
    /// Whether the lane took the place of another.
    replaces: [bool; 2],
    handles: [BTreeMap<u32, (RoomId, Epoch)>; 2],
    history: Option<Stream>,
    requests: u32,
    purposes: BTreeMap<u32, Purpose>,
    presence: BTreeMap<UserId, (u64, bool)>,
    pictures: Pictures,
    /// When it began.
    began: Moment,
    delivered: BTreeMap<RoomId, u64>,
    /// Messages that a lane has said to be removed.
    removed: [BTreeSet<(RoomId, Epoch, u64)>; 2],
    heard_at: Instant,
    ping_at: Instant,
}

impl Connection {
    fn shows(&self) -> BTreeMap<UserId, bool> {
        self.presence.iter().map(|(user, (_, is_online))| (*user, *is_online)).collect()
    }
}

pub(crate) struct Device {
    name: String,
    person: Person,
    world: Arc<World>,
    dice: Dice,
    kinds: &'static [TransportKind],
    identity: Option<Identity>,
    ticket: Option<Ticket>,
    connection: Option<Connection>,
    /// Connections that it left behind, until when.
    abandoned: Vec<(Instant, Connection)>,
    connect_at: Option<Instant>,
    tails: BTreeMap<RoomId, Tail>,
    view: Option<RoomId>,
    user_cursor: (Epoch, u64),
    /// Rooms that a snapshot has named so far.
    named: Option<BTreeSet<RoomId>>,
    outbox: Outbox,
    errands: Errands,
}

/// How to reach a device that runs.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) name: String,
    orders: mpsc::Sender<Order>,
    pub(crate) barrier: Arc<parking_lot::Mutex<Barrier>>,
}

impl Handle {
    /// Whether the device will hear of it.
    pub(crate) fn order(&self, order: Order) -> bool {
        self.orders.try_send(order).is_ok()
    }

    pub(crate) async fn standing(&self) -> Option<Standing> {
        let (answer, told) = oneshot::channel();
        self.orders.send(Order::Tell(answer)).await.ok()?;
        told.await.ok()
    }
}

enum Event {
    Order(Option<Order>),
    Control(Result<rill_protocol::Frame, Over>),
    Lane(LaneClass, Result<rill_protocol::Frame, Over>),
    History(Result<rill_protocol::Frame, Over>),
    Due,
}

impl Device {
    pub(crate) fn start(world: &Arc<World>, person: &Person, number: usize, mut dice: Dice) -> Handle {
        let (orders, queue) = mpsc::channel(ORDERS_MAX);
        let name = format!("{}{number}", person.name);
        let barrier = Arc::new(parking_lot::Mutex::new(Barrier::default()));
        let device = Self {
            name: name.clone(),
            person: person.clone(),
            world: world.clone(),
            kinds: &[TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket],
            identity: None,
            ticket: None,
            connection: None,
            abandoned: Vec::new(),
            connect_at: Some(Instant::now()),
            tails: BTreeMap::new(),
            view: None,
            user_cursor: Default::default(),
            named: None,
            outbox: Outbox::new(dice.split()),
            errands: Errands::new(dice.split()),
            dice,
        };
        world.tasks.spawn(device.run(queue, barrier.clone()));
        Handle { name, orders, barrier }
    }

    fn is_online(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.phase == Phase::Online)
    }

    async fn run(mut self, mut orders: mpsc::Receiver<Order>, barrier: Arc<parking_lot::Mutex<Barrier>>) {
        loop {
            let now = Instant::now();
            self.abandoned.retain(|(until, _)| *until > now);
            if self.connect_at.is_some_and(|at| at <= now) {
                self.connect_at = None;
                self.connect(&barrier).await;
            }
            self.pump().await;
            self.pump_files();
            let due = self.due();
            let bell = self.errands.bell.clone();
            let event = match &mut self.connection {
                Some(Connection { control, lanes: [in_view, others], history, .. }) => tokio::select! {
                    biased;
                    order = orders.recv() => Event::Order(order),
                    frame = control.next() => Event::Control(frame),
                    frame = next_of(in_view) => Event::Lane(LaneClass::InView, frame),
                    frame = next_of(others) => Event::Lane(LaneClass::Others, frame),
                    frame = next_of(history) => Event::History(frame),
                    () = bell.notified() => Event::Due,
                    () = until(due) => Event::Due,
                },
                None => tokio::select! {
                    biased;
                    order = orders.recv() => Event::Order(order),
                    () = until(due) => Event::Due,
                },
            };
            // What a server says that was put back since is not heard any more.
            if self.connection.as_ref().is_some_and(|connection| !self.world.is_valid(connection.generation)) {
                self.lost(Over::Gone);
                if !matches!(event, Event::Order(_)) {
                    continue;
                }
            }
            match event {
                Event::Order(None | Some(Order::Go)) => return,
                Event::Order(Some(order)) => self.obey(order).await,
                Event::Control(Ok(frame)) => self.heard_control(&frame).await,
                Event::Control(Err(over)) => self.lost(over),
                Event::Lane(class, Ok(frame)) => self.heard_lane(class, &frame).await,
                Event::Lane(class, Err(over)) => self.lane_lost(class, over).await,
                Event::History(Ok(frame)) => self.heard_history(&frame),
                Event::History(Err(_)) => self.history_lost(),
                Event::Due => self.due_now().await,
            }
        }
    }

    /// When there is something to do though nothing comes.
    fn due(&self) -> Option<Instant> {
        let connection = self.connection.as_ref();
        let dead_at = connection.map(|connection| connection.heard_at + Duration::from_millis(DEAD_AFTER_MS));
        let ping_at = connection.map(|connection| connection.ping_at);
        let retry_at = if self.is_online() { self.outbox.due() } else { None };
        let file_at = if self.is_online() { self.errands.due() } else { None };
        [dead_at, ping_at, retry_at, file_at, self.connect_at].into_iter().flatten().min()
    }

    async fn due_now(&mut self) {
        let now = Instant::now();
        let Some(connection) = &mut self.connection else { return };
        if connection.heard_at + Duration::from_millis(DEAD_AFTER_MS) <= now {
            return self.lost(Over::Gone);
        }
        if connection.ping_at <= now {
            connection.ping_at = now + Duration::from_millis(PING_INTERVAL_MS);
            connection.control.send(&Ping { nonce: 1 }).await;
        }
    }

    /// Says hello on a new connection; where two race, on another one beside it.
    async fn connect(&mut self, barrier: &Arc<parking_lot::Mutex<Barrier>>) {
        if self.identity.is_none() {
            self.identity = self.world.login(&self.person).await;
            self.ticket = None;
        }
        let Some(identity) = self.identity.clone() else { return self.connect_later() };
        if self.ticket.is_none() {
            self.ticket = self.world.ticket(&identity).await;
        }
        let (Some(ticket), Some(server)) = (self.ticket.take(), self.world.server()) else {
            // The login may have ended, or been put back to when there was none.
            self.identity = None;
            return self.connect_later();
        };
        let attempt = AttemptId(self.dice.bytes());
        let rival = if self.dice.one_in(4) { self.world.ticket(&identity).await } else { None };
        let tickets = [Some(ticket), rival].into_iter().flatten();
        for ticket in tickets {
            let (kind, way) = (self.dice.one_of(self.kinds), Barrier::default());
            let began = self.world.witness.talks.lock().now();
            let client = server.connect(&self.world, kind, way.clone());
            let Some(mut control) = Stream::open(&client, Class::Control) else { continue };
            control.send(&Control { version: VERSION }).await;
            control.send(&Hello { ticket, attempt, client: self.name.clone() }).await;
            let now = Instant::now();
            let connection = Connection {
                generation: server.generation,
                client,
                barrier: way,
                phase: Phase::Greeting,
                control,
                lanes: [None, None],
                replaces: [false; 2],
                handles: Default::default(),
                history: None,
                requests: 0,
                purposes: BTreeMap::new(),
                presence: BTreeMap::new(),
                pictures: Pictures::default(),
                began,
                delivered: BTreeMap::new(),
                removed: Default::default(),
                heard_at: now,
                ping_at: now + Duration::from_millis(PING_INTERVAL_MS),
            };
            if self.connection.is_none() {
                *barrier.lock() = connection.barrier.clone();
                self.world.tell(format_args!("{} connects by {}", self.name, kind.as_str()));
                self.connection = Some(connection);
            } else {
                self.abandon(connection);
            }
        }
    }

    fn connect_later(&mut self) {
        self.connect_at = Some(Instant::now() + Duration::from_millis(self.dice.between(50, 1_500)));
    }

    fn abandon(&mut self, connection: Connection) {
        self.abandoned.push((Instant::now() + ABANDONED_LIFE, connection));
    }

    /// The connection is of no more use; the next one resumes.
    fn lost(&mut self, over: Over) {
        let Some(connection) = self.connection.take() else { return };
        let closed = connection.client.closed().now_or_never();
        connection.client.close(Code::Normal, "");
        let code = closed.and_then(|closed| closed.code).and_then(Code::from_number);
        let code = match over {
            Over::Coded(number) => code.or(Code::from_number(number)),
            _ => code,
        };
        self.world.tell(format_args!("{} is offline, {:?} {code:?}", self.name, over));
        let is_fault = matches!(code, Some(code) if code.action() == Action::Stop && !matches!(code, Code::Normal | Code::Superseded));
        if over == Over::Broken || is_fault {
            self.world.witness.violated(format!("{} keeps the rules and is closed: {over:?} {code:?}", self.name));
        }
        match code {
            Some(Code::BadTicket) => self.ticket = None,
            Some(code) if code.action() == Action::Login => self.identity = None,
            _ => {}
        }
        self.forget_under_way();
        if self.connect_at.is_none() {
            self.connect_later();
        }
    }

    /// The connection stays, and nobody listens to it.
    fn leave_connection(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.abandon(connection);
            self.forget_under_way();
        }
    }

    fn forget_under_way(&mut self) {
        self.tails.values_mut().for_each(Tail::disconnected);
        self.outbox.disconnected();
        self.errands.disconnected();
        self.named = None;
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Tell(answer) => {
                let standing = Standing {
                    user: self.person.id,
                    is_online: self.is_online(),
                    wants: self.outbox.wants(|room| self.tails.contains_key(&room)) + self.errands.wants(),
                    tails: self.tails.clone(),
                    shows: self.connection.as_ref().map(Connection::shows).unwrap_or_default(),
                    pictures: self.connection.as_ref().map(|of| of.pictures.clone()).unwrap_or_default(),
                    delivered: self.connection.as_ref().map(|of| of.delivered.clone()).unwrap_or_default(),
                };
                let _ = answer.send(standing);
            }
            Order::Sleep(time) => sleep(time).await,
            Order::Post(room, text) => self.outbox.post(room, text),
            Order::PostBatch(room, texts) => self.outbox.post_batch(room, texts),
            Order::Join(room) => self.outbox.change(room, true),
            Order::Leave(room) => self.outbox.change(room, false),
            Order::Repeat { same } => self.repeat(same).await,
            Order::Hurry => self.hurry().await,
            Order::View(room) => {
                self.view = room;
                self.send_view().await;
            }
            Order::Resume(room) => self.resume(vec![room]).await,
            Order::ReopenLane(class) if self.is_online() => self.open_lane(class).await,
            Order::ReopenLane(_) => {}
            Order::Page(room, seq) => self.ask_page(room, seq).await,
            Order::Send(room, content) => self.errands.send(room, content),
            Order::Fetch(room, seq) => self.fetch(room, seq),
            Order::Drop => self.lost(Over::Gone),
            Order::Vanish => {
                self.leave_connection();
                self.connect_later();
            }
            Order::Move => {
                self.leave_connection();
                self.connect_at = Some(Instant::now());
            }
            Order::Go => {}
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}
