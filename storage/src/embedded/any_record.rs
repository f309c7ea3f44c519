//! A row of which only its key is known: does it open, and is it in the present format?

use super::stored;
use crate::{
    StoreError,
    record::{self, KeyRing, Record},
    table::Table,
};

fn opens<R: Record>(ring: &KeyRing, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    record::open::<R>(ring, table, key, value).map(drop)
}

fn renewed<R: Record>(ring: &KeyRing, table: Table, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let row = record::open::<R>(ring, table, key, value)?;
    // The envelope begins with it.
    match value.first() == Some(&R::FORMAT) {
        true => Ok(None),
        false => record::seal(ring, table, key, &row).map(Some),
    }
}

/// The table of a key.
pub(crate) fn table(key: &[u8]) -> Option<Table> {
    key.first().and_then(|number| Table::of(*number))
}

/// Is given table, key and value.
type Way<T> = fn(&KeyRing, Table, &[u8], &[u8]) -> Result<T, StoreError>;

/// What can be done with a row, whatever its table.
struct Ways {
    check: Way<()>,
    renew: Way<Option<Vec<u8>>>,
}

fn ways<R: Record>() -> Ways {
    Ways { check: opens::<R>, renew: renewed::<R> }
}

fn of(table: Table) -> Ways {
    match table {
        Table::Meta => ways::<stored::Meta>(),
        Table::User => ways::<stored::User>(),
        Table::Name => ways::<stored::Name>(),
        Table::Session => ways::<stored::Session>(),
        Table::Token => ways::<stored::Token>(),
        Table::Ticket => ways::<stored::Ticket>(),
        Table::Room => ways::<stored::Room>(),
        Table::RoomHead => ways::<stored::RoomHead>(),
        Table::Entry => ways::<stored::Entry>(),
        Table::Body => ways::<stored::Body>(),
        Table::Message => ways::<stored::Message>(),
        Table::Member | Table::FormerMember => ways::<stored::Membership>(),
        Table::Standing => ways::<stored::Standing>(),
        Table::RequestKey => ways::<stored::RequestKey>(),
        Table::Pending => ways::<stored::Pending>(),
        Table::Directory | Table::Place => ways::<stored::Place>(),
        Table::UserHead => ways::<stored::UserHead>(),
        Table::UserEntry => ways::<stored::UserEntry>(),
        Table::UserRoom | Table::UserRoomGone => ways::<stored::UserRoom>(),
        Table::Mention => ways::<stored::Mention>(),
        Table::UserKey => ways::<stored::UserKey>(),
        Table::DraftPart => ways::<stored::Body>(),
        Table::Invitation => ways::<stored::Invitation>(),
        Table::InvitationUse => ways::<stored::InvitationUse>(),
        Table::Segment => ways::<stored::Segment>(),
        Table::Desk => ways::<stored::Desk>(),
        Table::AuditEntry => ways::<stored::AuditEntry>(),
        Table::OpenReport | Table::ClosedReport => ways::<stored::Report>(),
        Table::ReportPart => ways::<stored::Body>(),
        Table::ReportKey => ways::<stored::ReportKey>(),
        Table::Archived => ways::<stored::Archived>(),
        Table::SpentSegment => ways::<stored::SpentSegment>(),
        Table::Erasure => ways::<stored::Erasure>(),
        Table::Transfer => ways::<stored::Transfer>(),
        Table::TransferProgress => ways::<stored::TransferProgress>(),
        Table::Content => ways::<stored::Content>(),
        Table::ContentDue => ways::<stored::ContentDue>(),
        Table::Reference => ways::<stored::Reference>(),
        Table::PendingReference => ways::<stored::PendingReference>(),
        Table::SpentBlob => ways::<stored::SpentBlob>(),
        Table::AttachedFile => ways::<stored::AttachedFile>(),
        Table::KeptFile => ways::<stored::KeptFile>(),
        Table::KeptBytes => ways::<stored::KeptBytes>(),
        Table::UserAvatar | Table::RoomAvatar => ways::<stored::Avatar>(),
        Table::UserCard => ways::<stored::UserCard>(),
        Table::UserStatus => ways::<stored::UserStatus>(),
        Table::UserSeen => ways::<stored::UserSeen>(),
        Table::Block => ways::<stored::Block>(),
        Table::BlockedBy => ways::<stored::BlockedBy>(),
        Table::EmojiSet => ways::<stored::EmojiSet>(),
        Table::Emoji => ways::<stored::Emoji>(),
        Table::Ban => ways::<stored::Ban>(),
        Table::RoomInvitation => ways::<stored::RoomInvitation>(),
        Table::RoomLink => ways::<stored::RoomLink>(),
        Table::LastPost => ways::<stored::LastPost>(),
        Table::Arrival => ways::<stored::Arrival>(),
    }
}

fn known(key: &[u8]) -> Result<Table, StoreError> {
    table(key).ok_or_else(|| StoreError::Damaged { table: "unknown", detail: "no table has its number".into() })
}

/// Whether a row is what its table holds: known, whole, of a known format.
pub(crate) fn check(ring: &KeyRing, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    let table = known(key)?;
    (of(table).check)(ring, table, key, value)
}

/// The row in the present format; `None` where it is in that already.
pub(super) fn renew(ring: &KeyRing, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let table = known(key)?;
    (of(table).renew)(ring, table, key, value)
}
