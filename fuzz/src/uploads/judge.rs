//! What must hold when everybody has gone and days have passed.

use rill_storage::model::{ContentKey, Fact, FileState};
use std::collections::{BTreeMap, BTreeSet};

use super::world::World;

/// Returns how many files are whole.
pub(super) async fn everything(world: World) -> usize {
    let world = world.end().await;
    let (mut kept, mut contents) = (BTreeMap::new(), BTreeSet::new());
    let (mut transfers, mut whole) = (BTreeSet::new(), 0);
    let completed = world.notes.completed();
    for room in world.rooms {
        once(&world, room).await;
        for message in world.messages(room).await {
            let file = message.file.as_ref().expect("it has a file");
            assert!(transfers.insert((room, message.seq, message.author, file.transfer)));
            match &file.state {
                FileState::Pending => panic!("{} is never settled", message.seq),
                FileState::Failed { .. } => {
                    assert!(!completed.contains_key(&(room, message.seq)), "{} was complete", message.seq);
                }
                FileState::Complete(complete) => {
                    whole += 1;
                    *kept.entry(message.author).or_insert(0) += file.size;
                    contents.insert(complete.content.0);
                    read(&world, room, message.seq, &file.state).await;
                }
            }
        }
    }
    let removed = world.notes.all_removed();
    for (room, seq) in &removed {
        for user in world.users {
            assert!(world.bytes(user, *room, *seq).await.is_err(), "{seq} was removed and is read");
        }
    }
    for (room, seq) in completed.keys().filter(|message| !removed.contains(message)) {
        assert!(world.messages(*room).await.iter().any(|message| message.seq == *seq), "{seq} is gone");
    }
    for user in world.users {
        assert_eq!(world.store().transfers.list(user).await.expect("a store"), [], "something is left of {user}");
        let is_kept = world.store().transfers.kept(user).await.expect("a store");
        assert_eq!(is_kept, kept.get(&user).copied().unwrap_or_default(), "{user} keeps another number of bytes");
    }
    let mut blobs = BTreeSet::new();
    for content in contents {
        let stored = world.store().contents.get(ContentKey(content)).await.expect("a store");
        blobs.insert(stored.expect("a content that a message names").blob.to_string());
    }
    assert_eq!(world.place.names().await, blobs, "what lies in the bucket is not what messages need");
    let due = world.store().contents.due(world.now_ms(), None, 100).await.expect("a store");
    assert!(due.pending.is_empty() && due.spent.is_empty(), "{due:?}");
    whole
}

/// A client id makes one message, and a message is settled once. The first two entries are one
/// request's, which made the room.
async fn once(world: &World, room: rill_protocol::RoomId) {
    let entries = world.store().log.entries(room, 0, 10_000, usize::MAX).await.expect("a store");
    let (mut keys, mut settled) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries.iter().skip(1) {
        assert!(keys.insert((entry.author, entry.client_id)), "{} made two entries", entry.client_id);
        if let Fact::FileSettled { .. } = entry.fact {
            assert!(settled.insert(entry.target_seq()), "{} is settled twice", entry.target_seq());
        }
    }
}

/// Whoever may see it reads what was finished; nobody else does.
async fn read(world: &World, room: rill_protocol::RoomId, seq: u64, state: &FileState) {
    for user in world.users {
        let membership = world.store().rooms.membership(room, user).await.expect("a store");
        let may = membership.is_some_and(|it| it.is_active() && rill_server::domain::visible::visible(&it, seq, seq));
        match world.bytes(user, room, seq).await {
            Ok(bytes) if may => world.is_of(state, &bytes),
            Ok(_) => panic!("{user} may not see {seq} and reads it"),
            Err(error) => assert!(!may, "{seq} cannot be read: {error}"),
        }
    }
}
