//! Where a row lies in Redis.
//!
//! A slot's keys share a hash tag, so that a cluster keeps them together and a script may
//! touch all of them: `<prefix>{r:ROOM}:`, `{u:USER}:`, `{n:NAME}:`, `{c:CONTENT}:`, `{e}:`. Rows of which a slot has
//! one lie in its hash `row` beside its version. Other tables have a key each, named as the
//! table; what is left of a row's key behind table and slot is its field.

use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    aggregates::Slot,
    model::{ContentId, NameKey},
    port::changes::Changed,
    table::Table,
};

/// The key, behind the prefix, with the servers that live, by when they are forgotten.
pub const NODES: &str = "nodes";

/// In what kind of key the rows of a table lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A field of a hash; a span of them is the whole hash.
    Hash,
    /// A field of a hash that is forgotten by Redis itself.
    Expiring,
    /// A field of a hash, with the field in a sorted set beside it.
    Ordered,
    /// An entry of a stream under its number. One that was changed lies in a hash beside
    /// it: Redis changes no entry.
    Stream,
}

/// A table in a slot. Tables whose keys name another id first are split by it.
pub(super) struct Bed {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
}

/// A row's place.
pub(super) struct Place {
    pub(super) bed: Bed,
    pub(super) field: Vec<u8>,
}

/// The names of one prefix.
#[derive(Clone)]
pub(super) struct Layout {
    prefix: String,
}

pub(super) fn shape(table: Table) -> Shape {
    match table {
        Table::Entry | Table::UserEntry => Shape::Stream,
        Table::Member | Table::Message | Table::AttachedFile | Table::Pending | Table::Mention => Shape::Ordered,
        Table::Reference | Table::PendingReference | Table::KeptFile | Table::BlockedBy => Shape::Ordered,
        Table::AuditEntry | Table::OpenReport | Table::ClosedReport => Shape::Ordered,
        Table::RequestKey => Shape::Expiring,
        _ => Shape::Hash,
    }
}

/// The shape of the rows that share the beginning of a key.
pub(super) fn shape_of(shared: &[u8]) -> Shape {
    shared.first().and_then(|number| Table::of(*number)).map_or(Shape::Hash, shape)
}

/// How much of a key is shared by the rows of its table in its slot.
pub(super) fn shared(key: &[u8]) -> usize {
    let table = key.first().and_then(|number| Table::of(*number));
    let shared = table.map_or(1, |table| {
        let Cut { slot, split } = cut(table);
        slot.end.max(split.end)
    });
    shared.min(key.len())
}

/// Whether a slot has one row of a table, or many.
fn is_single(table: Table) -> bool {
    matches!(
        table,
        Table::Room | Table::RoomHead | Table::Archived | Table::Erasure | Table::User | Table::UserHead | Table::Name
    ) || matches!(table, Table::Content | Table::ContentDue | Table::KeptBytes)
        || matches!(table, Table::UserAvatar | Table::RoomAvatar | Table::EmojiSet | Table::Desk)
        || matches!(table, Table::UserCard | Table::UserStatus | Table::UserSeen)
}

/// Whether a node remembers rows of a table from one call to the next: small ones that are
/// read again.
pub(super) fn is_remembered(table: Table) -> bool {
    is_single(table)
        || matches!(table, Table::Member | Table::FormerMember | Table::Standing | Table::Session | Table::Segment)
}

/// Bytes of a table's key that name its slot, and those that split the table.
struct Cut {
    slot: std::ops::Range<usize>,
    split: std::ops::Range<usize>,
}

fn cut(table: Table) -> Cut {
    match table {
        Table::RequestKey => Cut { slot: 5..21, split: 1..37 },
        Table::InvitationUse => Cut { slot: 1..17, split: 17..33 },
        Table::UserKey => Cut { slot: 1..17, split: 17..18 },
        Table::Name => Cut { slot: 1..33, split: 33..33 },
        // Of which there is one.
        Table::EmojiSet | Table::Emoji => Cut { slot: 1..1, split: 1..1 },
        Table::Desk | Table::AuditEntry | Table::OpenReport | Table::ClosedReport | Table::ReportPart => {
            Cut { slot: 1..1, split: 1..1 }
        }
        Table::ReportKey => Cut { slot: 1..1, split: 1..17 },
        _ => Cut { slot: 1..17, split: 17..17 },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bent(table: Table) -> StoreError {
    StoreError::Engine(format!("a key of table {} has no place in Redis", table.name()))
}

impl Layout {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// A key that belongs to no slot.
    pub(super) fn global(&self, name: &str) -> Vec<u8> {
        format!("{}{name}", self.prefix).into_bytes()
    }

    fn tag(slot: Slot) -> String {
        match slot {
            Slot::Room(room) => format!("{{r:{room}}}"),
            Slot::User(user) => format!("{{u:{user}}}"),
            Slot::Name(name) => format!("{{n:{}}}", hex(&name.0)),
            Slot::Content(content) => format!("{{c:{content}}}"),
            Slot::Emoji => "{e}".to_owned(),
            Slot::Desk => "{d}".to_owned(),
        }
    }

    /// A key of a slot.
    pub(super) fn key(&self, slot: Slot, name: &str) -> Vec<u8> {
        format!("{}{}:{name}", self.prefix, Self::tag(slot)).into_bytes()
    }

    /// The hash with a slot's version and single rows.
    pub(super) fn rows(&self, slot: Slot) -> Vec<u8> {
        self.key(slot, "row")
    }

    /// Where a node's turn is written.
    pub(super) fn turn(&self, slot: Slot) -> Vec<u8> {
        self.key(slot, "turn")
    }

    /// Where a slot's growth is told.
    pub(super) fn bell(&self, slot: Slot) -> Vec<u8> {
        format!("{}bell:{}", self.prefix, Self::tag(slot)).into_bytes()
    }

    /// The table of a key and the slot that it belongs to.
    pub(super) fn slot(key: &[u8]) -> Result<(Table, Slot), StoreError> {
        let table = key.first().and_then(|number| Table::of(*number));
        let table = table.ok_or_else(|| StoreError::Engine("a key of no table".into()))?;
        let id = key.get(cut(table).slot).ok_or_else(|| bent(table))?;
        let id = || <[u8; 16]>::try_from(id).map_err(|_| bent(table));
        let slot = match table {
            Table::Name => Slot::Name(NameKey(key[1..].try_into().map_err(|_| bent(table))?)),
            Table::Room | Table::RoomHead | Table::Entry | Table::Body | Table::Message | Table::Member => {
                Slot::Room(RoomId(id()?))
            }
            Table::FormerMember | Table::Standing | Table::RequestKey | Table::Pending => Slot::Room(RoomId(id()?)),
            Table::Segment
            | Table::SpentSegment
            | Table::Archived
            | Table::Erasure
            | Table::AttachedFile
            | Table::RoomAvatar => Slot::Room(RoomId(id()?)),
            Table::Ban | Table::RoomInvitation | Table::RoomLink | Table::LastPost | Table::Arrival => {
                Slot::Room(RoomId(id()?))
            }
            Table::User | Table::Session | Table::Token | Table::Ticket | Table::UserHead | Table::UserEntry => {
                Slot::User(UserId(id()?))
            }
            Table::UserRoom | Table::UserRoomGone | Table::Invitation | Table::InvitationUse => {
                Slot::User(UserId(id()?))
            }
            Table::Transfer | Table::TransferProgress | Table::KeptFile | Table::KeptBytes | Table::UserAvatar => {
                Slot::User(UserId(id()?))
            }
            Table::Mention => Slot::Room(RoomId(id()?)),
            Table::UserKey | Table::DraftPart => Slot::User(UserId(id()?)),
            Table::UserCard | Table::UserStatus | Table::UserSeen | Table::Block | Table::BlockedBy => {
                Slot::User(UserId(id()?))
            }
            Table::EmojiSet | Table::Emoji => Slot::Emoji,
            Table::Desk | Table::AuditEntry | Table::OpenReport | Table::ClosedReport => Slot::Desk,
            Table::ReportPart | Table::ReportKey => Slot::Desk,
            Table::Content | Table::ContentDue | Table::Reference | Table::PendingReference | Table::SpentBlob => {
                Slot::Content(ContentId(id()?))
            }
            Table::Meta | Table::Directory | Table::Place => return Err(bent(table)),
        };
        Ok((table, slot))
    }

    /// Where is told what changes of a slot beside its log.
    pub(super) fn change(&self, changed: Changed) -> Vec<u8> {
        let tag = match changed {
            Changed::Room(room) => Self::tag(Slot::Room(room)),
            Changed::User(user) => Self::tag(Slot::User(user)),
            Changed::Emoji => Self::tag(Slot::Emoji),
        };
        format!("{}change:{tag}", self.prefix).into_bytes()
    }

    /// The bed that a key, or the beginning of one, lies in, and how much of the key says
    /// so. All of a call's keys are of its slot.
    pub(super) fn bed(&self, slot: Slot, key: &[u8]) -> Result<(Bed, usize), StoreError> {
        let (table, found) = Self::slot(key)?;
        if found != slot {
            return Err(StoreError::Engine(format!("a row of table {} is of another room or user", table.name())));
        }
        let Cut { slot: id, split } = cut(table);
        let name = match key.get(split.clone()).ok_or_else(|| bent(table))? {
            _ if is_single(table) => "row".to_owned(),
            [] => table.name().to_owned(),
            _ if table == Table::RequestKey => {
                let day = u32::from_be_bytes(key[1..5].try_into().map_err(|_| bent(table))?);
                let user = UserId(key[21..37].try_into().map_err(|_| bent(table))?);
                format!("{}:{day}:{user}", table.name())
            }
            part => format!("{}:{}", table.name(), hex(part)),
        };
        Ok((Bed { table, key: self.key(slot, &name) }, id.end.max(split.end)))
    }

    /// Where the row of a key lies.
    pub(super) fn place(&self, slot: Slot, key: &[u8]) -> Result<Place, StoreError> {
        let (bed, behind) = self.bed(slot, key)?;
        let field = if is_single(bed.table) { bed.table.name().into() } else { key[behind..].to_vec() };
        Ok(Place { bed, field })
    }
}

impl Bed {
    /// The key beside it: the order of a table, or what was changed of a stream.
    pub(super) fn beside(&self) -> Vec<u8> {
        let name: &[u8] = if shape(self.table) == Shape::Stream { b":changed" } else { b":order" };
        [&self.key, name].concat()
    }
}

/// The number of a stream's entry, from the field of its row or a part of it. What is cut
/// off counts as zeros, as it does in the order of keys.
pub(super) fn number(field: &[u8]) -> u64 {
    let mut number = [0; 8];
    let known = field.len().min(8);
    number[..known].copy_from_slice(&field[..known]);
    u64::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        embedded::keys,
        model::{Digest, EmojiId, InvitationId, Reference},
    };
    use rill_protocol::ClientId;

    const ROOM: RoomId = RoomId([1; 16]);
    const USER: UserId = UserId([2; 16]);

    #[test]
    fn rows_lie_in_the_keys_of_their_slot() {
        let layout = Layout::new("rill:");
        let check = |slot, key: Vec<u8>, name: &str, field: &[u8]| {
            let place = layout.place(slot, &key).unwrap();
            assert_eq!(String::from_utf8(place.bed.key).unwrap(), name);
            assert_eq!(place.field, field);
        };
        let (room, user) = (Slot::Room(ROOM), Slot::User(USER));
        check(room, keys::room_head(ROOM).bytes, &format!("rill:{{r:{ROOM}}}:row"), b"room_head");
        check(room, keys::member(ROOM, USER).bytes, &format!("rill:{{r:{ROOM}}}:member"), &USER.0);
        check(room, keys::entry(ROOM, 7).bytes, &format!("rill:{{r:{ROOM}}}:entry"), &7u64.to_be_bytes());
        let asked = keys::request_key(19_000, ROOM, USER, ClientId([3; 16])).bytes;
        check(room, asked, &format!("rill:{{r:{ROOM}}}:request_key:19000:{USER}"), &[3; 16]);
        check(user, keys::ticket(USER, Digest([4; 32])).bytes, &format!("rill:{{u:{USER}}}:ticket"), &[4; 32]);
        let used = keys::invitation_use(USER, InvitationId([0xAB; 16]), UserId([6; 16])).bytes;
        check(user, used, &format!("rill:{{u:{USER}}}:invitation_use:{}", "ab".repeat(16)), &[6; 16]);
        let draft = keys::user_key(USER, 2, ROOM.0).bytes;
        check(user, draft, &format!("rill:{{u:{USER}}}:user_key:02"), &ROOM.0);
        let name = NameKey([9; 32]);
        check(Slot::Name(name), keys::name(name).bytes, &format!("rill:{{n:{}}}:row", "09".repeat(32)), b"name");
        let (id, content) = (ContentId([0xAB; 16]), format!("rill:{{c:{}}}", "ab".repeat(16)));
        check(Slot::Content(id), keys::content(id).bytes, &format!("{content}:row"), b"content");
        let reference = keys::reference(id, Reference::Message { room: ROOM, seq: 7 }).bytes;
        check(
            Slot::Content(id),
            reference,
            &format!("{content}:reference"),
            &[&[1; 17][..], &7u64.to_be_bytes()].concat(),
        );
        check(Slot::Emoji, keys::emoji_set().bytes, "rill:{e}:row", b"emoji_set");
        check(Slot::Emoji, keys::emoji(EmojiId([7; 16])).bytes, "rill:{e}:emoji", &[7; 16]);
        check(Slot::Desk, keys::act(7).bytes, "rill:{d}:audit_entry", &7u64.to_be_bytes());
        let known = keys::report_key(USER, ClientId([3; 16])).bytes;
        check(Slot::Desk, known, &format!("rill:{{d}}:report_key:{}", hex(&USER.0)), &[3; 16]);
        check(user, keys::user_avatar(USER).bytes, &format!("rill:{{u:{USER}}}:row"), b"user_avatar");
        check(user, keys::user_card(USER).bytes, &format!("rill:{{u:{USER}}}:row"), b"user_card");
        check(user, keys::block(USER, UserId([5; 16])).bytes, &format!("rill:{{u:{USER}}}:block"), &[5; 16]);
        assert!(layout.place(Slot::Room(RoomId([8; 16])), &keys::room(ROOM).bytes).is_err(), "of another room");
        assert!(layout.place(room, &keys::meta().bytes).is_err(), "of no room");
    }

    #[test]
    fn the_number_of_a_cut_key_is_the_least_that_it_begins() {
        assert_eq!((number(&[]), number(&[1]), number(&300u64.to_be_bytes())), (0, 1 << 56, 300));
    }
}
