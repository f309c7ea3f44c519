//! Names in texts: `@name`, and `@all` or `@所有人` for everybody.
//!
//! A name ends where its characters do; but where people write without spaces what follows a
//! name may look like more of it. So a shorter name counts where the longer one is nobody's.

use rill_protocol::{
    RoomId, UserId,
    limits::{MENTIONS_PER_TEXT_MAX, USERNAME_CHARS_MAX, USERNAME_CHARS_MIN},
};
use rill_storage::model::{Mentions, RoomRole};

use super::{DomainError, World, names::Username};
use crate::limits::{MENTION_LOOKS_MAX, PERHAPS_LOOKS_MAX};
use std::collections::HashSet;

/// What stands for everybody, compared without case.
const EVERYBODY: [&str; 2] = ["all", "所有人"];

fn is_mark(c: char) -> bool {
    matches!(c, '.' | '_' | '-')
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// Whether a name may end between two characters that could both be of one.
fn may_end(last: char, next: char) -> bool {
    !is_mark(last) && (is_mark(next) || !last.is_ascii() || !next.is_ascii())
}

/// What may be a name behind each `@` of a text, the longest first.
fn named(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.match_indices('@').filter_map(|(at, _)| {
        // Inside a word it is an address.
        if text[..at].chars().next_back().is_some_and(is_of_name) {
            return None;
        }
        let rest = &text[at + 1..];
        let mut ends = Vec::new();
        let mut chars = rest.char_indices().peekable();
        let mut count = 0;
        while let Some((_, last)) = chars.next_if(|(_, c)| is_of_name(*c)) {
            count += 1;
            let (end, next) = chars.peek().map_or((rest.len(), None), |(end, next)| (*end, Some(*next)));
            let is_end = match next {
                Some(next) if is_of_name(next) => may_end(last, next),
                _ => !is_mark(last),
            };
            if is_end && count >= USERNAME_CHARS_MIN {
                ends.push(end);
            }
            if count == USERNAME_CHARS_MAX {
                break;
            }
        }
        ends.reverse();
        (!ends.is_empty()).then(|| ends.into_iter().map(|end| &rest[..end]).collect())
    })
}

/// Whether a text may name somebody: that costs looks at the store.
pub fn may_name(text: &str) -> bool {
    named(text).next().is_some()
}

/// Whom a text names. Who is a member the append says.
pub(super) async fn of(world: &World, author: UserId, room: RoomId, text: &str) -> Result<Mentions, DomainError> {
    let mut mentions = Mentions::default();
    let mut looks = 0;
    let mut known: Vec<&str> = Vec::new();
    for candidates in named(text) {
        for name in candidates {
            if known.contains(&name) {
                break;
            }
            let is_everybody = EVERYBODY.iter().any(|word| name.eq_ignore_ascii_case(word));
            if is_everybody && may_name_everybody(world, author, room).await? {
                mentions.everyone = true;
                known.push(name);
                break;
            }
            if looks == MENTION_LOOKS_MAX {
                return Ok(mentions);
            }
            looks += 1;
            let Some(user) = find(world, name).await? else { continue };
            known.push(name);
            if !mentions.users.contains(&user) {
                if mentions.users.len() == MENTIONS_PER_TEXT_MAX {
                    return Err(DomainError::TooManyMentions(MENTIONS_PER_TEXT_MAX));
                }
                mentions.users.push(user);
            }
            break;
        }
    }
    Ok(mentions)
}

/// All whom a text may name, also where a longer name counts now that nobody had before.
pub(super) async fn perhaps(world: &World, text: &str) -> Result<Vec<UserId>, DomainError> {
    let (mut users, mut looked) = (Vec::new(), HashSet::new());
    for name in named(text).flatten() {
        if looked.len() >= PERHAPS_LOOKS_MAX {
            break;
        }
        if looked.insert(name) {
            users.extend(find(world, name).await?.filter(|user| !users.contains(user)));
        }
    }
    Ok(users)
}

async fn find(world: &World, name: &str) -> Result<Option<UserId>, DomainError> {
    let Ok(name) = Username::new(name) else { return Ok(None) };
    let claim = world.store.users.by_name(world.store.name_key(name.compared())).await?;
    Ok(claim.map(|claim| claim.holder))
}

/// Who made the room.
async fn may_name_everybody(world: &World, author: UserId, room: RoomId) -> Result<bool, DomainError> {
    let Some(found) = world.memory.room(room).await? else { return Ok(false) };
    let Some(membership) = world.memory.membership(room, author).await? else { return Ok(false) };
    Ok(found.role_of(&membership).is_some_and(|role| role > RoomRole::Member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_where_they_may() {
        let check = |text: &str, expected: &[&[&str]]| {
            assert_eq!(named(text).collect::<Vec<_>>(), expected, "{text}");
        };
        check("no name", &[]);
        check("@bob", &[&["bob"]]);
        check("hi @bob, and @ann!", &[&["bob"], &["ann"]]);
        check("@bob.", &[&["bob"]]);
        check("@bob.smith said", &[&["bob.smith", "bob"]]);
        check("@bob...", &[&["bob"]]);
        check("to bob@example.org", &[]);
        check("@ bob @b @_", &[]);
        check("@林泓宇你好", &[&["林泓宇你好", "林泓宇你", "林泓宇", "林泓"]]);
        check("请@林lin看", &[]);
        check("请 @林lin看", &[&["林lin看", "林lin"]]);
        check("@@bob", &[&["bob"]]);
        check("(@所有人)", &[&["所有人", "所有"]]);
    }

    #[test]
    fn a_run_of_letters_costs_no_more_than_the_longest_name() {
        let long = format!("@{}", "溪".repeat(10_000));
        let found: Vec<_> = named(&long).collect();
        assert_eq!((found.len(), found[0].len()), (1, USERNAME_CHARS_MAX - USERNAME_CHARS_MIN + 1));
        assert_eq!(named(&"@".repeat(10_000)).count(), 0);
    }
}
