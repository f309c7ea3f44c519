//! One connection: from its first frame to its end.
//!
//! A session is a control loop (requests in the order received, answers as they are
//! done), a control writer, a writer per lane, a task per stream of history or of a file. They share
//! the inbox and nothing else. Absent: rules (`domain`), fan-out (`hub`), bytes of
//! transports.

mod control;
mod details;
mod dispatch;
mod download;
mod groups;
mod handshake;
mod history;
mod lane;
mod live;
mod login;
mod marks;
mod observed;
mod own;
mod people;
mod pictures;
mod private;
mod reader;
mod removing;
mod request;
mod resume;
mod rooms;
mod streams;
mod typing;
mod upload;
mod user_feed;
mod writer;

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, atomic::AtomicUsize},
};

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use rill_protocol::{
    Code, SessionId, UserId,
    message::{Member, Typing},
};
use rill_storage::Store;
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::{
    admission::{Gate, Over, Toll, Wait},
    cluster::Cluster,
    domain::{Domain, DomainError, accounts::Identity, order::Order, rooms::MemberView},
    files::service::Files,
    hub::{Hub, Inbox},
    limits::HISTORY_PAGES_AT_ONCE_MAX,
    metrics::Metrics,
    runtime::{Clock, Entropy, Stop, TaskGroup, Tasks},
    transport::{Closed, Connection, Permit, metered::Metered},
    wire::room,
};

pub use live::Live;

use handshake::Greeted;
use reader::FrameReader;

/// What every session needs from the server.
pub struct Services {
    /// Cursors are read from here; everything else goes through the domain.
    pub store: Store,
    pub domain: Domain,
    pub hub: Arc<Hub>,
    pub live: Live,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub tasks: Tasks,
    pub metrics: Arc<Metrics>,
    pub gate: Arc<Gate>,
    /// Name and version of the server, for `Welcome`.
    pub software: String,
    /// Sessions say goodbye and end.
    pub stop: Stop,
    /// Absent where there is no place for them.
    pub files: Option<Arc<Files>>,
    /// Where other nodes serve the same store.
    pub cluster: Option<Arc<Cluster>>,
}

impl Services {
    /// Members of a room, and who of them is there, as `asker` is shown.
    pub async fn members(&self, asker: UserId, members: Vec<MemberView>) -> Result<Vec<Member>, DomainError> {
        let hidden = self.domain.people.blockers(asker).await?;
        let elsewhere = match &self.cluster {
            Some(cluster) => cluster.elsewhere(&members.iter().map(|view| view.user).collect::<Vec<_>>()).await,
            None => BTreeSet::new(),
        };
        let is_online =
            |user| (self.hub.presence.is_online(user) || elsewhere.contains(&user)) && !hidden.contains(&user);
        Ok(members.into_iter().map(|view| room::member(is_online(view.user), view)).collect())
    }

    /// Logins have ended: so do their connections, wherever they are.
    pub fn logins_ended(&self, sessions: &[SessionId], code: Code) {
        self.live.end_sessions(sessions, code);
        if let Some(cluster) = &self.cluster
            && !sessions.is_empty()
        {
            cluster.logins_ended();
        }
    }
}

/// One session, shared by its tasks.
struct Session {
    services: Arc<Services>,
    identity: Identity,
    registration: live::Registration,
    inbox: Arc<Inbox>,
    /// Where the peer came in, for what is counted of it.
    door: &'static str,
    address: IpAddr,
    /// Held by the `Resume` that is being carried out.
    resuming: tokio::sync::Mutex<()>,
    /// In which posts reach the log.
    posting: Order,
    /// A place for each page of history that is on its way.
    pages: Semaphore,
    /// What this session has said of its user's writing.
    said_typing: Mutex<typing::Said>,
    /// The same, on control, for whoever looks after datagrams; the latest word counts.
    typing_on_control: Mutex<Option<Typing>>,
    typing_came: Notify,
    arrivals: Mutex<private::Arrivals>,
    /// Uploads that go on.
    uploads: AtomicUsize,
    /// A lane opened again replaces the old one.
    lanes: Mutex<[Option<LaneWriter>; 2]>,
}

/// What writes a lane.
struct LaneWriter {
    /// The place of its stream among those that the client opened. Streams say what they
    /// are in any order; what was opened last counts.
    order: u64,
    /// It ends when this is dropped.
    _place: oneshot::Sender<()>,
}

/// A session's place in the hub. It is given up however the session ends: also by a
/// panic nobody stays online who is gone.
struct Following(Arc<Session>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.services.hub.detach(&self.0.inbox);
    }
}

impl Session {
    /// Counts what is refused of this peer.
    fn refused(&self, code: Code) {
        self.services.gate.refused(self.door, self.address, code);
    }

    /// Whether a request that is being looked at may count as so many more.
    fn may_also(&self, requests: usize) -> Result<(), Wait> {
        self.services.gate.user_requests(self.identity.user, requests as u64)
    }

    /// Whether a frame may be looked at; asked for each that a client sends.
    fn may(&self, is_request: bool) -> Result<(), Over> {
        self.services.gate.frame(self.identity.user, is_request)
    }
}

/// How a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    code: Code,
    reason: String,
}

impl End {
    fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The transport ended it: because the peer broke its rules, or in peace.
    fn by_transport(closed: Closed) -> Self {
        let broken = [Code::MuxViolation, Code::TooManyStreams];
        let code = closed.code.and_then(Code::from_number).filter(|code| broken.contains(code));
        Self::new(code.unwrap_or(Code::Normal), closed.reason)
    }

    /// A peer that went on past its rates.
    fn flooded() -> Self {
        Self::new(Code::RateLimited, "went on although refused")
    }

    /// Whether the peer is to blame, and not its user, the server or the day.
    fn is_refusal(&self) -> bool {
        let ends = [Code::Normal, Code::GoingAway, Code::Superseded, Code::SessionRevoked, Code::AccountDisabled];
        !ends.contains(&self.code)
    }
}

/// A stream that is cut off may be noticed before the reason for it: that the peer broke
/// the rules of its transport.
fn explained<C: Connection>(end: End, connection: &C) -> End {
    let closed = if end.code == Code::Normal { connection.closed().now_or_never() } else { None };
    closed.map_or(end, End::by_transport)
}

/// Runs a connection to its end.
pub async fn run<C: Connection>(services: Arc<Services>, connection: C) {
    let (kind, peer) = (connection.kind().as_str(), connection.peer());
    let gate = services.gate.clone();
    let connection = Arc::new(Metered::new(connection, Toll::new(gate.clone(), peer.ip())));
    let greeted = tokio::select! {
        biased;
        // In a place of its own, which is given back.
        greeted = Box::pin(handshake::run(&services, &*connection)) => greeted,
        closed = connection.closed() => Err(End::by_transport(closed)),
    };
    let greeted = match greeted.map_err(|end| explained(end, &*connection)) {
        Ok(greeted) => greeted,
        Err(end) if end.code == Code::Normal => {
            tracing::debug!(transport = kind, %peer, reason = end.reason, "left before Hello");
            return connection.close(end.code, end.code.name());
        }
        Err(end) => {
            tracing::info!(transport = kind, %peer, code = end.code.name(), reason = end.reason, "refused");
            if end.is_refusal() {
                gate.refused(kind, peer.ip(), end.code);
            }
            connection.close(end.code, end.code.name());
            return;
        }
    };
    connection.meter().belongs_to(greeted.identity.user);
    connection.trust();
    let Begun { session, reader, send, place: _until_the_end } =
        begin::<Metered<C, Toll>>(&services, (kind, peer), greeted);
    let user = session.identity.user;
    let _counted = services.metrics.connected(kind);
    let following = Following(session.clone());
    let mut tasks = TaskGroup::new(services.tasks.clone());
    tasks.spawn(streams::accept(session.clone(), connection.clone()));
    tasks.spawn(streams::datagrams(session.clone(), connection.clone()));
    let close = |end: &End| connection.close(end.code, end.code.name());
    // Held until the connection is closed, and its stream with it.
    let mut control = pin!(control::run(&session, reader, send, close));
    let end = tokio::select! {
        // What a busy peer could hold up comes before what it keeps busy.
        biased;
        end = session.registration.kicked() => end,
        end = login::ended(&session) => end,
        closed = connection.closed() => End::by_transport(closed),
        end = &mut control => end,
    };
    let end = explained(end, &*connection);
    drop(following);
    if end.is_refusal() {
        session.refused(end.code);
    }
    tracing::info!(transport = kind, %peer, %user, code = end.code.name(), reason = end.reason, "disconnected");
    close(&end);
    // In a place of its own: no connection that stands needs it.
    Box::pin(seen(&services, user)).await;
}

/// A session, and what of the greeting it goes on with.
struct Begun<C: Connection> {
    session: Arc<Session>,
    reader: Box<FrameReader<C::Recv>>,
    send: C::Send,
    place: Permit,
}

/// The session of somebody whose ticket was good. Apart from what runs it, so that this keeps nothing of what
/// was only needed here.
fn begin<C: Connection>(
    services: &Arc<Services>,
    (door, peer): (&'static str, SocketAddr),
    greeted: Greeted<C>,
) -> Begun<C> {
    let Greeted { identity, attempt, client, place, send, reader } = greeted;
    let user = identity.user;
    tracing::info!(transport = door, %peer, %user, client, "connected");
    let session = Session {
        inbox: Arc::new(Inbox::new(user)),
        registration: services.live.register(&identity, attempt),
        identity,
        door,
        address: peer.ip(),
        resuming: tokio::sync::Mutex::default(),
        posting: Order::default(),
        pages: Semaphore::new(HISTORY_PAGES_AT_ONCE_MAX),
        said_typing: Mutex::default(),
        typing_on_control: Mutex::default(),
        typing_came: Notify::new(),
        arrivals: Mutex::default(),
        uploads: AtomicUsize::new(0),
        lanes: Mutex::default(),
        services: services.clone(),
    };
    Begun { session: Arc::new(session), reader, send, place }
}

/// Notes when somebody was there last, if this was the last of their devices on any node.
async fn seen(services: &Services, user: UserId) {
    let is_elsewhere = match &services.cluster {
        Some(cluster) => cluster.elsewhere(&[user]).await.contains(&user),
        None => false,
    };
    if !is_elsewhere && !services.hub.presence.is_here(user) {
        services.domain.profiles.seen(user).await;
    }
}
