//! One user's session with a server, over as many connections as it takes.
//!
//! [`machine`] is the whole of it without IO: frames, commands and the time go in,
//! frames and events come out. `link` is one connection, `drive` carries bytes
//! between it and the machine, `supervise` decides when there is another one. What
//! must outlive a connection (tails, the outbox, open requests) lives in the machine,
//! and what must outlive the process in `outbox_file`.

pub(crate) mod backoff;
mod command;
mod drive;
mod lane;
mod link;
mod liveness;
mod machine;
mod outbox;
mod outbox_file;
mod requests;
mod room;
mod rooms;
pub(crate) mod stream;
mod supervise;
mod tickets;

pub use command::PreferencesChange;
pub(crate) use command::{Answer, Command, Request};
pub(crate) use outbox::{Outcome, Pending, QueuedPost};
pub(crate) use outbox_file::OutboxFile;
pub(crate) use supervise::{Shared, Supervisor, Way};
pub(crate) use tickets::Tickets;
