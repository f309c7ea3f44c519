//! Rooms that have grown wait here, each once; one task marks them for their sessions,
//! a slice at a time, so that a giant room does not hold up a small one.

use parking_lot::Mutex;
use std::sync::{Arc, atomic::Ordering};
use tokio::sync::Notify;

use super::room::LiveRoom;

/// Sessions marked before other rooms get their turn.
const SLICE: usize = 256;

/// See the module.
#[derive(Default)]
pub struct Fanout {
    grown: Mutex<Vec<Arc<LiveRoom>>>,
    wake: Notify,
}

impl Fanout {
    /// A room has grown. Never blocks: the list holds a room once.
    pub fn mark(&self, room: Arc<LiveRoom>) {
        if !room.grown.swap(true, Ordering::AcqRel) {
            self.grown.lock().push(room);
            self.wake.notify_one();
        }
    }

    /// Never returns.
    pub async fn run(&self) {
        // Rooms with the place where their next slice begins.
        let mut turns: Vec<(Arc<LiveRoom>, usize)> = Vec::new();
        loop {
            let fresh = std::mem::take(&mut *self.grown.lock());
            for room in fresh {
                // Before the marks: what is published from now on marks the room again.
                room.take_grown();
                turns.push((room, 0));
            }
            if turns.is_empty() {
                self.wake.notified().await;
                continue;
            }
            turns.retain_mut(|(room, from)| {
                let more = room.mark_slice(*from, SLICE);
                *from += SLICE;
                more
            });
            tokio::task::yield_now().await;
        }
    }
}
