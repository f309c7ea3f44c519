//! Who opens a chat, reads there, and blocks somebody.

use rill_protocol::{Code, RoomId, UserId};
use rill_storage::model::NewMark;
use std::sync::Arc;

use super::{facts::Moment, is_fair};
use crate::{dice::Dice, world::World};

/// Opens the chat of two, and does not wait for it.
pub(super) fn open(world: &Arc<World>, (user, other): (UserId, UserId), dice: &mut Dice) {
    let Some(server) = world.server() else { return };
    let (world, running, again) = (world.clone(), server.clone(), dice.one_in(4));
    let task = world.clone().tasks.spawn(async move {
        for _ in 0..1 + usize::from(again) {
            let before = world.witness.talks.lock().stands([user, other]);
            let outcome = running.services.domain.rooms.open_private(user, other).await;
            let chat = world.chats.iter().find(|chat| chat.two.contains(&user) && chat.two.contains(&other));
            let mut talks = world.witness.talks.lock();
            match (outcome, chat) {
                (Ok(view), Some(chat)) => {
                    talks.lived.opened += 1;
                    talks.opened.insert(chat.room);
                    drop(talks);
                    if view.room.id != chat.room || !view.joined || view.room.members != 2 {
                        world.witness.violated(format!("the chat of two is {:?}", view.room));
                    }
                }
                (Ok(view), None) => world.witness.violated(format!("{:?} is nobody's chat", view.room)),
                (Err(error), _) => {
                    let after = talks.stands([user, other]);
                    let was_open = before == after && before.iter().all(|is| matches!(is, Some((false, _))));
                    drop(talks);
                    let codes: &[Code] = if was_open { &[] } else { &[Code::CannotBeReached] };
                    is_fair(&world, "a chat", error, codes);
                }
            }
        }
    });
    server.owns(task.abort_handle());
}

/// A block that is under way. It is over when this is dropped, as it is in a crash.
struct Change {
    world: Arc<World>,
    pair: (UserId, UserId),
    number: Moment,
    was_alone: bool,
}

impl Drop for Change {
    fn drop(&mut self) {
        self.world.witness.talks.lock().block_is_over(self.pair);
    }
}

/// Somebody blocks another, or does so no more; does not wait for it.
pub(super) fn block(world: &Arc<World>, pair: (UserId, UserId), is: bool) {
    let Some(server) = world.server() else { return };
    let change = {
        let mut talks = world.witness.talks.lock();
        let number = talks.block_begins(pair);
        Change { world: world.clone(), pair, number, was_alone: talks.block_is_alone(pair) }
    };
    world.tell(format_args!("-- {} blocks {}: {is}", pair.0, pair.1));
    let running = server.clone();
    let task = world.tasks.spawn(async move {
        let outcome = running.services.domain.blocks.set(pair.0, pair.1, is).await;
        let Change { world, number, was_alone, .. } = &change;
        match outcome {
            Ok(()) => {
                world.tell(format_args!("{} blocks {} by now: {is}", pair.0, pair.1));
                world.witness.talks.lock().block_is_answered(pair, (*number, *was_alone), is);
            }
            Err(error) => is_fair(world, "a block", error, &[]),
        }
    });
    server.owns(task.abort_handle());
}

/// Somebody reads all that is there.
pub(super) async fn read(world: &World, (user, room): (UserId, RoomId)) {
    let Some(server) = world.server() else { return };
    let Ok(Some(head)) = server.services.store.log.head(room).await else { return };
    if let Err(error) = server.services.domain.marks.set(user, room, NewMark::Read(head.seq)).await {
        is_fair(world, "reading", error, &[]);
    }
}
