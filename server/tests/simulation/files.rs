//! What must hold of files when everybody has gone and days have passed: every message is
//! settled; what was answered as whole is there, with its digest; nobody read what they may not
//! see; and the place holds what messages and pictures need, and nothing else.

use rill_protocol::RoomId;
use rill_server::domain::visible::visible;
use rill_storage::{
    Store, StoreError,
    blobs::Blob,
    embedded::simulated::{self, Simulated},
    limits::Bounds,
    model::{Anchor, CompleteFile, FileState, Message},
};
use std::collections::{BTreeMap, BTreeSet};

use crate::world::World;

const PAGE_MESSAGES: usize = 1_000;

/// Opens the store of a world without a server.
pub(crate) async fn judge(world: &World) -> Result<(), StoreError> {
    let Simulated { store, committing, .. } = simulated::open(&world.disk, Bounds::default(), world.store_entropy())?;
    if let Err(what) = all(world, &store).await? {
        world.witness.violated(what);
    }
    committing.end()
}

/// The messages with files of a room.
async fn messages(store: &Store, room: RoomId) -> Result<Vec<Message>, StoreError> {
    let (mut all, mut before) = (Vec::new(), u64::MAX);
    while let Some(page) = store.log.messages(room, Anchor::Before(before), PAGE_MESSAGES, usize::MAX).await? {
        let Some(first) = page.messages.iter().map(|message| message.seq).min() else { break };
        before = first;
        all.extend(page.messages.into_iter().filter(|message| message.file.is_some()));
    }
    Ok(all)
}

async fn all(world: &World, store: &Store) -> Result<Result<(), String>, StoreError> {
    let (mut needed, mut kept) = (BTreeSet::new(), BTreeMap::new());
    let (whole, ended, read) = {
        let files = world.witness.files.lock();
        (files.whole.clone(), files.ended.clone(), files.read.clone())
    };
    for room in world.all_rooms() {
        let mut of_room = BTreeMap::new();
        for message in messages(store, room).await? {
            let Some(file) = &message.file else { continue };
            of_room.insert(message.seq, file.state.clone());
            let complete = match &file.state {
                FileState::Pending => return Ok(Err(format!("the file {} is never settled", message.seq))),
                FileState::Failed { .. } => continue,
                FileState::Complete(complete) => complete,
            };
            if ended.contains(&(room, message.author, message.client_id)) {
                return Ok(Err(format!("the file {} was answered as ended, and is complete", message.seq)));
            }
            *kept.entry(message.author).or_insert(0) += file.size;
            match stored(world, store, complete).await? {
                Ok(blob) => drop(needed.insert(blob)),
                Err(what) => return Ok(Err(format!("the file {}: {what}", message.seq))),
            }
        }
        for ((_, seq), digest) in whole.iter().filter(|((of, _), _)| *of == room) {
            if world.witness.talks.lock().may_be_removed((room, *seq)) && !of_room.contains_key(seq) {
                continue;
            }
            let key = |size: u64| store.digest("content", &[digest, &size.to_le_bytes()]).0;
            if !matches!(of_room.get(seq), Some(FileState::Complete(it)) if it.content.0 == key(it.size)) {
                return Ok(Err(format!("the file {seq} was answered as whole, and is {:?}", of_room.get(seq))));
            }
        }
        for (user, _, seq) in read.iter().filter(|(_, of, _)| *of == room) {
            let membership = store.rooms.membership(room, *user).await?;
            if !membership.is_some_and(|membership| visible(&membership, *seq, *seq)) {
                return Ok(Err(format!("the file {seq} was read by somebody who may not see it")));
            }
        }
    }
    for user in &world.users {
        let is_kept = store.transfers.kept(user.id).await?;
        let under_way = store.transfers.list(user.id).await?;
        if is_kept != kept.get(&user.id).copied().unwrap_or_default() || !under_way.is_empty() {
            return Ok(Err(format!(
                "{} keeps {is_kept} of {:?} bytes, and {under_way:?}",
                user.name,
                kept.get(&user.id)
            )));
        }
    }
    match crate::pictures::judge(world, store).await? {
        Ok(pictures) => needed.extend(pictures),
        Err(what) => return Ok(Err(what)),
    }
    let lies = world.place.names().await;
    if lies != needed {
        let (left, missing): (Vec<_>, Vec<_>) =
            (lies.difference(&needed).collect(), needed.difference(&lies).collect());
        return Ok(Err(format!("of files {left:?} is left behind, and {missing:?} is gone")));
    }
    Ok(Ok(()))
}

/// What the blob of a complete file is called, if it is there and is what was sent.
async fn stored(world: &World, store: &Store, complete: &CompleteFile) -> Result<Result<String, String>, StoreError> {
    let Some(content) = store.contents.get(complete.content).await? else {
        return Ok(Err("its content is not stored".into()));
    };
    let blob = Blob { name: content.blob, size: content.size };
    let mut hasher = blake3::Hasher::new();
    let read = async {
        let mut stream = world.place.blobs().read(blob, blob.size, 0..blob.size).await?;
        while let Some(piece) = stream.next().await? {
            hasher.update(&piece);
        }
        Ok::<_, StoreError>(())
    };
    if let Err(error) = read.await {
        return Ok(Err(format!("its bytes cannot be read: {error}")));
    }
    let key = store.digest("content", &[hasher.finalize().as_bytes(), &blob.size.to_le_bytes()]);
    let is_it = key.0 == complete.content.0;
    Ok(if is_it { Ok(blob.name.to_string()) } else { Err("its bytes are others".into()) })
}
