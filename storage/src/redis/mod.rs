//! The store on Redis: the same aggregates, over rows that several nodes share.
//!
//! Nothing of a room's or a user's logic is here, and nothing of it is in Lua. Redis is an
//! optimistic substrate: a method runs over rows that were fetched, and what it writes is
//! taken by one script if the slot is still what it was read as, or the method runs again.
//!
//! The way there is [`TendedLink`]: it asks of a Redis what must be so before it is used,
//! knows what an acknowledgement by it means, and comes back when it was lost.

mod archive;
mod batch;
mod bell;
mod commit;
mod community;
mod connect;
mod core;
mod durability;
mod endings;
mod error;
mod gathering;
mod hearing;
mod layout;
mod link;
mod lists;
mod meeting;
mod memory;
mod open;
mod options;
mod probe;
mod queue;
mod recorded;
mod scripts;
mod seen;
mod settling;
mod snapshot;
mod statistics;
mod substrate;
mod sweep;
mod tended;
mod tending;
mod version;
mod wants;
mod whole;
mod words;

#[cfg(all(test, unix))]
mod tests;

pub use archive::ArchiveOptions;
pub use community::{Community, is_used_with_redis};
pub use connect::Connection;
pub use durability::{Durability, Kept, Synced};
pub use hearing::{Ear, Heard, Hearing};
pub use layout::NODES;
pub use link::{Answer, Link};
pub use open::{Handle, OpenStore, open};
pub use options::{BadAddress, DEFAULT_PREFIX, RedisOptions, RedisServer, Spawn};
pub use probe::Primary;
pub use statistics::RedisStatistics;
pub use tended::{Condition, Counts, Greet, TendedLink, Unattended};
pub use whole::{CheckedInRedis, ClaimedNames, CopyIn, CopyOut, check, copy_in, copy_out};
