//! What a batch changes that somebody may remember: see [`crate::port::changes`].

use rill_protocol::{RoomId, UserId};
use std::collections::BTreeSet;

use crate::{
    engine::Overlay,
    planted::{self, Bug},
    port::changes::Changed,
    table::Table,
};

/// Read off the rows, so that no command can forget to say it. A post changes none of these.
pub(crate) fn changed(writes: &Overlay) -> BTreeSet<Changed> {
    let changed = |key: &Vec<u8>| {
        let table = key.first().and_then(|number| Table::of(*number))?;
        let id = || key.get(1..17)?.try_into().ok();
        match table {
            Table::Member | Table::FormerMember if planted::is(Bug::ChangeUntold) => None,
            Table::Room | Table::Member | Table::FormerMember | Table::RoomAvatar => Some(Changed::Room(RoomId(id()?))),
            Table::User | Table::UserAvatar | Table::UserCard | Table::UserStatus | Table::UserSeen => {
                Some(Changed::User(UserId(id()?)))
            }
            Table::Block | Table::BlockedBy => Some(Changed::User(UserId(id()?))),
            Table::EmojiSet => Some(Changed::Emoji),
            _ => None,
        }
    };
    writes.keys().filter_map(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::keys;

    #[test]
    fn what_is_recorded_of_a_room_or_a_user_is_a_change_and_what_their_logs_say_is_none() {
        let (room, user) = (RoomId([1; 16]), UserId([2; 16]));
        let check = |keys: Vec<Vec<u8>>, expected: &[Changed]| {
            let writes = keys.into_iter().map(|key| (key, None)).collect();
            assert!(changed(&writes).iter().eq(expected));
        };
        check(vec![keys::room(room).bytes], &[Changed::Room(room)]);
        check(vec![keys::member(room, user).bytes, keys::former_member(room, user).bytes], &[Changed::Room(room)]);
        check(vec![keys::user(user).bytes], &[Changed::User(user)]);
        check(vec![keys::room_avatar(room).bytes], &[Changed::Room(room)]);
        check(vec![keys::user_avatar(user).bytes], &[Changed::User(user)]);
        check(vec![keys::user_card(user).bytes, keys::user_status(user).bytes], &[Changed::User(user)]);
        check(vec![keys::user_seen(user).bytes], &[Changed::User(user)]);
        check(vec![keys::blocked_by(user, UserId([3; 16])).bytes], &[Changed::User(user)]);
        check(vec![keys::block(user, UserId([3; 16])).bytes], &[Changed::User(user)]);
        check(vec![keys::emoji_set().bytes], &[Changed::Emoji]);
        let of_a_post = [keys::room_head(room).bytes, keys::entry(room, 7).bytes, keys::standing(room, user).bytes];
        check(of_a_post.into(), &[]);
    }
}
