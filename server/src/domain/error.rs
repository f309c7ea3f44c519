//! Why a rule said no.

use rill_storage::StoreError;
use thiserror::Error;

/// One refusal. `session::code` maps it to a wire code, `http::error` through that to a status.
#[derive(Debug, Error, Clone)]
#[non_exhaustive]
pub enum DomainError {
    #[error("not logged in")]
    NotLoggedIn,
    #[error("username or password is wrong")]
    BadLogin,
    #[error("the ticket is unknown, used or expired")]
    BadTicket,
    #[error("the username {0}")]
    BadUsername(names::Reason),
    #[error("the username is taken")]
    UsernameTaken,
    #[error("a password has {min} to {max} bytes")]
    BadPassword {
        /// Bytes.
        min: usize,
        /// Bytes.
        max: usize,
    },
    #[error("an administrator has disabled the account")]
    AccountDisabled,
    #[error("the login was ended")]
    SessionRevoked,
    #[error("accounts are made by an administrator only")]
    RegistrationClosed,
    #[error("the invitation is missing, unknown, used up or expired")]
    BadInvitation,
    #[error("the password is among the first that are guessed")]
    CommonPassword,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("this is the last administrator who can log in: make another one first")]
    LastAdministrator,
    #[error("no such account")]
    NoSuchUser,
    #[error("no such login")]
    NoSuchSession,
    #[error("no such invitation")]
    NoSuchInvitation,
    #[error("{0} invitations are open already: take some back")]
    TooManyInvitations(usize),
    #[error("an invitation has 1 to {uses_max} uses and lives {life_s_min} to {life_s_max} seconds")]
    BadTerms {
        /// Registrations.
        uses_max: u32,
        /// Seconds.
        life_s_min: u64,
        /// Seconds.
        life_s_max: u64,
    },
    #[error("no such room")]
    NoSuchRoom,
    #[error("the room is deleted")]
    RoomDeleted,
    #[error("the message was removed")]
    MessageRemoved,
    #[error("not a member of the room")]
    NotAMember,
    #[error("the message is empty")]
    EmptyText,
    #[error("the message has {bytes} bytes; the limit is {max}")]
    TextTooLong {
        /// As sent.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    #[error("the batch has {count} messages; the limit is {max}")]
    TooManyPosts {
        /// As sent.
        count: usize,
        /// The limit.
        max: usize,
    },
    #[error("the room's name {0}")]
    BadRoomName(names::Reason),
    #[error("the name {0}")]
    BadDisplayName(names::Reason),
    #[error("the name looks like somebody else's username")]
    LooksTaken,
    #[error("the status {0}")]
    BadStatus(names::Reason),
    #[error("no such {0}")]
    BadSetting(&'static str),
    #[error("no such person")]
    NoSuchPerson,
    #[error("that is oneself")]
    Oneself,
    #[error("there is no chat with this person now")]
    CannotBeReached,
    #[error("the room is a chat of two")]
    PrivateChat,
    #[error("as many people are blocked as may be")]
    TooManyBlocks,
    #[error("the message names more than {0} people")]
    TooManyMentions(usize),
    #[error("the log ends at entry {0}")]
    NoSuchMark(u64),
    #[error("there are {0} drafts already")]
    TooManyDrafts(usize),
    #[error("the room has more than {0} members")]
    RoomTooLarge(usize),
    #[error("in {0} rooms already")]
    TooManyRooms(usize),
    #[error("the room is full")]
    RoomFull,
    #[error("a role in the room is needed for this")]
    RoleNeeded,
    #[error("banned from the room")]
    BannedFromRoom,
    #[error("the link is unknown, used up or expired")]
    BadRoomLink,
    #[error("not a member of the room: the one it is about")]
    NoSuchMember,
    #[error("whoever owns the room hands it over before they leave")]
    OwnerStays,
    #[error("the room is archived")]
    RoomArchived,
    #[error("the room takes no messages now")]
    RoomClosed,
    #[error("the room is slow: it takes one message at a time from its members")]
    NoBatch,
    #[error("the room is slow: wait {wait_ms} ms")]
    SlowMode {
        /// Until the next message.
        wait_ms: u64,
    },
    #[error("as many invitations or links are open as the room has place for")]
    TooManyOpen,
    #[error("members of a room wait at most {max_ms} ms from one post to the next")]
    BadSlowMode {
        /// Milliseconds.
        max_ms: u32,
    },
    #[error("a report says why, in 1 to {max} characters")]
    BadReason {
        /// Characters.
        max: usize,
    },
    #[error("a note has at most {max} characters, and none that cannot be seen")]
    BadNote {
        /// Characters.
        max: usize,
    },
    #[error("as many reports wait for an administrator as may")]
    TooManyReports,
    #[error("no such report")]
    NoSuchReport,
    #[error("no such message")]
    NoSuchMessage,
    #[error("the room's topic {0}")]
    BadTopic(names::Reason),
    #[error("the client id was used for another request")]
    KeyReused,
    #[error("too much waits to be written")]
    Busy,
    #[error("the disk is full")]
    StorageFull,
    #[error("the store cannot be reached")]
    StoreAway(#[source] StoreError),
    #[error("the store failed")]
    Store(#[source] StoreError),
}

use super::names;

impl DomainError {
    /// Of a change whose task ended before it did.
    pub(crate) fn cut_short() -> Self {
        StoreError::Engine("the task of a change panicked".into()).into()
    }
}

impl From<StoreError> for DomainError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Full => Self::StorageFull,
            away @ StoreError::Unreachable(_) => Self::StoreAway(away),
            other => Self::Store(other),
        }
    }
}
