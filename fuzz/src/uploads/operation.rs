//! What may happen, sensible or not.

use arbitrary::Arbitrary;

/// One step. Numbers go around: of people, rooms, transfers, files, streams.
#[derive(Clone, Debug, Arbitrary)]
pub enum Op {
    /// A stream begins an upload or goes on with one.
    Begin {
        stream: u8,
        said: Said,
    },
    /// Its next bytes, so many 4 KiB and one.
    Chunk(u8, u8),
    /// Bytes that are not the file's.
    WrongChunk(u8, u8),
    /// More than was declared.
    TooMuch(u8),
    /// Bytes that the stream has are made safe.
    Progress(u8),
    Finish {
        stream: u8,
        is_right: bool,
    },
    Cancel(u8),
    /// The stream ends in order.
    Close(u8),
    /// Whatever the stream does is dropped.
    Drop(u8),
    /// Somebody reads what there is of a message's file.
    Read {
        user: u8,
        room: u8,
        message: u8,
    },
    Join(u8, u8),
    Leave(u8, u8),
    /// Everybody gets so many turns.
    Turns(u8),
    /// So many hundredths of a second pass.
    Wait(u8),
    Sweep,
    /// Time passes.
    Later(Long),
    /// The server stops in order and starts again.
    Restart,
    /// The server is killed: of what it had not flushed so many batches survive.
    Crash(u8),
    /// The bucket is away, or loses its answers, until it is back.
    BucketAway(bool),
    BucketBack,
    /// Who sent a file removes its message.
    Remove {
        room: u8,
        message: u8,
    },
}

/// What is said of an upload.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub struct Said {
    pub user: u8,
    pub room: u8,
    pub transfer: u8,
    pub client: u8,
    pub file: u8,
    /// Named as something that pages show.
    pub is_shown: bool,
    pub digest: Told,
}

/// The digest, as far as it is told ahead.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub enum Told {
    Nothing,
    Right,
    Wrong,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
pub enum Long {
    Second,
    /// More than a finish has to get on.
    Quarter,
    /// More than a stray has.
    Hours,
    /// More than a transfer is waited for.
    Days,
}

impl Long {
    pub(super) fn ms(self) -> u64 {
        match self {
            Self::Second => 1_000,
            Self::Quarter => 15 * 60 * 1_000,
            Self::Hours => 7 * 60 * 60 * 1_000,
            Self::Days => 25 * 60 * 60 * 1_000,
        }
    }
}
