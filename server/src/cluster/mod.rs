//! Other nodes on the same store: what one does, those who are at another hear of.
//!
//! The store is the truth and the bus a hint that it has changed: losing every message
//! costs latency and nothing else. Without a bus (the embedded store, one process) none of
//! this exists. Absent: what is true (`storage`), rules (`domain`), fan-out (`hub`).

pub mod attendance;
pub mod bus;
pub mod clock;
mod crowd;
mod follower;
pub mod local;
mod logins;
mod memory;
mod pictures;
mod places;
mod presence;
pub mod redis;
mod typing;
mod wants;

use rill_protocol::{RoomId, UserId};
use rill_storage::Store;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::Notify;

pub use bus::{Bus, Channel, Event};
pub use logins::Logins;

use crate::{admission::Allowances, hub::Hub, limits::ATTENDANCE_ASK_MS, memory::Memory, metrics::Metrics};
use attendance::{Attendance, Node};
use clock::AgreedClock;
use follower::Follower;
use places::Places;
use presence::{Hints, Living, Presence, elsewhere};
use wants::Wants;

/// This node among the others.
pub struct Cluster {
    node: Node,
    hub: Arc<Hub>,
    store: Store,
    memory: Memory,
    metrics: Arc<Metrics>,
    bus: Arc<dyn Bus>,
    attendance: Arc<dyn Attendance>,
    wants: Arc<Wants>,
    logins: Arc<dyn Logins>,
    living: Living,
    clock: Arc<AgreedClock>,
    /// Nothing more is said of who is here.
    has_left: Arc<AtomicBool>,
}

/// What nodes share besides the store.
#[derive(Clone)]
pub struct Shared {
    /// This node's name in the doorbells that the store rings for it; no two lives of a
    /// node share one.
    pub node: Node,
    pub bus: Arc<dyn Bus>,
    pub attendance: Arc<dyn Attendance>,
    /// Without it each node counts for itself.
    pub allowances: Option<Arc<dyn Allowances>>,
}

impl Cluster {
    /// Puts a hub, to which nobody is attached yet, beside those of other nodes.
    /// `clock` is what the whole node goes by, `logins` have connections here.
    pub fn join(
        shared: Shared,
        clock: Arc<AgreedClock>,
        hub: Arc<Hub>,
        store: Store,
        logins: Arc<dyn Logins>,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        let wants = Arc::<Wants>::default();
        hub.join_others(wants.clone());
        let Shared { node, bus, attendance, .. } = shared;
        let memory = memory::memory(store.clone(), metrics.clone(), bus.clone());
        Arc::new(Self {
            node,
            hub,
            store,
            memory,
            metrics,
            bus,
            attendance,
            wants,
            logins,
            living: Living::default(),
            clock,
            has_left: Arc::default(),
        })
    }

    /// What this node remembers, and who tells it of what others change.
    pub fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// Hears and looks; never returns. Once.
    pub async fn run(&self) {
        let follower = Follower {
            hub: self.hub.clone(),
            store: self.store.clone(),
            bus: self.bus.clone(),
            wants: self.wants.clone(),
            metrics: self.metrics.clone(),
            node: self.node.clone(),
            places: Places::default(),
            user_heads: BTreeMap::new(),
        };
        let (hints, login_hints) = (Arc::<Hints>::default(), Arc::<logins::Hints>::default());
        let (endings, bus, metrics) = (self.store.endings.clone(), self.bus.clone(), self.metrics.clone());
        let watch = logins::Watch::new(endings, bus, self.logins.clone(), login_hints.clone(), metrics);
        let presence = Presence {
            node: self.node.clone(),
            hub: self.hub.clone(),
            bus: self.bus.clone(),
            attendance: self.attendance.clone(),
            wants: self.wants.clone(),
            hints: hints.clone(),
            living: self.living.clone(),
            clock: self.clock.clone(),
            has_left: self.has_left.clone(),
            state: Default::default(),
        };
        self.bus.subscribe(Channel::Typing);
        self.bus.subscribe(Channel::Crowd);
        let doubt = Notify::new();
        let look = pictures::Look { hub: &self.hub, memory: &self.memory, store: &self.store, doubt: &doubt };
        let others = |event| {
            memory::hear(&self.memory, &event);
            typing::hear(&self.hub, &self.node, &event);
            crowd::hear(&self.hub, &*self.bus, &self.node, &event);
            pictures::hear(&self.hub, &doubt, &event);
            hints.hear(&event);
            login_hints.hear(&event);
        };
        let crowds = crowd::run(&self.hub, &*self.bus, &self.node);
        tokio::join!(biased; self.bus.run(), follower.run(others), presence.run(), watch.run(), look.run(), crowds);
    }

    /// This node ends: its users are no more at it, which the others hear at once.
    pub async fn leave(&self) {
        // A beat behind it would bring the node back.
        self.has_left.store(true, Relaxed);
        match self.attendance.leave(&self.node).await {
            Ok(()) => self.bus.publish(Channel::Nodes, self.node.to_string()),
            Err(away) => tracing::debug!(%away, "the others will find out"),
        }
    }

    /// Who of these users is online at another node. Nobody, if it cannot be said soon.
    pub async fn elsewhere(&self, users: &[UserId]) -> BTreeSet<UserId> {
        let patience = Duration::from_millis(ATTENDANCE_ASK_MS);
        let Ok(Ok(nodes)) = tokio::time::timeout(patience, self.attendance.nodes_of(users)).await else {
            return BTreeSet::new();
        };
        let there = users.iter().zip(nodes).filter(|(_, nodes)| elsewhere(nodes, &self.node, &self.living).is_some());
        there.map(|(user, _)| *user).collect()
    }

    /// Somebody here writes in a room, or has stopped.
    pub fn typing(&self, room: RoomId, user: UserId, is_typing: bool) {
        self.bus.publish(Channel::Typing, typing::payload(&self.node, room, user, is_typing));
    }

    /// Somebody here looks at a large room: how many of it are at the other nodes?
    pub fn ask_for_crowd(&self, room: RoomId) {
        crowd::ask(&*self.bus, &self.node, room);
    }

    /// Logins have ended: the other nodes look at once which.
    pub fn logins_ended(&self) {
        self.bus.publish(Channel::Logins, self.node.to_string());
    }
}
