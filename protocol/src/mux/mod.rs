//! Many streams over one ordered message pipe: what the WebSocket fallback runs on.
//!
//! [`Mux`] is the machine: calls and messages in, messages and events out, no IO.
//! [`Connection`], [`SendHalf`] and [`RecvHalf`] are the same machine behind a lock,
//! with wakers, so that any runtime can drive it. What is absent: a runtime, a clock,
//! and any queue that a peer can make longer than its credit.
//!
//! Flow control is credit in absolute bytes (RFC 9000, section 4): each direction of
//! a stream has its own, and history and file streams also share one pool, of which
//! files hold at most half. Scheduling is strict between classes and round robin
//! inside one, a chunk at a time.

mod connection;
mod credit;
mod datagrams;
mod error;
pub mod frame;
mod halves;
mod machine;
#[cfg(any(test, feature = "model"))]
pub mod model;
mod receive;
mod recv_side;
mod schedule;
mod send_side;
mod stream;
mod wakers;

pub use connection::Connection;
pub use error::{HalfError, MuxError, OpenError};
pub use halves::{RecvHalf, SendHalf};
pub use machine::{Event, Mux, Read};

/// Streams are numbered 1, 2, 3 … in the order in which the client opens them.
pub type StreamId = u32;

/// What a stream is for; both ends account its bytes and schedule it by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    Control = 0,
    LaneInView = 1,
    LaneOthers = 2,
    History = 3,
    File = 4,
}

impl Class {
    /// Every class, most urgent first.
    pub const ALL: &[Self] = &[Self::Control, Self::LaneInView, Self::LaneOthers, Self::History, Self::File];

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The class of a number, if there is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether its streams draw on the shared pool.
    pub const fn is_bulk(self) -> bool {
        matches!(self, Self::History | Self::File)
    }
}

/// Which end of the connection this is: only clients open streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Client,
    Server,
}
