//! What must hold of the logs, whatever happened: asked when the server stands still.

use rill_protocol::{ClientId, RoomId, UserId};
use rill_server::domain::visible::visible;
use rill_storage::{
    Store, StoreError,
    embedded::simulated::{self, Simulated},
    limits::Bounds,
    model::{Body, Entry, Fact, Head, Membership, UserFact},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    device::Standing,
    witness::{Facts, Print, Seen, Shown, kind, text_of},
    world::World,
};

/// A room as the store has it.
pub(crate) struct Room {
    pub(crate) id: RoomId,
    head: Head,
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) memberships: BTreeMap<UserId, Membership>,
}

fn print(entry: &Entry) -> Print {
    let Entry { at_ms, author, client_id, fact, ref body, .. } = *entry;
    Shown { kind: kind(fact), at_ms, author, client_id, text: text_of(body) }.print()
}

async fn read(store: &Store, world: &World) -> Result<Vec<Room>, StoreError> {
    let mut rooms = Vec::new();
    for id in world.all_rooms() {
        let Some(head) = store.log.head(id).await? else { continue };
        let mut entries: Vec<Arc<Entry>> = Vec::new();
        loop {
            let part = store.log.entries(id, entries.last().map_or(0, |last| last.seq), 1_000, usize::MAX).await?;
            if part.is_empty() {
                break;
            }
            entries.extend(part);
        }
        let mut memberships = BTreeMap::new();
        for user in &world.users {
            if let Some(membership) = store.rooms.membership(id, user.id).await? {
                memberships.insert(user.id, membership);
            }
        }
        rooms.push(Room { id, head, entries, memberships });
    }
    Ok(rooms)
}

/// Opens the store of a world without a server, and judges what it holds.
pub(crate) async fn logs(world: &World) -> Result<(), StoreError> {
    let (rooms, _) = open_and_judge(world).await?;
    drop(rooms);
    Ok(())
}

/// The same at the end, when everybody is at rest: now devices have all that they may see.
pub(crate) async fn everything(world: &World, standings: &[(String, Standing)]) -> Result<(), StoreError> {
    let (rooms, snapshots) = open_and_judge(world).await?;
    crate::files::judge(world).await?;
    let verdict = own_logs(world, &rooms, &snapshots).and_then(|()| {
        standings
            .iter()
            .try_for_each(|(name, standing)| device(world, &rooms, standing).map_err(|what| format!("{name}: {what}")))
    });
    if let Err(what) = verdict {
        world.witness.violated(what);
    }
    Ok(())
}

type Snapshots = BTreeMap<UserId, BTreeSet<RoomId>>;

async fn open_and_judge(world: &World) -> Result<(Vec<Room>, Snapshots), StoreError> {
    let Simulated { store, handle, committing } =
        simulated::open(&world.disk, Bounds::default(), world.store_entropy())?;
    let rooms = read(&store, world).await?;
    if rooms.iter().filter(|room| world.chat(room.id).is_none()).count() != world.rooms.len() {
        world.witness.violated("a room is gone");
    }
    let checked = handle.check(|_| {})?;
    if let Some(finding) = checked.findings.first() {
        world.witness.violated(format!("the store's own check: {finding}"));
    }
    judge_rooms(world, &rooms);
    crate::talks::judge(world, &store, &rooms).await?;
    let mut snapshots = Snapshots::new();
    for user in &world.users {
        let entries = store.user_log.snapshot(user.id).await?.map_or(Vec::new(), |(_, entries)| entries);
        let rooms = entries.iter().filter_map(|entry| match entry.fact {
            UserFact::RoomAdded(room) => Some(room),
            _ => None,
        });
        snapshots.insert(user.id, rooms.collect());
    }
    committing.end()?;
    Ok((rooms, snapshots))
}

fn judge_rooms(world: &World, rooms: &[Room]) {
    let verdict = {
        let facts = world.witness.facts.lock();
        rooms.iter().try_for_each(|room| judge_room(world, room, &facts))
    };
    if let Err(what) = verdict {
        world.witness.violated(what);
    }
}

fn judge_room(world: &World, room: &Room, facts: &Facts) -> Result<(), String> {
    dense(room)?;
    once(room)?;
    acked(room, facts)?;
    if let Some(chat) = world.chat(room.id) {
        crate::talks::judge_chat(chat, room)?;
        return seen(room, facts, |user, _, _| chat.two.contains(&user));
    }
    let replayed = crate::groups::judge(&room.entries, &room.memberships)?;
    seen(room, facts, |user, seq, target| replayed.may_see(user, seq, target))
}

/// 1, 2, 3 …, in the order of their times, with the right number of posts.
fn dense(room: &Room) -> Result<(), String> {
    let (mut posts, mut at_ms) = (0, 0);
    for (entry, seq) in room.entries.iter().zip(1..) {
        posts += u64::from(entry.fact.is_post());
        if (entry.seq, entry.posts) != (seq, posts) || entry.at_ms < at_ms {
            return Err(format!("the log is not dense: {} stands at {seq} with {} posts", entry.seq, entry.posts));
        }
        at_ms = entry.at_ms;
    }
    if room.head.seq != room.entries.len() as u64 || room.head.posts != posts {
        return Err(format!("the log has {} entries and its head says {}", room.entries.len(), room.head.seq));
    }
    Ok(())
}

/// One client id never makes two entries. The first two are one request's.
fn once(room: &Room) -> Result<(), String> {
    let mut keys: BTreeSet<(UserId, ClientId)> = BTreeSet::new();
    match room.entries.iter().skip(1).find(|entry| !keys.insert((entry.author, entry.client_id))) {
        Some(entry) => Err(format!("{} made two entries, the second at {}", entry.client_id, entry.seq)),
        None => Ok(()),
    }
}

/// What was answered is there, where it was said to be and as it was said; and what is
/// there was sent by somebody.
fn acked(room: &Room, facts: &Facts) -> Result<(), String> {
    for ((_, author, client_id), seq) in facts.acked.iter().filter(|((of, ..), _)| *of == room.id) {
        let entry = room.entries.get(*seq as usize - 1);
        if entry.is_none_or(|entry| (entry.author, entry.client_id) != (*author, *client_id)) {
            return Err(format!("{client_id} was acknowledged as {seq} and is not there"));
        }
    }
    for entry in room.entries.iter().filter(|entry| entry.fact == Fact::Posted) {
        let key = (room.id, entry.author, entry.client_id);
        let sent = facts.sent.get(&key).map_or(&[][..], Vec::as_slice);
        let meant = if facts.forgotten.contains(&key) { sent } else { &sent[..sent.len().min(1)] };
        let is_removed = entry.body == Body::Erased && !meant.is_empty();
        if !is_removed && !matches!(&entry.body, Body::Text(text) if meant.iter().any(|meant| **text == **meant)) {
            return Err(format!("nobody sent what lies at {}", entry.seq));
        }
    }
    Ok(())
}

/// What anybody saw is what the log has, and nobody saw what they may not see.
fn seen(room: &Room, facts: &Facts, may_see: impl Fn(UserId, u64, u64) -> bool) -> Result<(), String> {
    let first = (room.id, room.head.epoch, 0);
    for ((_, _, seq), seen) in facts.prints.range(first..=(room.id, room.head.epoch, u64::MAX)) {
        if !room.entries.get(*seq as usize - 1).is_some_and(|entry| may_have_shown(room, entry, *seen, facts)) {
            return Err(format!("what was seen at {seq} is not what the log has"));
        }
    }
    for (_, _, seq) in facts.erased.range(first..=(room.id, room.head.epoch, u64::MAX)) {
        if !room.entries.get(*seq as usize - 1).is_some_and(|entry| is_erased(room, entry)) {
            return Err(format!("{seq} was seen to be removed, and is not"));
        }
    }
    for (user, of, epoch, seq) in facts.seen.iter().filter(|(_, of, ..)| *of == room.id) {
        if (*of, *epoch) != (room.id, room.head.epoch) {
            return Err(format!("{seq} was seen in an epoch that the log does not have"));
        }
        let target = room.entries.get(*seq as usize - 1).map_or(*seq, |entry| entry.target_seq());
        if !may_see(*user, *seq, target) {
            return Err(format!("{seq} was seen by somebody who may not see it"));
        }
    }
    Ok(())
}

/// Whether an entry shows that, or did before it was removed.
fn may_have_shown(room: &Room, entry: &Entry, seen: Print, facts: &Facts) -> bool {
    if print(entry) == seen || entry.body != Body::Erased {
        return print(entry) == seen;
    }
    let Entry { at_ms, author, client_id, fact, .. } = *entry;
    let sent = facts.sent.get(&(room.id, author, client_id)).map_or(&[][..], Vec::as_slice);
    sent.iter().any(|text| Shown { kind: kind(fact), at_ms, author, client_id, text }.print() == seen)
}

/// Whether an entry says nothing because its message was removed.
fn is_erased(room: &Room, entry: &Entry) -> bool {
    let target = room.entries.get(entry.target_seq() as usize - 1);
    entry.body == Body::Erased
        || matches!(entry.fact, Fact::FileSettled { .. }) && target.is_some_and(|target| target.body == Body::Erased)
}

/// A user's own log names the rooms that they are in.
fn own_logs(world: &World, rooms: &[Room], snapshots: &Snapshots) -> Result<(), String> {
    for user in &world.users {
        let is_in = |room: &&Room| room.memberships.get(&user.id).is_some_and(Membership::is_active);
        let expected: BTreeSet<RoomId> = rooms.iter().filter(is_in).map(|room| room.id).collect();
        if snapshots.get(&user.id) != Some(&expected) {
            return Err(format!("the own log of {} does not name the rooms they are in", user.name));
        }
    }
    Ok(())
}

/// A device at rest has every entry of its rooms, in order, and what it may not see hidden.
fn device(world: &World, rooms: &[Room], standing: &Standing) -> Result<(), String> {
    for room in rooms {
        let membership = room.memberships.get(&standing.user).filter(|membership| membership.is_active());
        let (membership, tail) = match (membership, standing.tails.get(&room.id)) {
            (Some(membership), Some(tail)) => (membership, tail),
            (None, None) => continue,
            _ => return Err("it follows other rooms than its user is in".into()),
        };
        if (tail.epoch, tail.have()) != (room.head.epoch, room.head.seq) {
            return Err(format!("it has {} of {}", tail.have(), room.head.seq));
        }
        for (seen, entry) in tail.seen.iter().zip(&room.entries[tail.base as usize..]) {
            let may = visible(membership, entry.seq, entry.target_seq());
            let is_right = match *seen {
                Seen::Hidden => !may,
                Seen::Erased => may && is_erased(room, entry),
                // Who was not there when it was removed has what they had.
                Seen::Entry(shown) if entry.body == Body::Erased => {
                    let facts = world.witness.facts.lock();
                    may && !hears_of_removal(room, membership, entry.seq) && may_have_shown(room, entry, shown, &facts)
                }
                Seen::Entry(shown) => may && shown == print(entry),
            };
            if !is_right {
                return Err(format!("it has something else at {}", entry.seq));
            }
        }
    }
    Ok(())
}

/// Whether a member is told that a message was removed.
fn hears_of_removal(room: &Room, membership: &Membership, seq: u64) -> bool {
    let is_of_it = |entry: &&Arc<Entry>| entry.fact == Fact::Deleted { target: seq };
    room.entries.iter().find(is_of_it).is_some_and(|entry| visible(membership, entry.seq, seq))
}
