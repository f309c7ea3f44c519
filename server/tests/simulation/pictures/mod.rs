//! Avatars and custom emoji, in one life of four: set and taken away by several at once, looked at,
//! with crashes in the middle. Its chance is its own, so the other lives are what they would be
//! without it. What is known of them is in `facts`, what must hold in the end in `judge`.

mod change;
mod facts;
mod gallery;
mod judge;

use rill_protocol::{RoomId, UserId};
use rill_storage::{Store, StoreError};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

use crate::{device::Standing, dice::Dice, world::World};
pub(crate) use facts::{Facts, Lived};
pub(crate) use judge::judge;

/// One life of so many has pictures.
pub(crate) const LIVES: u64 = 4;
/// Which of them.
pub(crate) const LIFE: u64 = 1;
/// One operation of so many is followed by something about pictures.
const SELDOM: u64 = 6;
/// Names of emoji that people think of.
const EMOJI: [&str; 3] = ["wave", "party_parrot", "ok-2"];

/// What a picture is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Of {
    User(UserId),
    Room(RoomId),
    /// By the place of its name.
    Emoji(usize),
}

/// Whether a seed's life has pictures. Those of several nodes have none.
pub(crate) fn are_in(seed: u64, nodes: usize) -> bool {
    nodes == 1 && seed % LIVES == LIFE
}

/// The chance that makes them.
pub(crate) fn dice(seed: u64) -> Dice {
    Dice::new(!seed)
}

/// Something may happen to a picture; and somebody looks.
pub(crate) async fn perform(world: &Arc<World>, dice: &mut Dice) {
    if !dice.one_in(SELDOM) {
        return;
    }
    let of = any(world, dice);
    match dice.below(8) {
        0..5 => change::begin(world, of, dice),
        5 => {
            // Of the same at the same time.
            change::begin(world, of, dice);
            change::begin(world, of, dice);
        }
        6 => {
            change::begin(world, of, dice);
            sleep(Duration::from_millis(dice.below(120))).await;
            world.tell(format_args!("a crash in the middle of a picture"));
            world.crash(dice);
            sleep(Duration::from_millis(dice.between(50, 1_000))).await;
            if let Err(error) = world.start().await {
                world.witness.violated(format!("the server does not start: {error}"));
            }
        }
        _ => sleep(Duration::from_millis(dice.below(400))).await,
    }
    let of = if dice.one_in(2) { of } else { any(world, dice) };
    change::look(world, of, dice.one_in(2)).await;
}

/// How long changes take at most while nothing is late.
const CHANGES_TAKE: Duration = Duration::from_secs(5);

/// Everybody looks different, and there is another emoji, while everybody listens.
pub(crate) async fn once_more(world: &Arc<World>, dice: &mut Dice) {
    for user in &world.users {
        change::begin(world, Of::User(user.id), dice);
    }
    change::begin(world, Of::Emoji(0), dice);
    sleep(CHANGES_TAKE).await;
}

/// Whether every device knows what everybody looks like, and which emoji there are.
pub(crate) async fn are_told(store: &Store, standings: &[(String, Standing)]) -> Result<bool, StoreError> {
    let emoji = store.emoji.version().await?;
    if standings.iter().any(|(_, standing)| standing.pictures.emoji != emoji) {
        return Ok(false);
    }
    for user in standings.iter().map(|(_, standing)| standing.user) {
        let version = store.users.profile(user).await?.map_or(0, |profile| profile.avatar.version);
        let is_told =
            |(_, of): &(String, Standing)| of.pictures.avatars.get(&user).copied().unwrap_or_default() == version;
        if !standings.iter().all(is_told) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any(world: &World, dice: &mut Dice) -> Of {
    match dice.below(4) {
        0 => Of::Emoji(dice.below(EMOJI.len() as u64) as usize),
        1 => Of::Room(dice.one_of(&world.rooms)),
        _ => Of::User(world.users[dice.below(world.users.len() as u64) as usize].id),
    }
}
