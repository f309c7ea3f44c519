//! Chats of two, blocks, messages that are removed and reports, in one life of eight: opened by both
//! at once, closed and opened by blocks while posts are on their way, and looked at by those whom
//! they are none of. Its chance is its own, so the other lives are what they would be without it.
//! What is known is in `facts`, what must hold in the end in `judge`.

mod chats;
mod facts;
mod judge;
mod look;
mod removal;
mod reports;

use rill_protocol::{Action, Code, RoomId, UserId};
use rill_server::{domain::DomainError, runtime::Clock as _, wire::code::Failure};
use rill_storage::{Store, StoreError, model::Anchor};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::sleep;

use crate::{
    device::{Handle, Order, Standing},
    dice::Dice,
    operation::{content, text},
    server::Server,
    witness::Seen,
    world::World,
};
pub(crate) use facts::{Facts, Moment};
pub(crate) use judge::{chat as judge_chat, talks as judge};

/// One life of so many has talks.
pub(crate) const LIVES: u64 = 8;
/// Which of them.
pub(crate) const LIFE: u64 = 7;
/// One operation of so many is followed by one of these.
const SELDOM: u64 = 2;
/// Of the chats that there may be, those in which most happens.
const BUSY: u64 = 3;

/// What was done of this in a life.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lived {
    pub(crate) opened: u64,
    pub(crate) posts: u64,
    pub(crate) blocks: u64,
    pub(crate) removed: u64,
    pub(crate) reported: u64,
}

/// The chat that two people have, if one of them has opened it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chat {
    pub(crate) room: RoomId,
    pub(crate) two: [UserId; 2],
}

impl Chat {
    /// With whom one of the two talks there.
    pub(crate) fn other(&self, user: UserId) -> Option<UserId> {
        let [one, other] = self.two;
        if user == one { Some(other) } else { (user == other).then_some(one) }
    }
}

/// Whether a seed's life has them.
pub(crate) fn are_in(seed: u64) -> bool {
    seed % LIVES == LIFE
}

/// The chance that makes them.
pub(crate) fn dice(seed: u64) -> Dice {
    Dice::new(seed.rotate_left(16) ^ !seed)
}

/// The chats that there may be: their ids follow from the two. Everybody can be named.
pub(crate) async fn prepared(world: &World, store: &Store) -> Result<Vec<Chat>, StoreError> {
    let mut chats = Vec::new();
    for (at, other) in world.users.iter().enumerate() {
        store.users.claim_name(store.name_key(&other.name), other.id, world.watch.now_ms()).await?;
        for one in &world.users[..at] {
            let (a, b) = (one.id.min(other.id), one.id.max(other.id));
            let digest = store.digest("private-chat", &[&a.0, &b.0]).0;
            let mut room = RoomId([0; 16]);
            room.0.copy_from_slice(&digest[..16]);
            chats.push(Chat { room, two: [one.id, other.id] });
        }
    }
    world.witness.talks.lock().chats = chats.iter().map(|chat| (chat.room, chat.two)).collect();
    Ok(chats)
}

fn anybody(world: &World, dice: &mut Dice) -> UserId {
    world.users[dice.below(world.users.len() as u64) as usize].id
}

fn any_chat(world: &World, dice: &mut Dice) -> Chat {
    let among = if dice.one_in(4) { world.chats.len() as u64 } else { BUSY };
    world.chats[dice.below(among) as usize]
}

/// A room, or a chat.
fn any_room(world: &World, dice: &mut Dice) -> RoomId {
    if dice.one_in(2) { any_chat(world, dice).room } else { dice.one_of(&world.rooms) }
}

/// A device of somebody: devices are dealt out in turn.
fn device_of<'a>(world: &World, devices: &'a [Handle], user: UserId, dice: &mut Dice) -> &'a Handle {
    let place = world.users.iter().position(|person| person.id == user).unwrap_or_default();
    let own: Vec<&Handle> = devices.iter().skip(place).step_by(world.users.len()).collect();
    own[dice.below(own.len() as u64) as usize]
}

/// Something may be said or done.
pub(crate) async fn perform(world: &Arc<World>, devices: &[Handle], dice: &mut Dice) {
    if !dice.one_in(SELDOM) {
        return;
    }
    let chat = any_chat(world, dice);
    let one = dice.one_of(&chat.two);
    let other = chat.other(one).unwrap_or(one);
    let device = device_of(world, devices, one, dice);
    match dice.below(26) {
        0 | 1 => {
            // Both at once, from as many devices as they like.
            for _ in 0..dice.between(1, 3) {
                chats::open(world, (one, other), dice);
                chats::open(world, (other, one), dice);
            }
        }
        2 => {
            chats::open(world, (one, other), dice);
            chats::block(world, (other, one), true);
        }
        3..6 => {
            device.order(Order::Post(chat.room, text(dice, 24)));
            chats::block(world, (one, other), dice.one_in(3));
            device_of(world, devices, other, dice).order(Order::Post(chat.room, text(dice, 24)));
        }
        6 => {
            // Two devices do not agree, and the other one does the same.
            for _ in 0..2 {
                chats::block(world, (one, other), dice.one_in(3));
            }
            chats::block(world, (other, one), dice.one_in(3));
        }
        7 => chats::block(world, (one, other), false),
        8..13 => drop(device.order(Order::Post(chat.room, text(dice, 24)))),
        13 => drop(device.order(Order::PostBatch(chat.room, vec![text(dice, 24), text(dice, 24)]))),
        14 => drop(device.order(Order::Send(chat.room, content(dice)))),
        15 => {
            device.order(Order::View(Some(chat.room)));
            device.order(Order::Page(chat.room, dice.below(60)));
        }
        16 => chats::read(world, (one, chat.room)).await,
        17 => {
            let named = world.users[dice.below(world.users.len() as u64) as usize].name.as_str();
            let room = any_room(world, dice);
            device.order(Order::Post(room, format!("{} @{named}", text(dice, 16))));
        }
        18..22 => removal::begin(world, any_room(world, dice), dice).await,
        22 => reports::begin(world, any_room(world, dice), dice, false).await,
        23 => reports::begin(world, any_room(world, dice), dice, true).await,
        24 => reports::close(world, dice).await,
        _ => {
            let somebody = device_of(world, devices, anybody(world, dice), dice);
            somebody.order(Order::Post(chat.room, text(dice, 24)));
            somebody.order(Order::Page(chat.room, dice.below(20)));
        }
    }
    if dice.one_in(4) {
        look::at(world, dice).await;
    }
}

/// Of messages that are looked at in the end.
const NEWEST: usize = 20;
/// How long it takes at most while nothing is late.
const TALKS_TAKE: Duration = Duration::from_secs(5);

/// Everybody who may says something once more, and reads everything, while everybody listens.
pub(crate) async fn once_more(world: &Arc<World>, devices: &[Handle], dice: &mut Dice) {
    for chat in world.chats.clone() {
        let one = dice.one_of(&chat.two);
        device_of(world, devices, one, dice).order(Order::Post(chat.room, text(dice, 24)));
    }
    sleep(TALKS_TAKE).await;
    for chat in world.chats.clone() {
        for one in chat.two {
            chats::read(world, (one, chat.room)).await;
        }
    }
    world.witness.talks.lock().is_last = true;
}

/// Whether every device knows up to where chats that are open have arrived at the others. Of marks
/// other nodes hear nothing here.
pub(crate) async fn are_told(
    world: &World,
    server: &Server,
    standings: &[(String, Standing)],
) -> Result<bool, StoreError> {
    if world.shared.is_some() || !world.witness.talks.lock().is_last {
        return Ok(true);
    }
    let Server { services, .. } = server;
    for chat in &world.chats {
        let [one, other] = chat.two;
        let people = &services.store.people;
        if people.blocks(one, other).await? || people.blocks(other, one).await? {
            continue;
        }
        for (_, standing) in standings.iter().filter(|(_, standing)| chat.other(standing.user).is_some()) {
            let Ok(arrived) = services.domain.marks.arrival(standing.user, chat.room).await else { return Ok(false) };
            // What the other one has said they have.
            let newest = services.store.log.messages(chat.room, Anchor::Before(u64::MAX), NEWEST, usize::MAX).await?;
            let messages = newest.map(|page| page.messages).unwrap_or_default();
            let said = messages.iter().filter(|message| Some(message.author) == chat.other(standing.user));
            let told = said.map(|message| message.seq).max().max(standing.delivered.get(&chat.room).copied());
            if told < arrived {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A message is shown to somebody who asked at that moment.
pub(crate) fn showed(world: &World, at: (RoomId, u64), seen: Seen, asked: Moment) {
    let talks = world.witness.talks.lock();
    let is_wrong = match seen {
        Seen::Entry(_) => talks.was_removed_before(at, asked),
        Seen::Erased => !talks.may_be_removed(at),
        Seen::Hidden => false,
    };
    drop(talks);
    if is_wrong {
        world.witness.violated(format!("{} of {} is shown as {seen:?}, and is not that", at.1, at.0));
    }
}

/// Whether a message was answered to be removed when a connection began. Another node may not have
/// heard of it yet.
pub(crate) fn was_removed_at_start(world: &World, at: (RoomId, u64), began: Moment) -> bool {
    world.shared.is_none() && world.witness.talks.lock().was_removed_before(at, began)
}

/// What is known of what is not there any more when a store was put back.
pub(crate) async fn restored(world: &World, store: &Store) -> Result<(), StoreError> {
    if !world.has_talks() {
        return Ok(());
    }
    let (mut removed, mut chats) = (BTreeSet::new(), BTreeSet::new());
    for chat in &world.chats {
        if store.log.head(chat.room).await?.is_some() {
            chats.insert(chat.room);
        }
    }
    let known = world.witness.talks.lock().removals();
    for (at, _) in known {
        if removal::is_erased(store, at).await? {
            removed.insert(at);
        }
    }
    world.witness.talks.lock().restored(&removed, &chats);
    reports::restored(world, store).await
}

/// Nothing is wrong with an answer for which the store was away, or which says one of these.
fn is_fair(world: &World, what: &str, error: DomainError, codes: &[Code]) {
    let Failure { code, detail } = error.into();
    world.tell(format_args!("{what} is not done: {detail}"));
    let is_fair =
        code.action() != Action::Stop || matches!(code, Code::StorageFull | Code::StoreFailed) || codes.contains(&code);
    if !is_fair {
        world.witness.violated(format!("{what} is refused with {code:?}: {detail}"));
    }
}
