//! What channels and keys are called. A user's and a room's carry the hash tag of their
//! slot, as the store's own do, so that a cluster keeps them together.

use rill_protocol::UserId;
use rill_storage::{port::changes::Changed, redis::NODES};

use crate::cluster::bus::Channel;

/// The names under a prefix.
#[derive(Clone)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(super) fn channel(&self, channel: Channel) -> Vec<u8> {
        let prefix = &self.prefix;
        match channel {
            // Rung by the store's own commits.
            Channel::Room(room) => format!("{prefix}bell:{{r:{room}}}"),
            Channel::User(user) => format!("{prefix}bell:{{u:{user}}}"),
            Channel::Presence(user) => format!("{prefix}here:{{u:{user}}}"),
            Channel::Nodes => format!("{prefix}{NODES}"),
            Channel::Logins => format!("{prefix}logins"),
            Channel::Typing => format!("{prefix}typing"),
            Channel::Crowd => format!("{prefix}crowd"),
            // Rung by the store's own commits.
            Channel::Change(Changed::Room(room)) => format!("{prefix}change:{{r:{room}}}"),
            Channel::Change(Changed::User(user)) => format!("{prefix}change:{{u:{user}}}"),
            Channel::Change(Changed::Emoji) => format!("{prefix}change:{{e}}"),
        }
        .into_bytes()
    }

    pub(super) fn channel_of(&self, name: &[u8]) -> Option<Channel> {
        let name = std::str::from_utf8(name).ok()?.strip_prefix(&self.prefix)?;
        match name {
            NODES => return Some(Channel::Nodes),
            "logins" => return Some(Channel::Logins),
            "typing" => return Some(Channel::Typing),
            "crowd" => return Some(Channel::Crowd),
            "change:{e}" => return Some(Channel::Change(Changed::Emoji)),
            _ => {}
        }
        let (kind, tag) = name.split_once(':')?;
        let tag = tag.strip_prefix('{')?.strip_suffix('}')?;
        match (kind, tag.split_once(':')?) {
            ("bell", ("r", room)) => room.parse().ok().map(Channel::Room),
            ("bell", ("u", user)) => user.parse().ok().map(Channel::User),
            ("change", ("r", room)) => room.parse().ok().map(Changed::Room).map(Channel::Change),
            ("change", ("u", user)) => user.parse().ok().map(Changed::User).map(Channel::Change),
            ("here", ("u", user)) => user.parse().ok().map(Channel::Presence),
            _ => None,
        }
    }

    /// A channel on which a node hears itself alone.
    pub(super) fn own(&self, node: &str) -> Vec<u8> {
        format!("{}node:{{{node}}}", self.prefix).into_bytes()
    }

    /// The nodes, by when they are forgotten.
    pub(super) fn nodes(&self) -> Vec<u8> {
        format!("{}{NODES}", self.prefix).into_bytes()
    }

    /// From where somebody has logged in; in one slot with what nodes allow together.
    pub(super) fn known(&self) -> Vec<u8> {
        format!("{}{{limits}}:known", self.prefix).into_bytes()
    }

    /// When somebody's allowance is full again.
    pub(super) fn allowance(&self, key: &[u8; 16]) -> Vec<u8> {
        format!("{}{{limits}}:{:032x}", self.prefix, u128::from_be_bytes(*key)).into_bytes()
    }

    /// The nodes that a user is attached at.
    pub(super) fn here(&self, user: UserId) -> Vec<u8> {
        format!("{}here:{{u:{user}}}", self.prefix).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::RoomId;

    #[test]
    fn names_lead_back_to_their_channels() {
        let names = Names::new("team:rill:");
        let (room, user) = (RoomId([7; 16]), UserId([8; 16]));
        let of_all = [Channel::Nodes, Channel::Logins, Channel::Typing, Channel::Crowd];
        let of_logs = [Channel::Room(room), Channel::User(user), Channel::Presence(user)];
        let of_changes = [Changed::Room(room), Changed::User(user), Changed::Emoji].map(Channel::Change);
        for channel in of_logs.into_iter().chain(of_changes).chain(of_all) {
            assert_eq!(names.channel_of(&names.channel(channel)), Some(channel));
        }
        assert_eq!(names.channel(Channel::Room(room)), format!("team:rill:bell:{{r:{room}}}").into_bytes());
        for other in ["rill:nodes", "team:rill:bell:{x:7}", "team:rill:bell:7", "team:rill:node:{a}", "", "\u{ff}"] {
            assert_eq!(names.channel_of(other.as_bytes()), None, "{other}");
        }
    }
}
