//! What nodes share through Redis besides the store: the bus, by its channels, and the
//! attendance, in keys that it forgets by itself. Everything lies under the store's prefix.

mod allowances;
mod attendance;
mod bus;
mod names;
mod script;

pub use allowances::RedisAllowances;
pub use attendance::RedisAttendance;
pub use bus::RedisBus;

use rill_storage::redis::TendedLink;
use std::sync::Arc;

use super::Shared;

/// All of it, for the node whose store has this way to Redis and this name there.
pub fn shared(link: &TendedLink, node: &str) -> Shared {
    let node: Arc<str> = node.into();
    Shared {
        bus: Arc::new(RedisBus::new(link.clone(), node.clone())),
        attendance: Arc::new(RedisAttendance::new(link.clone())),
        allowances: Some(Arc::new(RedisAllowances::new(link.clone()))),
        node,
    }
}
