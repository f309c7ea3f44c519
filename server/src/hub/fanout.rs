//! Rooms that have grown wait here, each once; one task marks them for their sessions,
//! a slice at a time, so that a giant room does not hold up a small one.
//!
//! A room that grows faster than it can be told is told at intervals: each of its sessions costs a
//! wake-up and a write, whether that carries one entry or ten. What comes alone is told at once.

use parking_lot::Mutex;
use std::{
    future::pending,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::room::LiveRoom;

/// Sessions marked before other rooms get their turn.
const SLICE: usize = 256;
/// A room that so many sessions follow is not told again before [`INTERVAL_MS`] are over.
const PACED_FROM: usize = 50;
/// Nobody feels it, and timers are no finer.
const INTERVAL_MS: u64 = 1;

/// See the module.
#[derive(Default)]
pub struct Fanout {
    grown: Mutex<Vec<Arc<LiveRoom>>>,
    wake: Notify,
}

/// How long a room that so many sessions follow is not told again.
fn interval(subscribers: usize) -> Duration {
    if subscribers < PACED_FROM { Duration::ZERO } else { Duration::from_millis(INTERVAL_MS) }
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
        // Rooms that were told just now, with the time of the next telling.
        let mut later: Vec<(Instant, Arc<LiveRoom>)> = Vec::new();
        loop {
            let now = Instant::now();
            let fresh = std::mem::take(&mut *self.grown.lock());
            later.extend(fresh.into_iter().map(|room| (room.not_before().unwrap_or(now), room)));
            later.retain(|(at, room)| {
                let is_due = *at <= now;
                if is_due {
                    // Before the marks: what is published from now on marks the room again.
                    room.take_grown(now + interval(room.subscribers()));
                    turns.push((room.clone(), 0));
                }
                !is_due
            });
            if turns.is_empty() {
                let next = later.iter().map(|(at, _)| *at).min();
                tokio::select! {
                    () = self.wake.notified() => {}
                    () = async { match next { Some(at) => sleep_until(at).await, None => pending().await } } => {}
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        hub::{Inbox, LaneIndex, inbox::Start},
        runtime::Tasks,
    };
    use rill_protocol::{Epoch, RoomId, UserId};
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn what_comes_alone_is_told_at_once_and_what_comes_behind_it_together() {
        let room = Arc::new(LiveRoom::new(RoomId::default(), 7, Epoch::default(), false));
        let inboxes: Vec<_> = (0..PACED_FROM).map(|_| Arc::new(Inbox::new(UserId::default()))).collect();
        for inbox in &inboxes {
            room.subscribe(inbox, Start { cursor: 0, visible_from: 0 });
        }
        let pass = inboxes[0].lane_opened(LaneIndex::Others);
        let is_told = || inboxes[0].take_turn(pass).is_some();
        let fanout = Arc::new(Fanout::default());
        let tasks = Tasks::default();
        let running = Arc::clone(&fanout);
        tasks.spawn(async move { running.run().await });
        let tell = || fanout.mark(room.clone());
        // No time passes while somebody has something to do.
        let settle = async || {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        let pause = || sleep(Duration::from_millis(2 * INTERVAL_MS));
        tell();
        settle().await;
        assert!(is_told(), "the first");
        for _ in 0..2 {
            tell();
            settle().await;
            assert!(!is_told(), "those behind it wait");
        }
        pause().await;
        assert!(is_told(), "and are told together");
        pause().await;
        assert!(!is_told());
        tell();
        settle().await;
        assert!(is_told(), "behind a pause one is the first again");
    }
}
