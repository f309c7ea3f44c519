//! Rooms that are run, in one life of four: people are asked in, put out and banned, get roles and
//! lose them, often two at once, while others join, post and read. Its chance is its own, so the
//! other lives are what they would be without it.

mod judge;

use rill_protocol::{Action, ClientId, Code, RoomId, UserId};
use rill_server::{domain::DomainError, wire::code::Failure};
use rill_storage::model::{Access, HistoryFrom, MemberAct, Setting};
use std::sync::Arc;

use crate::{dice::Dice, server::Server, talks, world::World};
pub(crate) use judge::judge;

/// One life of so many has rooms that are run.
pub(crate) const LIVES: u64 = 4;
/// Which of them.
pub(crate) const LIFE: u64 = 2;
/// And of so many one of those in which people talk.
const LIVES_OF_TALKS: u64 = 2 * talks::LIVES;
/// One operation of so many is followed by one of these.
const SELDOM: u64 = 3;
const NAMES: [&str; 3] = ["hall", "garden", "阁楼"];
const SLOW_MS: [u32; 3] = [0, 200, 1_500];

/// What those hear who join, post or send where a room is run.
pub(crate) const REFUSALS: [Code; 4] = [Code::NoSuchRoom, Code::BannedFromRoom, Code::RoomArchived, Code::TooMany];

/// What was done of this in a life.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lived {
    pub(crate) done: u64,
    pub(crate) refused: u64,
}

/// Whether a seed's life has them.
pub(crate) fn are_in(seed: u64) -> bool {
    seed % LIVES == LIFE || seed % LIVES_OF_TALKS == talks::LIFE
}

/// The chance that makes them.
pub(crate) fn dice(seed: u64) -> Dice {
    Dice::new(seed.rotate_left(32) ^ !seed)
}

/// What somebody asks for.
enum Wish {
    Set(Setting),
    Act(UserId, MemberAct),
    Decline,
}

/// Something may be done in a room.
pub(crate) async fn perform(world: &Arc<World>, dice: &mut Dice) {
    if !dice.one_in(SELDOM) {
        return;
    }
    let room = dice.one_of(&world.rooms);
    let (one, other) = (runner(world, room, dice).await, anybody(world, dice));
    match dice.below(16) {
        0..3 => begin(world, (one, room), Wish::Set(setting(dice)), dice),
        3 => begin(world, (other, room), Wish::Set(setting(dice)), dice),
        4 => begin(world, (other, room), Wish::Decline, dice),
        5 => {
            // Two who take each other's role in the same instant.
            begin(world, (one, room), Wish::Act(other, MemberAct::Promote), dice);
            begin(world, (one, room), Wish::Act(other, MemberAct::Demote), dice);
            begin(world, (other, room), Wish::Act(one, MemberAct::Demote), dice);
        }
        6 => {
            begin(world, (one, room), Wish::Act(other, MemberAct::HandOver), dice);
            begin(world, (one, room), Wish::Act(anybody(world, dice), MemberAct::HandOver), dice);
        }
        7 => {
            // Somebody is put out in the middle of what they do.
            begin(world, (other, room), Wish::Act(anybody(world, dice), MemberAct::Invite), dice);
            begin(world, (one, room), Wish::Act(other, MemberAct::Remove), dice);
            begin(world, (other, room), Wish::Set(setting(dice)), dice);
        }
        8..14 => begin(world, (one, room), Wish::Act(other, act(dice)), dice),
        _ => {
            let by = anybody(world, dice);
            begin(world, (by, room), Wish::Act(other, act(dice)), dice);
        }
    }
}

fn anybody(world: &World, dice: &mut Dice) -> UserId {
    world.users[dice.below(world.users.len() as u64) as usize].id
}

/// Mostly who owns the room: others are refused most of it.
async fn runner(world: &World, room: RoomId, dice: &mut Dice) -> UserId {
    let somebody = anybody(world, dice);
    let Some(server) = world.server().filter(|_| !dice.one_in(4)) else { return somebody };
    let found = server.services.store.rooms.get(room).await;
    found.ok().flatten().map_or(somebody, |room| room.owner)
}

fn act(dice: &mut Dice) -> MemberAct {
    use MemberAct::{Ban, Demote, HandOver, Invite, Promote, Remove, Unban, Uninvite};
    dice.one_of(&[
        Invite, Invite, Invite, Uninvite, Remove, Remove, Ban, Unban, Unban, Promote, Promote, Demote, HandOver,
    ])
}

fn setting(dice: &mut Dice) -> Setting {
    match dice.below(8) {
        0 => Setting::Name(dice.one_of(&NAMES).into()),
        1 => Setting::Topic(dice.one_of(&NAMES).into()),
        2 | 3 => Setting::Access(dice.one_of(&[Access::Public, Access::Public, Access::Invited])),
        4 | 5 => Setting::History(dice.one_of(&[HistoryFrom::Start, HistoryFrom::Joining])),
        6 => Setting::SlowMode(dice.one_of(&SLOW_MS)),
        _ => Setting::Archived(dice.one_in(3)),
    }
}

/// Asks for it, and does not wait; often once more under the same client id, as who had no answer.
fn begin(world: &Arc<World>, (user, room): (UserId, RoomId), wish: Wish, dice: &mut Dice) {
    let Some(server) = world.server() else { return };
    let (client_id, again) = (ClientId(dice.bytes()), dice.one_in(5));
    let (world, running) = (world.clone(), server.clone());
    let task = world.clone().tasks.spawn(async move {
        for _ in 0..1 + usize::from(again) {
            let outcome = ask(&running, (user, room), client_id, &wish).await;
            came_to(&world, outcome);
        }
    });
    server.owns(task.abort_handle());
}

async fn ask(
    server: &Server,
    (user, room): (UserId, RoomId),
    client_id: ClientId,
    wish: &Wish,
) -> Result<(), DomainError> {
    let rooms = &server.services.domain.rooms;
    match wish {
        Wish::Set(setting) => rooms.set(user, client_id, room, setting.clone()).await,
        Wish::Act(target, act) => rooms.change_member(user, client_id, room, (*target, *act)).await,
        Wish::Decline => rooms.decline(user, client_id, room).await,
    }
}

fn came_to(world: &World, outcome: Result<(), DomainError>) {
    let mut lived = world.witness.groups.lock();
    let Err(error) = outcome else {
        lived.done += 1;
        return;
    };
    lived.refused += 1;
    drop(lived);
    let Failure { code, detail } = error.into();
    world.tell(format_args!("a room is not changed: {detail}"));
    // The store was away, or they may not; nothing else is wrong with what is asked here.
    let is_fair = code.action() != Action::Stop
        || matches!(
            code,
            Code::RoleNeeded
                | Code::NotAMember
                | Code::NoSuchMember
                | Code::NoSuchRoom
                | Code::BannedFromRoom
                | Code::StorageFull
                | Code::StoreFailed
        );
    if !is_fair {
        world.witness.violated(format!("a change of a room is refused with {code:?}: {detail}"));
    }
}
