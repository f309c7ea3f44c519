//! Posts that wait for their ack: at most one post or batch a room is under way, so that
//! they are appended in the order in which they were said, and each keeps its client id until
//! the server has answered.

use bytes::Bytes;
use rill_protocol::{
    ClientId, RoomId,
    codec::frame,
    message::{BatchPost, Post, PostBatch},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};
use tokio::sync::oneshot;

use crate::{Error, Posted};

/// A post, as it is kept until it is acked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueuedPost {
    pub(crate) room: RoomId,
    pub(crate) client_id: ClientId,
    pub(crate) text: String,
    /// The further messages of a batch, which is sent and answered as one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rest: Vec<BatchPost>,
}

impl QueuedPost {
    /// How many messages it holds.
    pub(crate) fn count(&self) -> usize {
        1 + self.rest.len()
    }

    /// The ids of all of them, in order.
    pub(crate) fn client_ids(&self) -> impl Iterator<Item = ClientId> {
        std::iter::once(self.client_id).chain(self.rest.iter().map(|post| post.client_id))
    }

    /// The frame that says it.
    pub(crate) fn encode(&self, request: u32) -> Bytes {
        let Self { room, client_id, ref text, ref rest } = *self;
        if rest.is_empty() {
            return frame(&Post { request, room, client_id, text: text.clone() });
        }
        let first = BatchPost { client_id, text: text.clone() };
        frame(&PostBatch { request, room, posts: std::iter::once(first).chain(rest.iter().cloned()).collect() })
    }
}

/// Where the messages of a post stand, or why none does.
pub(crate) type Outcome<E> = Result<Vec<Posted>, E>;

/// A post and who waits for it.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) post: QueuedPost,
    /// Missing for posts of an earlier process.
    pub(crate) receipt: Option<oneshot::Sender<Outcome<Error>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Ready,
    UnderWay,
    Delayed,
}

#[derive(Debug)]
struct Queue {
    posts: VecDeque<Pending>,
    head: Head,
    /// How often the server asked to send the head again.
    tries: u32,
}

/// The queues of all rooms.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    rooms: HashMap<RoomId, Queue>,
    /// Rooms whose head may be sent.
    ready: VecDeque<RoomId>,
    delayed: Vec<(Instant, RoomId)>,
}

impl Outbox {
    /// Puts a post behind those of its room.
    pub(crate) fn push(&mut self, pending: Pending) {
        let room = pending.post.room;
        let queue = self.rooms.entry(room).or_insert_with(|| {
            self.ready.push_back(room);
            Queue { posts: VecDeque::new(), head: Head::Ready, tries: 0 }
        });
        queue.posts.push_back(pending);
    }

    /// The next post that may be sent; from now on it is under way.
    pub(crate) fn send_next(&mut self) -> Option<&QueuedPost> {
        let room = self.ready.pop_front()?;
        let queue = self.rooms.get_mut(&room)?;
        queue.head = Head::UnderWay;
        queue.posts.front().map(|pending| &pending.post)
    }

    /// The post of a room that is under way.
    pub(crate) fn under_way(&self, room: RoomId) -> Option<&QueuedPost> {
        let queue = self.rooms.get(&room).filter(|queue| queue.head == Head::UnderWay)?;
        queue.posts.front().map(|pending| &pending.post)
    }

    /// The room's head was answered for good.
    pub(crate) fn take_head(&mut self, room: RoomId) -> Option<Pending> {
        let queue = self.rooms.get_mut(&room).filter(|queue| queue.head == Head::UnderWay)?;
        let done = queue.posts.pop_front();
        queue.tries = 0;
        queue.head = Head::Ready;
        if queue.posts.is_empty() {
            self.rooms.remove(&room);
        } else {
            self.ready.push_back(room);
        }
        done
    }

    /// How often the head of a room was tried again.
    pub(crate) fn tries(&self, room: RoomId) -> u32 {
        self.rooms.get(&room).map_or(0, |queue| queue.tries)
    }

    /// The room's head is sent again at `at`.
    pub(crate) fn delay(&mut self, room: RoomId, at: Instant) {
        if let Some(queue) = self.rooms.get_mut(&room).filter(|queue| queue.head == Head::UnderWay) {
            queue.head = Head::Delayed;
            queue.tries += 1;
            self.delayed.push((at, room));
        }
    }

    /// When the next delay is over.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.delayed.iter().map(|(at, _)| *at).min()
    }

    /// Ends the delays that are over.
    pub(crate) fn wake(&mut self, now: Instant) {
        let Self { rooms, ready, delayed } = self;
        delayed.retain(|(at, room)| {
            let due = *at <= now;
            if due && let Some(queue) = rooms.get_mut(room) {
                queue.head = Head::Ready;
                ready.push_back(*room);
            }
            !due
        });
    }

    /// The connection is gone: every head is to be sent on the next one.
    pub(crate) fn disconnected(&mut self) {
        self.ready.clear();
        self.delayed.clear();
        for (room, queue) in &mut self.rooms {
            queue.head = Head::Ready;
            self.ready.push_back(*room);
        }
    }

    /// Everything that waits, for the end.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Pending> {
        self.ready.clear();
        self.delayed.clear();
        std::mem::take(&mut self.rooms).into_values().flat_map(|queue| queue.posts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn post(room: u8, id: u8) -> Pending {
        let post =
            QueuedPost { room: RoomId([room; 16]), client_id: ClientId([id; 16]), text: id.to_string(), rest: vec![] };
        Pending { post, receipt: None }
    }

    fn sent(outbox: &mut Outbox) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(post) = outbox.send_next() {
            texts.push(post.text.clone());
        }
        texts.sort();
        texts
    }

    #[test]
    fn one_post_a_room_is_under_way_and_the_order_stays() {
        let mut outbox = Outbox::default();
        for (room, id) in [(1, 1), (1, 2), (2, 3), (1, 4)] {
            outbox.push(post(room, id));
        }
        assert_eq!(sent(&mut outbox), ["1", "3"]);
        assert_eq!(sent(&mut outbox), Vec::<String>::new());
        assert_eq!(outbox.take_head(RoomId([1; 16])).unwrap().post.text, "1");
        assert_eq!(sent(&mut outbox), ["2"]);
        outbox.disconnected();
        assert_eq!(sent(&mut outbox), ["2", "3"], "unacked heads go again, under the same ids");
        for text in ["2", "4"] {
            assert_eq!(outbox.take_head(RoomId([1; 16])).unwrap().post.text, text);
            outbox.send_next();
        }
        assert!(outbox.take_head(RoomId([1; 16])).is_none());
    }

    #[test]
    fn a_delayed_post_holds_back_those_behind_it() {
        let (mut outbox, start) = (Outbox::default(), Instant::now());
        outbox.push(post(1, 1));
        outbox.push(post(1, 2));
        assert_eq!(sent(&mut outbox), ["1"]);
        outbox.delay(RoomId([1; 16]), start + Duration::from_secs(1));
        outbox.wake(start);
        assert_eq!(sent(&mut outbox), Vec::<String>::new());
        assert_eq!(outbox.tries(RoomId([1; 16])), 1);
        outbox.wake(start + Duration::from_secs(1));
        assert_eq!((sent(&mut outbox), outbox.next_due()), (vec!["1".to_owned()], None));
    }
}
