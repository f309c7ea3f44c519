//! Who sets a picture, takes one away, or looks at one: through the files' service, as the HTTP API does.

use bytes::Bytes;
use rill_protocol::{ClientId, Code};
use rill_server::files::service::{FileError, Files, PictureBytes};
use std::sync::Arc;

use super::{EMOJI, Of, gallery};
use crate::{dice::Dice, server::Server, world::World};

/// A change that is under way. It is over when this is dropped, as it is in a crash.
struct Change {
    world: Arc<World>,
    of: Of,
    number: u64,
    was_alone: bool,
}

impl Drop for Change {
    fn drop(&mut self) {
        self.world.witness.pictures.lock().is_over(self.of, self.number);
    }
}

/// Begins a change, and does not wait for it.
pub(super) fn begin(world: &Arc<World>, of: Of, dice: &mut Dice) {
    let Some(server) = world.server() else { return };
    let Some(files) = server.services.files.clone() else { return };
    let image = (!dice.one_in(4)).then(|| dice.below(gallery::IMAGES.into()) as u8);
    let user = world.users[dice.below(world.users.len() as u64) as usize].id;
    let client_id = ClientId(dice.bytes());
    let change = {
        let mut facts = world.witness.pictures.lock();
        let number = facts.begins(of, image);
        Change { of, number, was_alone: facts.is_alone(of), world: world.clone() }
    };
    world.tell(format_args!("-- {of:?} becomes {image:?}"));
    let task = world.tasks.spawn(async move {
        let file = image.map(|image| gallery::image(image).file.clone());
        let outcome = match of {
            Of::User(user) => files.set_user_avatar(user, file).await.map(|avatar| (avatar.version, image)),
            Of::Room(room) => {
                let set = files.set_room_avatar((user, true), room, client_id, file).await;
                set.map(|avatar| (avatar.version, image))
            }
            Of::Emoji(name) => emoji(&files, (user, EMOJI[name]), file).await.map(|version| (version, image)),
        };
        change.came_to(outcome);
    });
    server.owns(task.abort_handle());
}

/// Adds an emoji, or takes it away.
async fn emoji(
    files: &Files,
    (user, name): (rill_protocol::UserId, &str),
    file: Option<Bytes>,
) -> Result<u64, FileError> {
    match file {
        Some(file) => files.add_emoji((user, true), name, file).await.map(|(emoji, _)| emoji.version),
        None => files.remove_emoji((user, true), name).await.map(|()| 0),
    }
}

impl Change {
    fn came_to(self, outcome: Result<(u64, Option<u8>), FileError>) {
        let Self { world, of, number, was_alone } = &self;
        match outcome {
            Ok((version, image)) => {
                world.tell(format_args!("{of:?} is {image:?} at {version}"));
                let mut facts = world.witness.pictures.lock();
                facts.is_answered(*of, (*number, *was_alone), image);
                facts.is_told(*of, version);
            }
            Err(error) => {
                world.tell(format_args!("{of:?} is not changed: {error}"));
                let code = error.code();
                // The store or the place was away, others were faster, or who asked is not in the room.
                let is_fair = code.action() != rill_protocol::Action::Stop
                    || matches!(code, Code::NotAMember | Code::EmojiTaken | Code::StorageFull | Code::StoreFailed);
                if !is_fair {
                    world.witness.violated(format!("{of:?} is refused a picture with {code:?}: {error}"));
                }
            }
        }
    }
}

/// What it is, as the server shows it: its version, and its bytes if it has a picture.
async fn shown(
    server: &Server,
    files: &Files,
    of: Of,
    is_small: bool,
) -> Option<(u64, Result<Option<PictureBytes>, FileError>)> {
    let domain = &server.services.domain;
    Some(match of {
        Of::User(user) => {
            let avatar = domain.people.profile(user).await.ok()??.avatar;
            (avatar.version, files.read_avatar(&avatar, is_small).await)
        }
        Of::Room(room) => {
            let avatar = server.services.store.rooms.get(room).await.ok()??.avatar;
            (avatar.version, files.read_avatar(&avatar, is_small).await)
        }
        Of::Emoji(name) => {
            let set = domain.people.emoji().await.ok()?;
            let read = match set.emoji.iter().find(|emoji| emoji.name == EMOJI[name]) {
                Some(emoji) => files.read_emoji(emoji).await.map(Some),
                None => Ok(None),
            };
            (set.version, read)
        }
    })
}

/// Looks at it. Nobody sees what was taken away, or what nobody has sent.
pub(super) async fn look(world: &World, of: Of, is_small: bool) {
    let Some(server) = world.server() else { return };
    let Some(files) = server.services.files.clone() else { return };
    let before = world.witness.pictures.lock().expected(of);
    let Some((version, read)) = shown(&server, &files, of, is_small).await else { return };
    let mut facts = world.witness.pictures.lock();
    let violated = |what: String| world.witness.violated(what);
    if version < before.version {
        violated(format!("{of:?} goes back from {} to {version}", before.version));
    }
    facts.is_told(of, version);
    let bytes = match read {
        Ok(picture) => picture.map(|picture| picture.bytes),
        Err(FileError::Damaged(error)) => return violated(format!("the picture of {of:?} is damaged: {error}")),
        // It went meanwhile, or the place is away.
        Err(_) => return,
    };
    let seen = |image: u8| match of {
        Of::Emoji(_) => gallery::image(image).as_emoji(),
        Of::User(_) | Of::Room(_) => gallery::image(image).as_avatar(is_small),
    };
    let is_it = |image: u8| bytes.as_ref().is_some_and(|bytes| bytes == seen(image));
    if bytes.is_some() {
        facts.is_seen();
        let of_somebody = (0..gallery::IMAGES).filter(|image| is_it(*image)).any(|image| facts.was_tried(of, image));
        if !of_somebody {
            violated(format!("the picture of {of:?} is none that anybody sent"));
        }
    }
    if let Some(expected) = before.is.filter(|_| facts.is_unchanged(of, before)) {
        let is_as_expected = expected.map_or(bytes.is_none(), is_it);
        if !is_as_expected {
            violated(format!("{of:?} is answered to be {expected:?}, and something else is shown"));
        }
    }
}
