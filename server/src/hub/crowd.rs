//! How many are online in the large rooms that somebody has on the screen: counted once for all
//! who look, and not more often than they are told. Somebody whose devices are at two nodes
//! counts at both.

use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId, limits::ROOM_ONLINE_INTERVAL_MS};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{
    Hub,
    inbox::{Inbox, IsFollowed},
};
use crate::limits::{CROWD_ELSEWHERE_MS, CROWD_TICK_MS};

/// See the module.
#[derive(Default)]
pub(super) struct Crowds(Mutex<HashMap<RoomId, Crowd>>);

struct Crowd {
    /// By where they lie, which they do for as long as they are here.
    viewers: HashMap<usize, Arc<Inbox>>,
    /// Those at other nodes, as they said, and when.
    elsewhere: BTreeMap<Arc<str>, (u32, Instant)>,
    /// What the viewers were told.
    told: Option<u32>,
    /// When it is counted next.
    due: Instant,
}

impl Hub {
    /// A large room has come into view of one of its members.
    pub fn view_crowd(&self, inbox: &Arc<Inbox>, room: RoomId) {
        let now = Instant::now();
        // Others have to be asked first, and the viewer counts too.
        let waits = self.interest.get().is_some() || inbox.looks_at(room) != Some(IsFollowed(true));
        let mut crowds = self.crowds.0.lock();
        let crowd = crowds.entry(room).or_insert_with(|| Crowd {
            viewers: HashMap::new(),
            elsewhere: BTreeMap::new(),
            told: None,
            due: if waits { now + Duration::from_millis(CROWD_TICK_MS) } else { now },
        });
        crowd.viewers.insert(Arc::as_ptr(inbox) as usize, inbox.clone());
        match crowd.told {
            Some(online) => inbox.show_online(room, online),
            None if crowd.due <= now => self.count(room, crowd, now),
            None => {}
        }
    }

    /// Counts again and again; runs until its task is aborted.
    pub async fn run_crowds(&self) {
        let mut ticks = interval(Duration::from_millis(CROWD_TICK_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.count_crowds();
        }
    }

    fn count_crowds(&self) {
        let now = Instant::now();
        self.crowds.0.lock().retain(|room, crowd| {
            crowd.viewers.retain(|_, viewer| viewer.looks_at(*room).is_some());
            if crowd.due <= now && !crowd.viewers.is_empty() {
                self.count(*room, crowd, now);
            }
            !crowd.viewers.is_empty()
        });
    }

    fn count(&self, room: RoomId, crowd: &mut Crowd, now: Instant) {
        crowd.due = now + Duration::from_millis(ROOM_ONLINE_INTERVAL_MS);
        crowd.elsewhere.retain(|_, (_, at)| now < *at + Duration::from_millis(CROWD_ELSEWHERE_MS));
        let elsewhere = crowd.elsewhere.values().map(|(online, _)| *online);
        let online = elsewhere.fold(self.online_in(room), u32::saturating_add);
        if crowd.told.replace(online) != Some(online) {
            crowd.viewers.values().for_each(|viewer| viewer.show_online(room, online));
        }
    }

    /// People who follow a room at this node.
    pub fn online_in(&self, room: RoomId) -> u32 {
        let Some(live) = self.room(room) else { return 0 };
        let mut users: Vec<UserId> = Vec::with_capacity(live.subscribers());
        live.each_subscriber(|inbox| users.push(inbox.user));
        users.sort_unstable();
        users.dedup();
        u32::try_from(users.len()).unwrap_or(u32::MAX)
    }

    /// The large rooms that somebody here has on the screen.
    pub fn viewed_crowds(&self) -> Vec<RoomId> {
        self.crowds.0.lock().keys().copied().collect()
    }

    /// How many of a room another node has.
    pub fn crowd_elsewhere(&self, room: RoomId, node: &str, online: u32) {
        if let Some(crowd) = self.crowds.0.lock().get_mut(&room) {
            crowd.elsewhere.insert(node.into(), (online, Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hub::inbox::Start, wire};
    use rill_protocol::Epoch;

    const ROOM: RoomId = RoomId([1; 16]);
    const START: Start = Start { cursor: 0, visible_from: 0 };

    fn enter(hub: &Arc<Hub>, user: u8) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox::new(UserId([user; 16])));
        hub.attach(&inbox);
        hub.follow(&inbox, ROOM, Epoch::default(), 0, START);
        inbox
    }

    fn look(hub: &Arc<Hub>, inbox: &Arc<Inbox>) {
        inbox.view(Some(ROOM), hub.room(ROOM).map(|live| live.handle), 0);
        hub.view_crowd(inbox, ROOM);
    }

    async fn ticks(hub: &Hub, ms: u64) {
        for _ in 0..ms.div_ceil(CROWD_TICK_MS) {
            tokio::time::advance(Duration::from_millis(CROWD_TICK_MS)).await;
            hub.count_crowds();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_looks_is_told_at_once_and_then_of_changes_every_few_seconds() {
        let hub = Hub::new(wire::entry::encode);
        let viewer = enter(&hub, 1);
        let other_device = enter(&hub, 1);
        look(&hub, &viewer);
        assert_eq!(viewer.take_online(), Some((ROOM, 1)));
        let guests: Vec<_> = (2..6).map(|user| enter(&hub, user)).collect();
        ticks(&hub, ROOM_ONLINE_INTERVAL_MS - CROWD_TICK_MS).await;
        assert_eq!(viewer.take_online(), None, "not so soon");
        ticks(&hub, CROWD_TICK_MS).await;
        assert_eq!(viewer.take_online(), Some((ROOM, 5)));
        // One who comes later is told what the others know.
        look(&hub, &guests[0]);
        assert_eq!(guests[0].take_online(), Some((ROOM, 5)));
        hub.detach(&other_device);
        ticks(&hub, 2 * ROOM_ONLINE_INTERVAL_MS).await;
        assert_eq!(viewer.take_online(), None, "nothing has changed");
        hub.detach(&guests[3]);
        ticks(&hub, ROOM_ONLINE_INTERVAL_MS).await;
        assert_eq!((viewer.take_online(), guests[1].take_online()), (Some((ROOM, 4)), None));
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_look_any_more_is_not_counted_for() {
        let hub = Hub::new(wire::entry::encode);
        let (viewer, gone) = (enter(&hub, 1), enter(&hub, 2));
        look(&hub, &viewer);
        look(&hub, &gone);
        hub.detach(&gone);
        viewer.view(None, None, 0);
        assert_eq!(viewer.take_online(), None, "what was not sent is of no use any more");
        ticks(&hub, CROWD_TICK_MS).await;
        assert_eq!(hub.viewed_crowds(), []);
    }

    /// A client that connects says what it looks at, and follows it then.
    #[tokio::test(start_paused = true)]
    async fn who_looks_before_they_follow_is_told_when_they_do_and_not_when_they_have_left() {
        let hub = Hub::new(wire::entry::encode);
        let other = enter(&hub, 1);
        let viewer = Arc::new(Inbox::new(UserId([2; 16])));
        hub.attach(&viewer);
        viewer.view(Some(ROOM), None, 0);
        hub.view_crowd(&viewer, ROOM);
        ticks(&hub, ROOM_ONLINE_INTERVAL_MS).await;
        assert_eq!(viewer.take_online(), None);
        hub.follow(&viewer, ROOM, Epoch::default(), 0, START);
        assert_eq!(viewer.take_online(), Some((ROOM, 1)));
        ticks(&hub, ROOM_ONLINE_INTERVAL_MS).await;
        assert_eq!(viewer.take_online(), Some((ROOM, 2)));
        assert!(viewer.end(hub.room(ROOM).unwrap().handle));
        hub.detach(&other);
        ticks(&hub, ROOM_ONLINE_INTERVAL_MS).await;
        assert_eq!(viewer.take_online(), None, "who has left is told nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn other_nodes_count_for_as_long_as_they_say_so() {
        let hub = Hub::new(wire::entry::encode);
        let viewer = enter(&hub, 1);
        look(&hub, &viewer);
        hub.crowd_elsewhere(ROOM, "b", 10);
        hub.crowd_elsewhere(ROOM, "c", 100);
        hub.crowd_elsewhere(ROOM, "b", 20);
        ticks(&hub, ROOM_ONLINE_INTERVAL_MS).await;
        assert_eq!(viewer.take_online(), Some((ROOM, 121)));
        hub.crowd_elsewhere(ROOM, "c", 100);
        ticks(&hub, CROWD_ELSEWHERE_MS - ROOM_ONLINE_INTERVAL_MS).await;
        assert_eq!(viewer.take_online(), Some((ROOM, 101)));
    }
}
