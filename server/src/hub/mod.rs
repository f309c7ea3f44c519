//! Fan-out: from a log that has grown to every session that follows it.
//!
//! Publishing appends to a room's ring and marks the room dirty for each local
//! session; the session's writers then read from their own cursors. A slow reader
//! costs a cursor, never a queue. The ring is a cache: whatever is not in it is read
//! from the store, so nothing here can lose an entry.
//!
//! Absent: membership rules, requests, bytes of transports.

mod crowd;
pub mod fanout;
pub mod inbox;
mod intake;
pub mod interest;
mod marks;
pub mod marks_news;
mod pictures;
pub mod presence;
pub mod ring;
pub mod rings;
pub mod room;
pub mod shared;
pub mod subscription;
#[cfg(test)]
mod tests;
mod typing;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use rill_protocol::{Epoch, RoomId, UserId};
use rill_storage::{
    model::{Entry, UserEntry},
    port::{LogObserver, UserLogObserver},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

pub use inbox::{Inbox, LaneIndex};
pub use interest::Interest;
pub use room::LiveRoom;

/// Turns an entry into its frame, with the room's handle: the hub does it once for
/// all sessions and knows nothing of the wire itself.
pub type EncodeEntry = fn(handle: u32, entry: &Entry) -> Bytes;

/// Every live room and every attached session of this node.
pub struct Hub {
    encode: EncodeEntry,
    handles: AtomicU32,
    rooms: RwLock<Rooms>,
    users: Mutex<HashMap<UserId, Vec<Arc<Inbox>>>>,
    pub presence: presence::Presence,
    rings: rings::Rings,
    fanout: fanout::Fanout,
    crowds: crowd::Crowds,
    /// Set where other nodes append to the same logs.
    interest: OnceLock<Arc<dyn Interest>>,
}

#[derive(Default)]
struct Rooms {
    by_id: HashMap<RoomId, Arc<LiveRoom>>,
    by_handle: HashMap<u32, Arc<LiveRoom>>,
}

impl Hub {
    /// A hub without rooms or sessions.
    pub fn new(encode: EncodeEntry) -> Arc<Self> {
        Self::with_rings(encode, rings::Rings::default())
    }

    /// The same, with rings that may hold less together, so that readers fall off them.
    pub fn with_rings(encode: EncodeEntry, rings: rings::Rings) -> Arc<Self> {
        Arc::new(Self {
            encode,
            handles: AtomicU32::new(1),
            rooms: RwLock::default(),
            users: Mutex::default(),
            presence: presence::Presence::default(),
            rings,
            fanout: fanout::Fanout::default(),
            crowds: crowd::Crowds::default(),
            interest: OnceLock::new(),
        })
    }

    /// Marks sessions as rooms grow; runs until its task is aborted.
    pub async fn run_fanout(&self) {
        self.fanout.run().await;
    }

    /// The live room of an id, made if nobody follows it yet.
    fn open_room(&self, room: RoomId, epoch: Epoch) -> Arc<LiveRoom> {
        if let Some(live) = self.rooms.read().by_id.get(&room) {
            return live.clone();
        }
        let mut rooms = self.rooms.write();
        if let Some(live) = rooms.by_id.get(&room) {
            return live.clone();
        }
        let live = self.place_room(&mut rooms, room, epoch);
        if let Some(interest) = self.interest.get() {
            interest.room_live(room);
        }
        live
    }

    /// Puts a room into the tables, under a handle of its own.
    fn place_room(&self, rooms: &mut Rooms, room: RoomId, epoch: Epoch) -> Arc<LiveRoom> {
        // They come round one day; rooms that live long keep theirs.
        let handle = loop {
            let handle = self.handles.fetch_add(1, Ordering::Relaxed);
            if !rooms.by_handle.contains_key(&handle) {
                break handle;
            }
        };
        let live = Arc::new(LiveRoom::new(room, handle, epoch, self.interest.get().is_some()));
        rooms.by_id.insert(room, live.clone());
        rooms.by_handle.insert(handle, live.clone());
        live
    }

    /// A live room by its id.
    pub fn room(&self, room: RoomId) -> Option<Arc<LiveRoom>> {
        self.rooms.read().by_id.get(&room).cloned()
    }

    /// A live room by its handle.
    pub fn room_of(&self, handle: u32) -> Option<Arc<LiveRoom>> {
        self.rooms.read().by_handle.get(&handle).cloned()
    }

    /// Follows a room from `cursor`; entries from `visible_from` on may be shown without
    /// asking the store. `head` is the log's end as the caller read it. A room that is
    /// followed already restarts from `cursor`. Returns the room's handle: if that room
    /// was not live when the head was read, the head is to be read again and told to
    /// [`Self::grown`], because what was appended in between has told nobody.
    pub fn follow(&self, inbox: &Arc<Inbox>, room: RoomId, epoch: Epoch, head: u64, start: inbox::Start) -> u32 {
        loop {
            let live = self.open_room(room, epoch);
            live.raise_head(head);
            // A room that emptied in between is no longer in the table: take the new one.
            if live.subscribe(inbox, start) {
                return live.handle;
            }
        }
    }

    /// The log of a room that a session follows reaches to `head`.
    pub fn grown(&self, inbox: &Inbox, handle: u32, head: u64) {
        if let Some(live) = self.room_of(handle) {
            live.raise_head(head);
            inbox.mark(handle);
        }
    }

    /// Stops following a room that a turn has read to its end, unless it was restarted
    /// meanwhile.
    pub fn unfollow(&self, inbox: &Arc<Inbox>, turn: &inbox::Turn) {
        if let Some(slot) = inbox.remove(turn) {
            self.leave(turn.handle, slot);
        }
    }

    fn leave(&self, handle: u32, slot: u32) {
        let Some(live) = self.room_of(handle) else { return };
        if live.unsubscribe(slot) {
            self.forget_if_empty(&live);
        }
    }

    fn forget_if_empty(&self, live: &Arc<LiveRoom>) {
        let mut rooms = self.rooms.write();
        // Once in a room's life: another may stand under its id by now.
        if live.retire_if_empty() {
            rooms.by_id.remove(&live.id);
            rooms.by_handle.remove(&live.handle);
            if let Some(interest) = self.interest.get() {
                interest.room_retired(live.id);
            }
        }
    }

    /// A session is there: its user is online and hears of their own log.
    pub fn attach(&self, inbox: &Arc<Inbox>) {
        let mut users = self.users.lock();
        let inboxes = users.entry(inbox.user).or_default();
        inboxes.push(inbox.clone());
        if let Some(interest) = self.interest.get()
            && inboxes.len() == 1
        {
            interest.user_here(inbox.user);
        }
        drop(users);
        self.presence.arrive(inbox);
    }

    /// A session is gone.
    pub fn detach(&self, inbox: &Arc<Inbox>) {
        for (handle, slot) in inbox.clear() {
            self.leave(handle, slot);
        }
        self.presence.unwatch(inbox);
        let mut users = self.users.lock();
        if let Some(inboxes) = users.get_mut(&inbox.user) {
            let before = inboxes.len();
            inboxes.retain(|other| !Arc::ptr_eq(other, inbox));
            let was_attached = inboxes.len() < before;
            if inboxes.is_empty() {
                users.remove(&inbox.user);
                if let Some(interest) = self.interest.get() {
                    interest.user_gone(inbox.user);
                }
            }
            drop(users);
            if was_attached {
                self.presence.depart(inbox);
            }
        }
    }
}

impl LogObserver for Hub {
    fn appended(&self, room: RoomId, epoch: Epoch, entries: &[Arc<Entry>]) {
        // Nobody follows it: whoever comes reads the store.
        let Some(live) = self.room(room) else { return };
        let published = self.published(live, |live| Some(live.publish(epoch, entries, self.encode)));
        if let Some(Some(missing)) = published {
            self.lacks(room, missing);
        }
    }
}

impl UserLogObserver for Hub {
    fn appended(&self, user: UserId, _entry: UserEntry) {
        self.user_log_grew(user);
    }
}
