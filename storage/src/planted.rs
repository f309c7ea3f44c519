//! Bugs that can be put into this program on purpose, to see that the simulation finds
//! them. Without the feature `simulation` there are none, and asking costs nothing: the
//! feature is on in tests alone.
//!
//! A bug is planted for the thread that asks for it, so that simulations beside each
//! other have each their own.

/// What can be planted. Each stands in the code where somebody could make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A batch is answered and shown, and made durable with the next one.
    AckBeforeDurable,
    /// Client ids that were used before a start are not looked up.
    KeyForgottenAtRestart,
    /// A cursor moves to an entry before that is in the write, which may have no room
    /// for it.
    CursorMovedBeforeWrite,
    /// A ring takes the entry in front of its first for one that it holds.
    RingOffByOne,
    /// A drain does not end at the reader's own departure.
    RemovalSkipped,
    /// The head of a log does not move when somebody leaves.
    SeqReused,
    /// A log that was put back goes on in its epoch.
    EpochKeptAfterRestore,
    /// An entry that may not be seen is sent as it is.
    HiddenLeaked,
    /// A node believes that it hears every doorbell: it never looks for what it missed.
    DoorbellTrusted,
    /// What other nodes appended comes into a ring when it comes.
    CatchUpOutOfOrder,
    /// What a doorbell brings is taken for what comes next, whatever its place.
    DoorbellTakenForNext,
    /// A node believes that it is told of every login that ends: it never looks by itself.
    LoginHintTrusted,
    /// Of who comes to a room or leaves it only the room's log is told.
    ChangeUntold,
    /// What was remembered is true when the bus was away and is back.
    MemoryTrustedUnheard,
    /// What is remembered never grows old.
    MemoryNeverAsksAgain,
    /// An answer is taken for as new as the moment when it came.
    AnswerTakenForNew,
    /// What somebody may see is decided upon what is remembered.
    VisibleFromMemory,
    /// Who was removed reads on what they could see before.
    FileReadAfterRemoval,
    /// A spent blob is told as gone before it is.
    CollectedBeforeGone,
    /// The picture that another takes the place of is let go behind that, and not doubted before.
    PictureNotDoubted,
    /// Nobody is told that somebody looks different now.
    PictureUntold,
    /// Who may change a room is asked of nobody.
    RoleNotAsked,
    /// A ban puts out, and keeps nobody out.
    BanForgotten,
    /// Whoever comes sees what was said before, whatever the room's history is.
    HistoryAlwaysShown,
    /// Whether a chat of two is closed is not looked at where somebody posts.
    ClosedChatOpen,
    /// A chat of two is opened, and nobody looks whether one of them blocks the other by now.
    BlockMissedAtOpening,
    /// Who is blocked is told how far the other one has read.
    ReceiptsToldToBlocked,
    /// Who was there when they were blocked goes on to see the other one.
    PresenceToldToBlocked,
    /// What was removed stays in the ring.
    RemovedKeptInRing,
    /// Who is asked about the removal of a message is nobody.
    RemovalNotAsked,
    /// Who was named in a message that was removed stays counted as named.
    MentionKept,
    /// What lies elsewhere of a message that was removed is forgotten at once, or never.
    RemovalNotFollowed,
    /// A report shows what its message says now.
    QuoteOfNow,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 33] = [
        Self::AckBeforeDurable,
        Self::KeyForgottenAtRestart,
        Self::CursorMovedBeforeWrite,
        Self::RingOffByOne,
        Self::RemovalSkipped,
        Self::SeqReused,
        Self::EpochKeptAfterRestore,
        Self::HiddenLeaked,
        Self::DoorbellTrusted,
        Self::CatchUpOutOfOrder,
        Self::DoorbellTakenForNext,
        Self::LoginHintTrusted,
        Self::ChangeUntold,
        Self::MemoryTrustedUnheard,
        Self::MemoryNeverAsksAgain,
        Self::AnswerTakenForNew,
        Self::VisibleFromMemory,
        Self::FileReadAfterRemoval,
        Self::CollectedBeforeGone,
        Self::PictureNotDoubted,
        Self::PictureUntold,
        Self::RoleNotAsked,
        Self::BanForgotten,
        Self::HistoryAlwaysShown,
        Self::ClosedChatOpen,
        Self::BlockMissedAtOpening,
        Self::ReceiptsToldToBlocked,
        Self::PresenceToldToBlocked,
        Self::RemovedKeptInRing,
        Self::RemovalNotAsked,
        Self::MentionKept,
        Self::RemovalNotFollowed,
        Self::QuoteOfNow,
    ];
}

#[cfg(feature = "simulation")]
mod switch {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Puts a bug into everything that this thread runs from now on, or takes it out.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// Whether a bug is there.
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Whether any bug is there: what it breaks is not asserted.
    pub fn is_any() -> bool {
        PLANTED.get().is_some()
    }
}

#[cfg(not(feature = "simulation"))]
mod switch {
    use super::Bug;

    /// No bug is there.
    #[inline(always)]
    pub const fn is(_: Bug) -> bool {
        false
    }

    /// No bug is there.
    #[inline(always)]
    pub const fn is_any() -> bool {
        false
    }
}

pub use switch::*;
