//! A bus and an attendance for several nodes in one process: for tests and simulations, which also say what
//! becomes of each message.

use async_trait::async_trait;
use parking_lot::Mutex;
use rill_protocol::UserId;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

use super::{
    attendance::{Attendance, Attended, Away, Beats, Node, idly},
    bus::{Bus, Channel, Event, Inlet},
};
use crate::{
    limits::BEAT_LIFE_MS,
    runtime::{Clock, SystemClock},
};

/// What becomes of one message on its way to one node.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    Lost,
    After(Duration),
    /// Once after each.
    Twice(Duration, Duration),
}

/// Decides about messages; asked in the order in which they are sent.
pub type Fates = dyn Fn() -> Fate + Send + Sync;

/// What the nodes of one process share.
#[derive(Clone)]
pub struct Exchange {
    fates: Arc<Fates>,
    clock: Arc<dyn Clock>,
    members: Arc<Mutex<Members>>,
}

/// Who is attached where, for as long as nodes say that they live.
#[derive(Default)]
struct Known {
    nodes: BTreeMap<Node, Instant>,
    users: BTreeMap<UserId, BTreeSet<Node>>,
}

#[derive(Default)]
struct Members {
    attended: Known,
    joined: u64,
    by_number: BTreeMap<u64, Member>,
}

struct Member {
    inlet: Arc<Inlet>,
    channels: BTreeSet<Channel>,
    /// The bus is away for this node.
    is_cut: bool,
}

/// One node's place; it is given up when this is dropped.
pub struct LocalBus {
    exchange: Exchange,
    number: u64,
    inlet: Arc<Inlet>,
}

impl Exchange {
    /// Every message comes, at once and once.
    pub fn new() -> Self {
        Self::with(Arc::new(SystemClock), || Fate::After(Duration::ZERO))
    }

    /// `clock` is the time of the attendance.
    pub fn with(clock: Arc<dyn Clock>, fates: impl Fn() -> Fate + Send + Sync + 'static) -> Self {
        Self { fates: Arc::new(fates), clock, members: Arc::default() }
    }

    /// A place for a node.
    pub fn join(&self) -> LocalBus {
        let inlet = Arc::<Inlet>::default();
        let mut members = self.members.lock();
        members.joined += 1;
        let number = members.joined;
        let member = Member { inlet: inlet.clone(), channels: BTreeSet::new(), is_cut: false };
        members.by_number.insert(number, member);
        LocalBus { exchange: self.clone(), number, inlet }
    }

    /// Says something as nobody in particular: as the store does.
    pub fn publish(&self, channel: Channel, payload: &[u8]) {
        let payload: Arc<[u8]> = payload.into();
        let now = Instant::now();
        for member in self.members.lock().by_number.values() {
            if member.is_cut || !member.channels.contains(&channel) {
                continue;
            }
            let event = || Event::Message { channel, payload: payload.clone() };
            match (self.fates)() {
                Fate::Lost => {}
                Fate::After(delay) => member.inlet.push(now + delay, event()),
                Fate::Twice(first, second) => {
                    member.inlet.push(now + first, event());
                    member.inlet.push(now + second, event());
                }
            }
        }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

impl LocalBus {
    /// Takes the bus away from this node, or gives it back. What was on its way is lost.
    pub fn cut(&self, is_cut: bool) {
        let mut members = self.exchange.members.lock();
        let Some(member) = members.by_number.get_mut(&self.number) else { return };
        let was_cut = std::mem::replace(&mut member.is_cut, is_cut);
        if is_cut {
            member.inlet.clear();
            member.inlet.push(Instant::now(), Event::Away);
        } else if was_cut {
            let now = Instant::now();
            member.channels.iter().for_each(|channel| member.inlet.push(now, Event::Heard(*channel)));
        }
    }
}

impl Drop for LocalBus {
    fn drop(&mut self) {
        self.exchange.members.lock().by_number.remove(&self.number);
    }
}

impl LocalBus {
    /// What all nodes know of each other, unless the bus is away.
    fn attended<T>(&self, ask: impl FnOnce(&mut Known) -> T) -> Result<T, Away> {
        let mut members = self.exchange.members.lock();
        match members.by_number.get(&self.number) {
            Some(member) if !member.is_cut => Ok(ask(&mut members.attended)),
            _ => Err(Away("the bus is away".into())),
        }
    }
}

#[async_trait]
impl Attendance for LocalBus {
    async fn now_ms(&self) -> Result<u64, Away> {
        let now_ms = self.exchange.clock.now_ms();
        self.attended(|_| now_ms)
    }

    async fn beat(&self, node: &Node) -> Result<Beats, Away> {
        let (now, now_ms) = (Instant::now(), self.exchange.clock.now_ms());
        self.attended(|attended| {
            attended.nodes.retain(|_, until| *until > now);
            let was_forgotten =
                attended.nodes.insert(node.clone(), now + Duration::from_millis(BEAT_LIFE_MS)).is_none();
            Beats { nodes: attended.nodes.keys().cloned().collect(), was_forgotten, now_ms }
        })
    }

    async fn leave(&self, node: &Node) -> Result<(), Away> {
        self.attended(|attended| {
            attended.nodes.remove(node);
        })
    }

    async fn set(&self, node: &Node, users: &[(UserId, Attended)]) -> Result<(), Away> {
        let idle: Node = idly(node).into();
        self.attended(|known| {
            for (user, attended) in users {
                let words = known.users.entry(*user).or_default();
                words.remove(node);
                words.remove(&idle);
                match attended {
                    Attended::No => {}
                    Attended::Yes => words.extend([node.clone()]),
                    Attended::Idly => words.extend([node.clone(), idle.clone()]),
                }
                if words.is_empty() {
                    known.users.remove(user);
                }
            }
        })
    }

    async fn nodes_of(&self, users: &[UserId]) -> Result<Vec<Vec<Node>>, Away> {
        let nodes = |attended: &mut Known, user| {
            attended.users.get(user).map(|nodes| nodes.iter().cloned().collect()).unwrap_or_default()
        };
        self.attended(|attended| users.iter().map(|user| nodes(attended, user)).collect())
    }
}

#[async_trait]
impl Bus for LocalBus {
    fn publish(&self, channel: Channel, payload: String) {
        let is_cut = self.exchange.members.lock().by_number.get(&self.number).is_none_or(|member| member.is_cut);
        if !is_cut {
            self.exchange.publish(channel, payload.as_bytes());
        }
    }

    fn subscribe(&self, channel: Channel) {
        let mut members = self.exchange.members.lock();
        let Some(member) = members.by_number.get_mut(&self.number) else { return };
        if member.channels.insert(channel) && !member.is_cut {
            member.inlet.push(Instant::now(), Event::Heard(channel));
        }
    }

    fn unsubscribe(&self, channel: Channel) {
        if let Some(member) = self.exchange.members.lock().by_number.get_mut(&self.number) {
            member.channels.remove(&channel);
        }
    }

    async fn next(&self) -> Event {
        self.inlet.next().await
    }
}
