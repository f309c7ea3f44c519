//! What administrators hear of, and what they did.

use rill_protocol::{ClientId, RoomId, UserId};

use super::Digest;

/// Somebody tells the administrators of somebody else.
#[derive(Clone, Debug)]
pub struct NewReport {
    pub reporter: UserId,
    pub client_id: ClientId,
    /// Of the content, to tell a retry from another report under the same client id.
    pub digest: Digest,
    pub at_ms: u64,
    pub user: UserId,
    pub message: Option<(RoomId, u64)>,
    /// At most [`crate::limits::REPORT_REASON_BYTES_MAX`].
    pub reason: String,
    /// What the message said.
    pub quote: Option<Quote>,
}

/// What a message said when it was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub text: String,
    /// What its file is called.
    pub file: Option<String>,
}

/// What came of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    Made(u64),
    /// It was made before, by the same request.
    Same(u64),
    /// Something else was reported under this client id.
    Different,
    /// Of the reporter as many are open as may be.
    TooMany,
}

/// See [`NewReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// They are numbered in the order in which they came.
    pub number: u64,
    pub at_ms: u64,
    pub reporter: UserId,
    pub user: UserId,
    pub message: Option<(RoomId, u64)>,
    pub reason: String,
    /// Until it is closed.
    pub quote: Option<Quote>,
    pub closed: Option<Closed>,
}

/// How a report ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub by: UserId,
    pub at_ms: u64,
    pub outcome: ReportOutcome,
    /// At most [`crate::limits::AUDIT_DETAIL_BYTES_MAX`].
    pub note: String,
}

/// What was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportOutcome {
    Nothing,
    MessageRemoved,
    AccountDisabled,
    Other,
}

/// Of which reports a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportsOf {
    /// The oldest first, behind this number.
    Open { after: u64 },
    /// The newest first, before this number.
    Closed { before: u64 },
}

/// An act that is about to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAct {
    /// Who does it: nobody's id for the operator of the machine.
    pub by: UserId,
    pub at_ms: u64,
    pub act: Act,
    /// On whom; where they have no id yet it is said with the outcome.
    pub user: Option<UserId>,
    pub room: Option<RoomId>,
    /// A message of the room, or a report.
    pub number: Option<u64>,
    /// At most [`crate::limits::AUDIT_DETAIL_BYTES_MAX`].
    pub detail: String,
}

/// What administrators do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    AccountMade,
    AccountDisabled,
    AccountEnabled,
    PasswordReset,
    RoleGiven,
    RoleTaken,
    LoginsEnded,
    InvitationMade,
    InvitationRevoked,
    AvatarRemoved,
    MessageRemoved,
    ReportClosed,
    RoomDeleted,
}

/// What came of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActOutcome {
    /// It was begun. What stays so was cut off: whether it came to pass shows what it was about.
    Begun,
    Done,
    /// Refused, or it failed.
    Failed,
}

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Dense.
    pub seq: u64,
    pub act: NewAct,
    pub outcome: ActOutcome,
}
