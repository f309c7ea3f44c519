//! Who removes a message: who wrote it, who runs the room, an administrator, and those who may not.

use rill_protocol::{ClientId, Code, RoomId, UserId};
use rill_server::domain::{accounts::Actor, removing::Remover};
use rill_storage::{
    Store, StoreError,
    model::{Anchor, Body, Message},
};
use std::sync::Arc;

use super::{anybody, is_fair};
use crate::{dice::Dice, server::Server, world::World};

/// Of the newest so many.
const NEWEST: usize = 12;

/// What is heard where there is no such message, or where it is not theirs to remove.
const REFUSALS: [Code; 4] = [Code::RoleNeeded, Code::NoSuchMessage, Code::NotAMember, Code::NoSuchRoom];

/// Whether the store says of a message that it is removed.
pub(super) async fn is_erased(store: &Store, (room, seq): (RoomId, u64)) -> Result<bool, StoreError> {
    let entries = store.log.entries(room, seq.saturating_sub(1), 1, usize::MAX).await?;
    Ok(entries.first().is_some_and(|entry| entry.seq == seq && entry.body == Body::Erased))
}

/// Removes one of the newest messages, and does not wait for it.
pub(super) async fn begin(world: &Arc<World>, room: RoomId, dice: &mut Dice) {
    let Some(server) = world.server() else { return };
    let read = server.services.store.log.messages(room, Anchor::Before(u64::MAX), NEWEST, usize::MAX).await;
    let Ok(Some(page)) = read else { return };
    let posts: Vec<&Message> = page.messages.iter().filter(|message| message.fact.is_post()).collect();
    if posts.is_empty() {
        return;
    }
    let message = posts[dice.below(posts.len() as u64) as usize];
    let client_id = ClientId(dice.bytes());
    let remover = match dice.below(9) {
        0..4 => Remover::Member(message.author, client_id),
        4 | 5 => Remover::Member(owner(&server, room).await.unwrap_or(message.author), client_id),
        6 => Remover::Administrator(Actor::Operator),
        _ => Remover::Member(anybody(world, dice), client_id),
    };
    remove(world, (room, message.seq), remover, dice.one_in(4));
}

async fn owner(server: &Server, room: RoomId) -> Option<UserId> {
    let found = server.services.store.rooms.get(room).await.ok()??;
    Some(found.owner).filter(|owner| *owner != UserId::default())
}

/// Often once more under the same client id, as who had no answer.
pub(super) fn remove(world: &Arc<World>, at: (RoomId, u64), remover: Remover, again: bool) {
    let Some(server) = world.server() else { return };
    world.witness.talks.lock().removal_begins(at);
    world.tell(format_args!("-- {} of {} is to be removed by {remover:?}", at.1, at.0));
    let (world, running) = (world.clone(), server.clone());
    let task = world.clone().tasks.spawn(async move {
        for _ in 0..1 + usize::from(again) {
            let outcome = match remover.clone() {
                Remover::Administrator(actor) => running.services.moderate(actor, at).await,
                member => running.services.remove_message(member, at).await,
            };
            match outcome {
                Ok(()) => {
                    world.tell(format_args!("{} of {} is removed", at.1, at.0));
                    world.witness.talks.lock().is_removed(at);
                }
                Err(error) => is_fair(&world, "a removal", error, &REFUSALS),
            }
        }
    });
    server.owns(task.abort_handle());
}
