//! What every store must do, run by each of them. A scenario is written once, against
//! the ports; `contract!` makes a test of it per store.

mod attached;
mod batches;
mod changes;
mod concurrency;
mod contents;
mod creation;
mod deleting;
mod desk;
mod directory;
mod endings;
mod governing;
mod idempotency;
mod invitations;
mod kept;
mod keyed;
mod log;
mod marks;
mod membership;
mod model;
mod observers;
mod own_facts;
mod pages;
mod pending;
mod people;
mod pictures;
mod private_chats;
#[cfg(unix)]
mod redis_server;
mod removing;
mod roster;
mod sessions;
mod shared;
mod stage;
mod tickets;
mod transfers;
mod uploads;
mod user_log;
mod users;
