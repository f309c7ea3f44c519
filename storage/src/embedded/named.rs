//! What a row is about, for whoever has to look for it: the ids and numbers in its key.

use super::{any_record, keys::Parts};
use crate::{StoreError, table::Table};

/// As `room 01… entry 12`; what follows the ids in a key that is cut is left out.
pub(crate) fn name(key: &[u8]) -> String {
    let Some(table) = any_record::table(key) else { return format!("the key {}", hex(key)) };
    describe(table, &mut Parts::new(table, key)).unwrap_or_else(|_| format!("the cut key {}", hex(key)))
}

/// The error with the name of the row that it is about.
pub(crate) fn naming(key: &[u8], error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged { table, detail } => {
            StoreError::Damaged { table, detail: format!("{}: {detail}", name(key)) }
        }
        other => other,
    }
}

fn describe(table: Table, key: &mut Parts<'_>) -> Result<String, StoreError> {
    Ok(match table {
        Table::Meta => "the store's own row".to_owned(),
        Table::Name => format!("name {}", hex(&key.take::<32>()?)),
        Table::User
        | Table::UserHead
        | Table::Session
        | Table::Token
        | Table::Ticket
        | Table::Invitation
        | Table::InvitationUse
        | Table::Transfer
        | Table::TransferProgress
        | Table::KeptFile
        | Table::KeptBytes
        | Table::UserAvatar
        | Table::UserCard
        | Table::UserStatus
        | Table::UserSeen
        | Table::UserKey => format!("user {}", key.user()?),
        Table::Block | Table::BlockedBy => format!("user {}, user {}", key.user()?, key.user()?),
        Table::Room | Table::RoomHead | Table::Place | Table::Archived | Table::RoomAvatar | Table::RoomLink => {
            format!("room {}", key.room()?)
        }
        Table::SpentSegment | Table::Erasure => format!("room {}", key.room()?),
        Table::Entry | Table::Body | Table::Message | Table::Pending | Table::Segment | Table::AttachedFile => {
            format!("room {}, entry {}", key.room()?, key.number()?)
        }
        Table::Member
        | Table::FormerMember
        | Table::Standing
        | Table::Mention
        | Table::Ban
        | Table::RoomInvitation
        | Table::LastPost
        | Table::Arrival => format!("room {}, user {}", key.room()?, key.user()?),
        Table::RequestKey => {
            key.take::<4>()?;
            format!("room {}, user {}", key.room()?, key.user()?)
        }
        Table::Directory => {
            key.number()?;
            format!("room {}", key.room()?)
        }
        Table::Content | Table::ContentDue | Table::Reference | Table::PendingReference | Table::SpentBlob => {
            format!("content {}", key.content()?)
        }
        Table::Desk => "the administrators' desk".to_owned(),
        Table::AuditEntry => format!("act {}", key.number()?),
        Table::OpenReport | Table::ClosedReport | Table::ReportPart => format!("report {}", key.number()?),
        Table::ReportKey => format!("user {}", key.user()?),
        Table::EmojiSet => "the set of emoji".to_owned(),
        Table::Emoji => format!("emoji {}", hex(&key.take::<16>()?)),
        Table::UserEntry => format!("user {}, entry {}", key.user()?, key.number()?),
        Table::UserRoom | Table::UserRoomGone | Table::DraftPart => {
            format!("user {}, room {}", key.user()?, key.room()?)
        }
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::keys;
    use rill_protocol::{RoomId, UserId};

    #[test]
    fn rows_are_named_by_the_ids_and_numbers_in_their_keys() {
        let (room, user) = (RoomId([1; 16]), UserId([2; 16]));
        for (key, expected) in [
            (keys::entry(room, 12).bytes, format!("room {room}, entry 12")),
            (keys::member(room, user).bytes, format!("room {room}, user {user}")),
            (keys::user_head(user).bytes, format!("user {user}")),
            (keys::user_entry(user, 3).bytes, format!("user {user}, entry 3")),
            (vec![8, 1], "the cut key 0801".to_owned()),
            (vec![200, 1], "the key c801".to_owned()),
        ] {
            assert_eq!(name(&key), expected);
        }
    }
}
