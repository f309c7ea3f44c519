//! Two machines joined back to back, and everything that must stay true of them,
//! whatever the applications do and however their messages are cut. The property
//! test below and the fuzz target `mux` run it; no product code does.
//!
//! Watched from outside, by reading the frames as they pass:
//! - the bytes of a stream arrive once and in order;
//! - no sender exceeds the credit that has reached it, and files hold at most half of
//!   the pool;
//! - the data of a message goes from urgent to patient classes, and begins with the
//!   most urgent stream that could send;
//! - once both applications read, everything that was written arrives, and much more
//!   than a window can follow;
//! - once all streams have ended, the pool is whole again.

mod flow;
mod joint;
mod settle;

#[cfg(test)]
mod tests;

use joint::Joint;

/// Which machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "model", derive(arbitrary::Arbitrary))]
pub enum End {
    Client,
    Server,
}

impl End {
    const BOTH: [Self; 2] = [Self::Client, Self::Server];

    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What an application or the pipe does next. `stream` picks one of those that the
/// application holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "model", derive(arbitrary::Arbitrary))]
pub enum Op {
    /// The client opens a stream.
    Open {
        class: u8,
    },
    /// The server takes a stream.
    Accept,
    Write {
        end: End,
        stream: u8,
        length: u16,
    },
    Read {
        end: End,
        stream: u8,
    },
    Finish {
        end: End,
        stream: u8,
    },
    Reset {
        end: End,
        stream: u8,
        code: u8,
    },
    Stop {
        end: End,
        stream: u8,
        code: u8,
    },
    /// Lets go of the sending half.
    ReleaseSend {
        end: End,
        stream: u8,
    },
    /// Lets go of the receiving half.
    ReleaseRecv {
        end: End,
        stream: u8,
    },
    Datagram {
        end: End,
        length: u16,
    },
    /// `end` transmits one message, which is cut behind every `cut` frames.
    Transmit {
        end: End,
        cut: u8,
    },
    /// `end` receives the oldest message on its way.
    Deliver {
        end: End,
    },
}

/// Runs the operations and checks everything.
///
/// # Panics
/// When something that must stay true does not.
pub fn run(ops: impl IntoIterator<Item = Op>) {
    let mut joint = Joint::new();
    for op in ops {
        joint.apply(op);
    }
    joint.settle();
    joint.check_nothing_is_stuck();
    joint.check_everything_arrived();
    joint.release_everything();
    joint.check_the_pool_is_whole();
}
