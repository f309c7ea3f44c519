//! Rill's wire protocol: everything two peers must agree on, and nothing else.
//!
//! Invariant: no IO, no clock, no runtime and no randomness. Bytes, time and ids
//! come in as arguments; bytes and events go out. `docs/protocol.md` describes the
//! same protocol for somebody who writes a client in another language.

pub mod chunk;
pub mod code;
pub mod codec;
pub mod frame;
pub mod id;
pub mod kind;
pub mod limits;
pub mod message;
pub mod mux;
pub mod number;
pub mod varint;
pub mod version;

pub use code::{Action, Code};
pub use frame::{Frame, FrameDecoder};
pub use id::{AttemptId, ClientId, Epoch, FileDigest, RoomId, SessionId, Ticket, TransferId, UserId};
pub use kind::Kind;
pub use number::U53;
