//! Other nodes on the same store: what one does, those who are at another hear of.
//!
//! The store is the truth and the bus a hint that it has changed: losing every message
//! costs latency and nothing else. Without a bus (the embedded store, one process) none of
//! this exists. Absent: what is true (`storage`), rules (`domain`), fan-out (`hub`).

pub mod bus;
pub mod doorbell;
mod follower;
pub mod local;
mod places;
mod wants;

use rill_protocol::UserId;
use rill_storage::Store;
use std::{collections::BTreeMap, sync::Arc};

pub use bus::{Bus, Channel, Event};

use crate::{hub::Hub, metrics::Metrics};
use doorbell::LOGINS_CHANGED;
use follower::Follower;
use places::Places;
use wants::Wants;

/// This node among the others.
pub struct Cluster {
    node: Arc<str>,
    hub: Arc<Hub>,
    store: Store,
    metrics: Arc<Metrics>,
    bus: Arc<dyn Bus>,
    wants: Arc<Wants>,
}

impl Cluster {
    /// Puts a hub, to which nobody is attached yet, beside those of other nodes. `node` is
    /// this node's name in the doorbells that the store rings for it.
    pub fn join(node: &str, hub: Arc<Hub>, store: Store, metrics: Arc<Metrics>, bus: Arc<dyn Bus>) -> Arc<Self> {
        let wants = Arc::<Wants>::default();
        hub.join_others(wants.clone());
        Arc::new(Self { node: node.into(), hub, store, metrics, bus, wants })
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
        follower.run(|_| {}).await;
    }

    /// Logins of a user have ended, or their account was disabled: the nodes that they are
    /// at read them again at once.
    pub fn logins_changed(&self, user: UserId) {
        self.bus.publish(Channel::User(user), LOGINS_CHANGED.to_owned());
    }
}
