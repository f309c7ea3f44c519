//! The whole server in one thread and in its own time: sessions, hub, domain and store
//! over a transport in memory and a simulated disk. A seed is five people with eight
//! devices in three rooms and some hundred operations, hardships included; in the end
//! everything that Rill promises is held against what was sent and seen.
//!
//! The same seed is the same life, to the byte: what fails once fails again. See
//! docs/architecture.md.

#[path = "../session/between.rs"]
mod between;
mod clock;
mod device;
mod dice;
mod files;
mod freshness;
mod groups;
mod judge;
mod late;
mod link;
mod mood;
mod operation;
#[path = "../session/own_changes.rs"]
mod own_changes;
mod panics;
mod pictures;
mod planted;
mod regressions;
#[path = "../session/replayed.rs"]
mod replayed;
mod run;
mod seeds;
mod server;
#[path = "../session/shared_store.rs"]
mod shared_store;
mod talks;
mod trace;
mod weather;
mod witness;
mod world;
