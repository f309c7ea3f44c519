//! What a record of an older format means today.

use super::*;

impl From<RoomOfFormat1> for Room {
    /// Rooms were groups for everybody, and nobody's: they are their creators'.
    fn from(older: RoomOfFormat1) -> Self {
        let RoomOfFormat1 { name, creator, created_ms, parent, created_by } = older;
        let (kind, access, topic, owner) = (RoomKind::Group, Access::Public, String::new(), creator);
        Self { name, creator, created_ms, parent, created_by, kind, access, topic, owner }
    }
}

impl From<RoomHeadOfFormat1> for RoomHead {
    fn from(older: RoomHeadOfFormat1) -> Self {
        let RoomHeadOfFormat1 { epoch, seq, at_ms, posts, members } = older;
        Self { seq, posts, members, ..Self::new(epoch, at_ms) }
    }
}

impl From<MembershipOfFormat1> for Membership {
    fn from(older: MembershipOfFormat1) -> Self {
        let MembershipOfFormat1 { ranges, joined_ms } = older;
        Self { ranges, joined_ms, is_admin: false }
    }
}

impl From<EntryOfFormat1> for Entry {
    /// Texts lay in rows of their own.
    fn from(older: EntryOfFormat1) -> Self {
        let EntryOfFormat1 { at_ms, author, client_id, posts, fact } = older;
        let text = if fact.has_body() { Text::Apart } else { Text::None };
        Self { at_ms, author, client_id, posts, fact, text }
    }
}

impl From<StandingOfFormat1> for Standing {
    fn from(older: StandingOfFormat1) -> Self {
        let StandingOfFormat1 { mark_seq, key_days } = older;
        Self { mark_seq, key_days, read_seq: mark_seq, ..Self::default() }
    }
}

impl From<UserEntryOfFormat1> for UserEntry {
    /// It spoke of rooms alone.
    fn from(older: UserEntryOfFormat1) -> Self {
        let UserEntryOfFormat1 { at_ms, fact, room } = older;
        let subject = match fact {
            UserFact::RoomAdded => UserSubject::RoomAdded(room),
            UserFact::RoomRemoved => UserSubject::RoomRemoved(room),
        };
        Self { at_ms, subject }
    }
}

impl From<TransferProgressOfFormat1> for TransferProgress {
    fn from(older: TransferProgressOfFormat1) -> Self {
        let TransferProgressOfFormat1 { durable, values } = older;
        Self { durable, values, writer: 0 }
    }
}

impl From<UserOfFormat1> for User {
    fn from(older: UserOfFormat1) -> Self {
        let UserOfFormat1 { name, password_hash, created_ms } = older;
        Self { name, password_hash, created_ms, role: Role::Member, disabled_ms: None }
    }
}

impl From<SessionOfFormat1> for Session {
    /// When it was used was not written down: at its beginning, to be sure.
    fn from(older: SessionOfFormat1) -> Self {
        let SessionOfFormat1 { token, created_ms, client } = older;
        Self { token, created_ms, client, used_ms: created_ms }
    }
}
