//! Rill's Rust client: one API over raw QUIC, WebTransport and WebSocket, for bots,
//! tests, the load generator and the terminal client `rill-chat`.
//!
//! [`Client::connect`] gives a handle and a bounded stream of [`Event`]s. One task
//! owns the session: it connects, resumes from cursors, keeps one live tail a room,
//! and posts again under the same client id until the server has answered. A handle
//! never sees a connection.
//!
//! Files travel beside the conversation: [`Client::upload`] and [`Client::download`] give
//! handles on transfers that go on by themselves; see [`files`].
//!
//! Invariants: an entry is given out once and in the order of its seq; nothing is
//! trusted blindly by default; every queue has a bound in [`limits`].
#![allow(clippy::disallowed_methods)] // a client is an edge: it reads clocks and spawns its own few tasks

pub mod client;
pub mod config;
mod durable_file;
pub mod error;
pub mod event;
pub mod files;
pub mod groups;
pub mod http;
pub mod limits;
mod moderation;
mod profile;
mod random;
pub mod session;
pub mod transport;
pub mod trust;

pub use client::{BatchReceipt, Client, Receipt};
pub use config::{Config, Credentials, Endpoints};
pub use error::{Error, Failure};
pub use event::{Entry, EntryKind, Event, Events, HistoryPage, Posted, State, TailCause};
pub use groups::NewGroup;
pub use profile::{NewProfile, NewStatus};
pub use session::PreferencesChange;
pub use transport::TransportKind;
pub use trust::Trust;
