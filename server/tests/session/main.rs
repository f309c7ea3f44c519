//! Sessions over the in-memory transport: the protocol as a client sees it, and what
//! becomes of a client that breaks it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attached;
mod bad_input;
mod batches;
mod between;
mod busy;
mod chat;
mod clock;
mod crowd;
mod deleting;
mod departure;
mod dice;
mod follower;
mod gated;
mod gone;
mod groups;
#[cfg(unix)]
mod last_administrator;
mod limits;
#[cfg(unix)]
mod limits_in_common;
mod meddled;
#[cfg(unix)]
mod memory_on_redis;
mod nodes;
#[cfg(unix)]
mod nodes_on_redis;
mod own_changes;
mod peer;
mod people;
mod pictures;
mod presence;
mod private_chats;
mod race;
mod read_state;
mod removing;
mod replayed;
mod resume;
mod resume_many;
#[cfg(unix)]
mod round_trips;
mod shared_store;
mod slow_peers;
mod stress;
mod typing;
mod visibility;
mod world;
