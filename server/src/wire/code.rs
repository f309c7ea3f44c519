//! The one mapping from a domain error to a wire code.

use rill_protocol::Code;

use crate::domain::DomainError;

/// A coded refusal.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: Code,
    /// For whoever reads the client's log; holds nothing internal.
    pub detail: String,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, detail: String::new() }
    }
}

impl From<DomainError> for Failure {
    fn from(error: DomainError) -> Self {
        let code = match &error {
            DomainError::NotLoggedIn => Code::NotLoggedIn,
            DomainError::BadLogin => Code::BadLogin,
            DomainError::BadTicket => Code::BadTicket,
            DomainError::BadUsername(_) => Code::BadUsername,
            DomainError::UsernameTaken => Code::UsernameTaken,
            DomainError::BadPassword { .. } => Code::BadPassword,
            DomainError::AccountDisabled => Code::AccountDisabled,
            DomainError::SessionRevoked => Code::SessionRevoked,
            DomainError::RegistrationClosed => Code::RegistrationClosed,
            DomainError::BadInvitation => Code::BadInvitation,
            DomainError::CommonPassword => Code::CommonPassword,
            DomainError::WrongPassword => Code::WrongPassword,
            DomainError::LastAdministrator => Code::LastAdministrator,
            DomainError::NoSuchUser | DomainError::NoSuchSession | DomainError::NoSuchInvitation => Code::NotFound,
            DomainError::NoSuchReport => Code::NotFound,
            DomainError::TooManyInvitations(_) | DomainError::TooManyPosts { .. } | DomainError::NoBatch => {
                Code::TooMany
            }
            DomainError::BadTerms { .. } | DomainError::BadSlowMode { .. } | DomainError::BadNote { .. } => {
                Code::BadRequest
            }
            DomainError::NoSuchRoom => Code::NoSuchRoom,
            DomainError::RoomDeleted => Code::RoomDeleted,
            DomainError::MessageRemoved => Code::MessageRemoved,
            DomainError::NotAMember => Code::NotAMember,
            DomainError::EmptyText => Code::EmptyText,
            DomainError::TextTooLong { .. } => Code::TextTooLong,
            DomainError::BadRoomName(_) => Code::BadRoomName,
            DomainError::BadDisplayName(_) => Code::BadDisplayName,
            DomainError::LooksTaken => Code::LooksTaken,
            DomainError::BadStatus(_) => Code::BadStatus,
            DomainError::BadSetting(_) => Code::BadSetting,
            DomainError::Oneself => Code::Oneself,
            DomainError::CannotBeReached => Code::CannotBeReached,
            DomainError::PrivateChat => Code::PrivateChat,
            DomainError::TooManyBlocks => Code::TooManyBlocks,
            DomainError::NoSuchPerson => Code::NoSuchUser,
            DomainError::TooManyMentions(_) => Code::TooManyMentions,
            DomainError::NoSuchMark(_) => Code::NoSuchMark,
            DomainError::TooManyDrafts(_) => Code::TooManyDrafts,
            DomainError::RoomTooLarge(_) => Code::RoomTooLarge,
            DomainError::TooManyRooms(_) => Code::TooManyRooms,
            DomainError::RoomFull => Code::RoomFull,
            DomainError::RoleNeeded => Code::RoleNeeded,
            DomainError::BannedFromRoom => Code::BannedFromRoom,
            DomainError::BadRoomLink => Code::BadRoomLink,
            DomainError::NoSuchMember => Code::NoSuchMember,
            DomainError::OwnerStays => Code::OwnerStays,
            DomainError::RoomArchived => Code::RoomArchived,
            DomainError::RoomClosed => Code::RoomClosed,
            DomainError::SlowMode { .. } => Code::SlowMode,
            DomainError::TooManyOpen => Code::TooManyOpen,
            DomainError::BadReason { .. } => Code::BadReason,
            DomainError::TooManyReports => Code::TooManyReports,
            DomainError::NoSuchMessage => Code::NoSuchMessage,
            DomainError::BadTopic(_) => Code::BadTopic,
            DomainError::KeyReused => Code::KeyReused,
            DomainError::Busy => Code::Busy,
            DomainError::StorageFull => Code::StorageFull,
            // Said once in the log by whoever looks after the connection.
            DomainError::StoreAway(cause) => {
                tracing::debug!(%cause, "the store cannot be reached");
                Code::StoreFailed
            }
            DomainError::Store(cause) => {
                tracing::error!(%cause, "the store failed");
                Code::StoreFailed
            }
        };
        Self { code, detail: error.to_string() }
    }
}
