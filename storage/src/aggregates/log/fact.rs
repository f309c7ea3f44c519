//! Facts as they are stored and as they are given out.

use crate::{
    embedded::stored,
    model::{Access, Fact, HistoryFrom, RoomKind, RoomRole},
};

/// Two enums that say the same.
macro_rules! same {
    ($($stored:ident = $model:ident { $($variant:ident $({ $($field:ident),* })?,)* })*) => {$(
        impl From<stored::$stored> for $model {
            fn from(value: stored::$stored) -> Self {
                match value { $(stored::$stored::$variant $({ $($field),* })? => Self::$variant $({ $($field),* })?,)* }
            }
        }

        impl From<$model> for stored::$stored {
            fn from(value: $model) -> Self {
                match value { $($model::$variant $({ $($field),* })? => Self::$variant $({ $($field),* })?,)* }
            }
        }
    )*};
}

same! {
    RoomKind = RoomKind { Group, Private { a, b }, }
    Access = Access { Public, Invited, }
    HistoryFrom = HistoryFrom { Start, Joining, }
    RoomRole = RoomRole { Member, Admin, Owner, }
}

impl From<stored::Fact> for Fact {
    fn from(fact: stored::Fact) -> Self {
        match fact {
            stored::Fact::Created => Self::Created,
            stored::Fact::Posted => Self::Posted,
            stored::Fact::Joined => Self::Joined,
            stored::Fact::Left => Self::Left,
            stored::Fact::File => Self::File,
            stored::Fact::FileSettled { target } => Self::FileSettled { target },
            stored::Fact::Avatar { version, is_set } => Self::Avatar { version, is_set },
            stored::Fact::Renamed => Self::Renamed,
            stored::Fact::Topic => Self::Topic,
            stored::Fact::Access(access) => Self::Access(access.into()),
            stored::Fact::History(history) => Self::History(history.into()),
            stored::Fact::SlowMode(ms) => Self::SlowMode(ms),
            stored::Fact::Archived(is_archived) => Self::Archived(is_archived),
            stored::Fact::Role { user, role } => Self::Role { user, role: role.into() },
            stored::Fact::Removed { user } => Self::Removed { user },
            stored::Fact::Banned { user } => Self::Banned { user },
            stored::Fact::Unbanned { user } => Self::Unbanned { user },
            stored::Fact::Invited { user } => Self::Invited { user },
            stored::Fact::Uninvited { user } => Self::Uninvited { user },
            stored::Fact::LinkMade => Self::LinkMade,
            stored::Fact::LinkGone => Self::LinkGone,
            stored::Fact::Deleted { target } => Self::Deleted { target },
            stored::Fact::RoomDeleted => Self::RoomDeleted,
        }
    }
}

#[cfg(feature = "simulation")]
impl From<Fact> for stored::Fact {
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::Created => Self::Created,
            Fact::Posted => Self::Posted,
            Fact::Joined => Self::Joined,
            Fact::Left => Self::Left,
            Fact::File => Self::File,
            Fact::FileSettled { target } => Self::FileSettled { target },
            Fact::Avatar { version, is_set } => Self::Avatar { version, is_set },
            Fact::Renamed => Self::Renamed,
            Fact::Topic => Self::Topic,
            Fact::Access(access) => Self::Access(access.into()),
            Fact::History(history) => Self::History(history.into()),
            Fact::SlowMode(ms) => Self::SlowMode(ms),
            Fact::Archived(is_archived) => Self::Archived(is_archived),
            Fact::Role { user, role } => Self::Role { user, role: role.into() },
            Fact::Removed { user } => Self::Removed { user },
            Fact::Banned { user } => Self::Banned { user },
            Fact::Unbanned { user } => Self::Unbanned { user },
            Fact::Invited { user } => Self::Invited { user },
            Fact::Uninvited { user } => Self::Uninvited { user },
            Fact::LinkMade => Self::LinkMade,
            Fact::LinkGone => Self::LinkGone,
            Fact::Deleted { target } => Self::Deleted { target },
            Fact::RoomDeleted => Self::RoomDeleted,
        }
    }
}
