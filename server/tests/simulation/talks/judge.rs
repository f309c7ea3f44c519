//! What must hold of talks when the server stands still: held against the logs.

use rill_protocol::{UserId, limits::UNREAD_COUNT_MAX};
use rill_server::domain::visible::visible;
use rill_storage::{
    Store, StoreError,
    model::{Body, Entry, Fact, Membership},
};
use std::collections::{BTreeMap, BTreeSet};

use super::{Chat, reports};
use crate::{judge::Room, world::World};

/// What opening a chat writes: that it is there, who opened it, and the other one.
const OPENING: usize = 3;

/// A chat is of its two from its beginning on, and nobody else says or does anything there.
///
/// # Errors
/// What does not hold.
pub(crate) fn chat(chat: &Chat, room: &Room) -> Result<(), String> {
    let (entries, two) = (&room.entries, BTreeSet::from(chat.two));
    let opening: Vec<(Fact, UserId)> = entries.iter().take(OPENING).map(|entry| (entry.fact, entry.author)).collect();
    let is_opening = match opening[..] {
        [(Fact::Created, opener), (Fact::Joined, first), (Fact::Joined, second)] => {
            opener == first && BTreeSet::from([first, second]) == two
        }
        _ => false,
    };
    if !is_opening {
        return Err(format!("a chat of two begins with {opening:?}"));
    }
    for entry in entries.iter().skip(OPENING) {
        let is_theirs = match entry.fact {
            Fact::Posted | Fact::File | Fact::FileSettled { .. } => two.contains(&entry.author),
            Fact::Deleted { target } => may_remove(entry, author(room, target)),
            _ => false,
        };
        if !is_theirs {
            return Err(format!("{:?} by {} stands at {} of a chat of two", entry.fact, entry.author, entry.seq));
        }
    }
    let members: BTreeSet<UserId> = room.memberships.keys().copied().collect();
    let sees_all = |membership: &Membership| {
        membership.is_active() && entries.iter().all(|entry| visible(membership, entry.seq, entry.target_seq()))
    };
    match members == two && room.memberships.values().all(sees_all) {
        true => Ok(()),
        false => Err("a chat is not of its two, all of it".into()),
    }
}

fn author(room: &Room, seq: u64) -> Option<UserId> {
    room.entries.get(seq as usize - 1).filter(|entry| entry.fact.is_post()).map(|entry| entry.author)
}

/// In a chat everybody removes their own, and administrators all.
fn may_remove(entry: &Entry, author: Option<UserId>) -> bool {
    author.is_some_and(|author| entry.author == author || entry.author == UserId::default())
}

/// All of it.
pub(crate) async fn talks(world: &World, store: &Store, rooms: &[Room]) -> Result<(), StoreError> {
    if !world.has_talks() {
        return Ok(());
    }
    let mut verdict = rooms.iter().try_for_each(removed).and_then(|()| answered(world, rooms));
    for room in rooms {
        if verdict.is_ok() {
            verdict = counts(world, store, room).await?;
        }
    }
    if verdict.is_ok() {
        verdict = reports::judge(world, store).await?;
    }
    if let Err(what) = verdict {
        world.witness.violated(what);
    }
    Ok(())
}

/// What the log says to be removed says nothing, and nothing else does; nothing is removed twice.
fn removed(room: &Room) -> Result<(), String> {
    let mut targets = BTreeSet::new();
    for entry in &room.entries {
        if let Fact::Deleted { target } = entry.fact
            && !targets.insert(target)
        {
            return Err(format!("{target} is removed twice"));
        }
    }
    for entry in room.entries.iter().filter(|entry| entry.fact.is_post()) {
        let says_nothing = entry.body == Body::Erased && entry.file.is_none();
        if (entry.body == Body::Erased) != targets.contains(&entry.seq) || entry.body == Body::Erased && !says_nothing {
            return Err(format!("{} is {:?}, and removed: {}", entry.seq, entry.body, targets.contains(&entry.seq)));
        }
    }
    Ok(())
}

/// What was answered is so: chats are there, and messages are removed.
fn answered(world: &World, rooms: &[Room]) -> Result<(), String> {
    let talks = world.witness.talks.lock();
    if let Some(room) = talks.opened.iter().find(|room| !rooms.iter().any(|of| of.id == **room)) {
        return Err(format!("the chat {room} was opened, and is not there"));
    }
    for ((id, seq), is_acked) in talks.removals() {
        let entry = rooms.iter().find(|room| room.id == id).and_then(|room| room.entries.get(seq as usize - 1));
        if is_acked && entry.is_none_or(|entry| entry.body != Body::Erased) {
            return Err(format!("{seq} of {id} was answered to be removed, and is not"));
        }
    }
    Ok(())
}

/// Everybody's counts are what a recount says: posts behind their mark, and of those the ones that
/// name them, as far as they say anything still.
async fn counts(world: &World, store: &Store, room: &Room) -> Result<Result<(), String>, StoreError> {
    let names: BTreeMap<UserId, String> = world.users.iter().map(|user| (user.id, format!("@{}", user.name))).collect();
    let there = there(room);
    for (user, membership) in room.memberships.iter().filter(|(_, membership)| membership.is_active()) {
        let Some(reading) = store.marks.reading(room.id, *user).await? else {
            return Ok(Err(format!("{user} is a member, and has no counts")));
        };
        let is_behind = |entry: &&&Entry| entry.seq > reading.mark_seq && visible(membership, entry.seq, entry.seq);
        let posts: Vec<&Entry> = room.entries.iter().map(AsRef::as_ref).filter(|entry| entry.fact.is_post()).collect();
        let behind: Vec<&&Entry> = posts.iter().filter(is_behind).collect();
        let is_named = |entry: &&&&Entry| {
            let was_there = there.get(&entry.seq).is_some_and(|there| there.contains(user));
            // Wherever it stands: who said it otherwise under the same client id said more behind it.
            let is_in = |text: &str| names.get(user).is_some_and(|name| text.split(' ').any(|word| word == name));
            entry.author != *user && was_there && matches!(&entry.body, Body::Text(text) if is_in(text))
        };
        let capped = |count: usize| (count as u64).min(UNREAD_COUNT_MAX) as u32;
        let expected = (capped(behind.len()), capped(behind.iter().filter(is_named).count()));
        if (reading.unread, reading.mentions) != expected {
            let told = (reading.unread, reading.mentions);
            return Ok(Err(format!("{user} has {told:?} unread and named in {}, and {expected:?} are there", room.id)));
        }
    }
    Ok(Ok(()))
}

/// Who was in the room at each of its posts that may name somebody.
fn there(room: &Room) -> BTreeMap<u64, BTreeSet<UserId>> {
    let (mut members, mut there) = (BTreeSet::new(), BTreeMap::new());
    for entry in &room.entries {
        match entry.fact {
            Fact::Joined => drop(members.insert(entry.author)),
            Fact::Left => drop(members.remove(&entry.author)),
            Fact::Removed { user } | Fact::Banned { user } => drop(members.remove(&user)),
            Fact::Posted if matches!(&entry.body, Body::Text(text) if text.contains('@')) => {
                there.insert(entry.seq, members.clone());
            }
            _ => {}
        }
    }
    there
}
