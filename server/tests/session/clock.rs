//! The machine's clock jumps, back and forth. Times in a log never fall, and a key that was
//! used stays used.

use rill_protocol::{ClientId, message::*};
use rill_server::runtime::Clock;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::{
    peer::entry,
    world::{SystemEntropyBytes, World},
};

const NOW_MS: u64 = 1_790_000_000_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

struct Jumping(AtomicU64);

impl Clock for Jumping {
    fn now_ms(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

#[tokio::test]
async fn times_in_a_log_never_fall_and_keys_stay_used() {
    let clock = Arc::new(Jumping(AtomicU64::new(NOW_MS)));
    let world = World::by(clock.clone());
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    let first_key = ClientId(SystemEntropyBytes::fresh());
    let first = a.post_as(room, first_key, "first").await.unwrap();

    let mut times = vec![first.at_ms.get()];
    for now_ms in [NOW_MS + 50, NOW_MS - 1, 0, NOW_MS - 400 * DAY_MS, NOW_MS + 20, NOW_MS + 60] {
        clock.0.store(now_ms, Relaxed);
        times.push(a.post(room, "and then").await.unwrap().at_ms.get());
        let again = a.post_as(room, first_key, "first").await.unwrap();
        assert_eq!((again.seq, again.at_ms, again.replay), (first.seq, first.at_ms, Replay::Same), "at {now_ms}");
    }
    let late = NOW_MS + 50;
    assert_eq!(times, [NOW_MS, late, late, late, late, late, NOW_MS + 60]);

    // What others see is the same: live, and in the store.
    let lane = a.others.as_mut().unwrap();
    let mut frames = lane.heard_up_to(9).await;
    frames.retain(|frame| frame.known() == Some(rill_protocol::Kind::EntryPosted));
    let shown = frames.iter().map(|frame| frame.decode::<EntryPosted>().unwrap().header.at_ms.get());
    assert_eq!(shown.collect::<Vec<_>>(), times);
    let kept = world.store().log.entries(room, 2, 100, usize::MAX).await.unwrap();
    assert_eq!(kept.iter().map(|entry| entry.at_ms).collect::<Vec<_>>(), times);
}

#[tokio::test]
async fn a_room_that_is_left_and_entered_while_the_clock_falls_stays_followed() {
    let clock = Arc::new(Jumping(AtomicU64::new(NOW_MS)));
    let world = World::by(clock.clone());
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let mut b = world.attached(&bob).await;
    for day in 1..=3 {
        clock.0.store(NOW_MS - day * DAY_MS, Relaxed);
        world.leave(&bob, room).await;
        assert_eq!(b.control.expect::<RoomRemoved>().await.room, room);
        world.join(&bob, room).await;
        assert_eq!(b.control.expect::<RoomAdded>().await.room.id, room);
    }
    b.resume(room, Default::default(), 0, 0).await;
    let seq = world.post(&ann, room, "still here").await;
    assert_eq!(entry(b.others.as_mut().unwrap()).await, (seq, "still here".into()));
}
