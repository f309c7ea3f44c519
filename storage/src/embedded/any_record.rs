//! A row of which only its key is known: does it open?

use super::stored;
use crate::{
    StoreError,
    record::{self, KeyRing, Record},
    table::Table,
};

fn opens<R: Record>(ring: &KeyRing, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    record::open::<R>(ring, table, key, value).map(drop)
}

/// The table of a key.
pub(super) fn table(key: &[u8]) -> Option<Table> {
    key.first().and_then(|number| Table::of(*number))
}

/// Whether a row is what its table holds: known, whole, of a known format.
pub(super) fn check(ring: &KeyRing, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    let Some(table) = table(key) else {
        return Err(StoreError::Damaged { table: "unknown", detail: "no table has its number".into() });
    };
    let opens = match table {
        Table::Meta => opens::<stored::Meta>,
        Table::User => opens::<stored::User>,
        Table::Name => opens::<stored::Name>,
        Table::Session => opens::<stored::Session>,
        Table::Token => opens::<stored::Token>,
        Table::Ticket => opens::<stored::Ticket>,
        Table::Room => opens::<stored::Room>,
        Table::RoomHead => opens::<stored::RoomHead>,
        Table::Entry => opens::<stored::Entry>,
        Table::Body => opens::<stored::Body>,
        Table::Message => opens::<stored::Message>,
        Table::Member | Table::FormerMember => opens::<stored::Membership>,
        Table::Standing => opens::<stored::Standing>,
        Table::RequestKey => opens::<stored::RequestKey>,
        Table::Pending => opens::<stored::Pending>,
        Table::Directory | Table::Place => opens::<stored::Place>,
        Table::UserHead => opens::<stored::UserHead>,
        Table::UserEntry => opens::<stored::UserEntry>,
        Table::UserRoom | Table::UserRoomGone => opens::<stored::UserRoom>,
        Table::Invitation => opens::<stored::Invitation>,
        Table::InvitationUse => opens::<stored::InvitationUse>,
    };
    opens(ring, table, key, value)
}
