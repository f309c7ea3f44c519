//! What must hold of pictures in the end: what was answered last is what is there, whole and in both
//! sizes, and is named by its row alone.

use rill_server::files::render::Kind;
use rill_storage::{
    Store, StoreError,
    blobs::{Blob, BlobName},
    model::Picture,
};
use std::collections::BTreeSet;

use super::{EMOJI, Of, gallery};
use crate::world::World;

/// The names of all blobs that pictures need; or what is wrong with one.
pub(crate) async fn judge(world: &World, store: &Store) -> Result<Result<BTreeSet<String>, String>, StoreError> {
    let mut pictures = Vec::new();
    for user in world.users.iter().map(|user| user.id) {
        let profile = store.users.profile(user).await?;
        pictures.push((Of::User(user), profile.and_then(|profile| profile.avatar.picture)));
    }
    for room in world.rooms.iter().copied() {
        let found = store.rooms.get(room).await?;
        pictures.push((Of::Room(room), found.and_then(|found| found.avatar.picture)));
    }
    let set = store.emoji.set().await?;
    for (place, name) in EMOJI.iter().enumerate() {
        let emoji = set.emoji.iter().find(|emoji| emoji.name == *name);
        pictures.push((Of::Emoji(place), emoji.map(|emoji| emoji.picture)));
    }
    let mut needed = BTreeSet::new();
    for (of, picture) in pictures {
        let expected = world.witness.pictures.lock().expected(of).is;
        let image = match picture {
            None => None,
            Some(picture) => {
                needed.insert(picture.blob.to_string());
                needed.extend(picture.small.map(|_| Kind::Thumbnail.name_of(picture.blob).to_string()));
                match seen(world, of, picture).await {
                    Ok(image) => Some(image),
                    Err(what) => return Ok(Err(format!("the picture of {of:?}: {what}"))),
                }
            }
        };
        if expected.is_some_and(|expected| expected != image) {
            return Ok(Err(format!("{of:?} was answered to be {expected:?}, and is {image:?}")));
        }
    }
    Ok(Ok(needed))
}

/// Which image it is, in each size.
async fn seen(world: &World, of: Of, picture: Picture) -> Result<u8, String> {
    let large = read(world, picture.blob, picture.large.size).await?;
    let small = match picture.small {
        Some(small) => Some(read(world, Kind::Thumbnail.name_of(picture.blob), small.size).await?),
        None => None,
    };
    let is_it = |image: &u8| {
        let image = gallery::image(*image);
        match (of, &small) {
            (Of::Emoji(_), None) => large == image.as_emoji(),
            (Of::User(_) | Of::Room(_), Some(small)) => {
                large == image.as_avatar(false) && small == image.as_avatar(true)
            }
            _ => false,
        }
    };
    (0..gallery::IMAGES).find(is_it).ok_or_else(|| "its bytes are others".to_owned())
}

async fn read(world: &World, name: BlobName, size: u64) -> Result<Vec<u8>, String> {
    let cannot = |error: StoreError| format!("its bytes cannot be read: {error}");
    let mut stream = world.place.blobs().read(Blob { name, size }, size, 0..size).await.map_err(cannot)?;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await.map_err(cannot)? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
